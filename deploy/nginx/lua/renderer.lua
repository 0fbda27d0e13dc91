-- Writes a page's data as HTML with the templates and texts of apps/pages/templates.
local cjson = require 'cjson.safe'
local template = require 'template'

local renderer = {}
local pages, texts = {}, {}

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

function renderer.load(folder)
  local head, foot = read(folder .. '/head.mustache'), read(folder .. '/foot.mustache')
  for _, name in ipairs({ 'home', 'list', 'film', 'missing' }) do
    pages[name] = template.compile(head .. read(folder .. '/' .. name .. '.mustache') .. foot)
  end
  for _, language in ipairs({ 'en', 'zh' }) do
    texts[language] = assert(cjson.decode(read(folder .. '/texts/' .. language .. '.json')))
  end
end

-- The HTML and status of a page as it is cached, or nil when this is none.
function renderer.render(value)
  local page = cjson.decode(value)
  if type(page) ~= 'table' or type(page.data) ~= 'table' then return nil end
  local parts, t = pages[page.template], texts[page.language]
  if not parts or not t then return nil end
  page.data.t = t
  return template.render(parts, page.data), page.status
end

return renderer
