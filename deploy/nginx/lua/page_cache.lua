-- The data of a page: of this nginx's shared memory while it is fresh, else of Redis, else of the pages service.
-- A key that is not there is asked for once at a time, whatever number of requests want it; the others wait for it.
-- When nobody answers, what was there before is served.
local redis_client = require 'nginx.redis'

local page_cache = {}

local PREFIX = 'rookery:pages:'
local LOCK_S = 5
local WAIT_S = 4
local REDIS_PAUSE_S = 0.5
local REDIS_IDLE_MS, REDIS_CONNECTIONS = 10000, 64

local settings

local function unescape(text)
  return text and text ~= '' and ngx.unescape_uri(text) or nil
end

local function parse_redis(url)
  local rest = string.match(url, '^redis://(.+)$')
  if not rest then return nil end
  local user, password = string.match(rest, '^([^:@]*):([^@]*)@')
  rest = string.gsub(rest, '^[^@]*@', '')
  local host, port, database = string.match(rest, '^([^:/]+):?(%d*)/?(%d*)$')
  assert(host, 'CACHE_URL is not redis://user:password@host:port/database')
  return {
    host = host,
    port = tonumber(port) or 6379,
    database = tonumber(database) or 0,
    user = unescape(user),
    password = unescape(password),
  }
end

-- options: cache_url ('' for none), fresh_s, redis_timeout_ms
function page_cache.configure(options)
  settings = { redis = parse_redis(options.cache_url), fresh_s = options.fresh_s, timeout_ms = options.redis_timeout_ms }
end

local function connect()
  local redis = redis_client:new()
  redis:set_timeout(settings.timeout_ms)
  local server = settings.redis
  local ok, reason = redis:connect(server.host, server.port)
  if not ok then return nil, reason end
  if (redis:get_reused_times() or 0) > 0 then return redis end
  if server.password then
    ok, reason = server.user and redis:auth(server.user, server.password) or redis:auth(server.password)
    if not ok then return nil, reason end
  end
  if server.database > 0 then
    ok, reason = redis:select(server.database)
    if not ok then return nil, reason end
  end
  return redis
end

-- The value, or nil when Redis has none or is away. After a failure it is left alone for a moment.
local function from_redis(key)
  local shared = ngx.shared.page_locks
  if not settings.redis or shared:get('redis is away') then return nil end
  local redis, reason = connect()
  local value
  if redis then
    value, reason = redis:hget(PREFIX .. key, 'value')
    if value then redis:set_keepalive(REDIS_IDLE_MS, REDIS_CONNECTIONS) else redis:close() end
  end
  if not value then
    shared:set('redis is away', true, REDIS_PAUSE_S)
    ngx.log(ngx.WARN, 'redis is away: ', reason)
    return nil
  end
  return value ~= ngx.null and value or nil
end

local function from_service(key)
  local answer = ngx.location.capture('/page-data/' .. key, { method = ngx.HTTP_GET })
  if answer.status ~= 200 or answer.truncated then
    ngx.log(ngx.WARN, 'the pages service answered ', answer.status, ' for ', key)
    return nil
  end
  return answer.body
end

local function load(key)
  local value = from_redis(key)
  if value then return value, 'redis' end
  return from_service(key), 'service'
end

-- Kept until memory is full, as what to serve when nobody answers; fresh for a moment.
local function remember(key, value)
  local ok, reason = ngx.shared.pages:set(key, value)
  if not ok then ngx.log(ngx.WARN, 'not kept in shared memory: ', reason) end
  ngx.shared.pages_fresh:set(key, true, settings.fresh_s)
end

local function from_memory(key)
  return ngx.shared.pages_fresh:get(key) and ngx.shared.pages:get(key)
end

-- The page's data and where it came from: memory, redis, service, stale; nil when nobody has it.
function page_cache.get(key)
  local pages, locks = ngx.shared.pages, ngx.shared.page_locks
  local until_s = ngx.now() + WAIT_S
  local pause_s = 0.001
  while true do
    local value = from_memory(key)
    if value then return value, 'memory' end
    if locks:add(key, true, LOCK_S) then
      local source
      value = from_memory(key)
      if value then
        source = 'memory'
      else
        local done, loaded, from = pcall(load, key)
        if done then value, source = loaded, from else ngx.log(ngx.ERR, loaded) end
        if value then remember(key, value) end
      end
      locks:delete(key)
      if value then return value, source end
      return (pages:get(key)), 'stale'
    end
    if ngx.now() > until_s then return (pages:get(key)), 'stale' end
    ngx.sleep(pause_s)
    pause_s = math.min(pause_s * 2, 0.02)
    ngx.update_time()
  end
end

return page_cache
