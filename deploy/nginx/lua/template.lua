-- Templates without logic: the same rules and the same bytes as apps/pages/src/template/template.ts.
local template = {}

local ENTITIES = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;', ["'"] = '&#39;' }

local function escape(text)
  return (string.gsub(text, '[&<>"\']', ENTITIES))
end

local function is_list(value)
  return type(value) == 'table' and (value[1] ~= nil or next(value) == nil)
end

local function is_empty(value)
  return value == nil or value == '' or (type(value) == 'table' and next(value) == nil)
end

local function member(value, name)
  if type(value) ~= 'table' then return nil end
  return value[name]
end

local function look_up(path, scopes)
  for index = #scopes, 1, -1 do
    local found = member(scopes[index], path[1])
    if found ~= nil then
      for step = 2, #path do found = member(found, path[step]) end
      return found
    end
  end
  return nil
end

local function path_of(name)
  local path = {}
  for step in string.gmatch(name, '[^.]+') do path[#path + 1] = step end
  return path
end

function template.compile(source)
  local root, open = {}, {}
  local parts, at = root, 1
  while true do
    local from, to, sigil, name = string.find(source, '{{([#^/]?)(%a[%w.]*)}}', at)
    if not from then break end
    if from > at then parts[#parts + 1] = { text = string.sub(source, at, from - 1) } end
    at = to + 1
    if sigil == '' then
      parts[#parts + 1] = { value = path_of(name) }
    elseif sigil == '/' then
      local section = table.remove(open)
      if not section or section.name ~= name then error('{{/' .. name .. '}} closes what is not open') end
      parts = section.parts
    else
      local inner = {}
      parts[#parts + 1] = { section = path_of(name), inverted = sigil == '^', parts = inner }
      open[#open + 1] = { name = name, parts = parts }
      parts = inner
    end
  end
  if #open > 0 then error('{{#' .. open[#open].name .. '}} is not closed') end
  if at <= #source then root[#root + 1] = { text = string.sub(source, at) } end
  return root
end

local function write(parts, scopes, out)
  for _, part in ipairs(parts) do
    if part.text then
      out[#out + 1] = part.text
    elseif part.value then
      local value = look_up(part.value, scopes)
      if type(value) == 'string' then out[#out + 1] = escape(value) end
    else
      local value = look_up(part.section, scopes)
      if part.inverted then
        if is_empty(value) then write(part.parts, scopes, out) end
      elseif not is_empty(value) then
        local depth = #scopes + 1
        for _, item in ipairs(is_list(value) and value or { value }) do
          scopes[depth] = item
          write(part.parts, scopes, out)
          scopes[depth] = nil
        end
      end
    end
  end
end

function template.render(parts, data)
  local out = {}
  write(parts, { data }, out)
  return table.concat(out)
end

return template
