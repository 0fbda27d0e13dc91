-- Answers a request for a page; $key is its place below /pages/.
local page_cache = require 'page_cache'
local renderer = require 'renderer'

local value, source = page_cache.get(ngx.var.key)
local html, status
if value then html, status = renderer.render(value) end
if not html then return ngx.exec('@pages') end

ngx.status = status
ngx.header['Content-Type'] = 'text/html; charset=utf-8'
ngx.header['Content-Length'] = #html
ngx.header['X-Page-From'] = source
ngx.print(html)
