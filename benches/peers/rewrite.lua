-- The rewrite of a pending poll, as one would write it for nginx.
local json = require "cjson.safe"
local _M = {}

local function legacy(target)
    local headers = ngx.req.get_headers()
    local body = {
        code = "AUTHORIZATION_PENDING",
        message = "The user has not decided yet.",
        retryable = true,
        correlation_id = headers["x-correlation-id"],
    }
    if target.interval then
        body.details = { interval = target.interval }
    end
    return json.encode(body)
end

local function pending(response)
    if response.status ~= 200 or ngx.req.get_headers()["x-status-driven"] == "1" then
        return nil
    end
    local target = json.decode(response.body)
    return target and target.status == "PENDING" and target
end

function _M.respond()
    ngx.req.read_body()
    local response = ngx.location.capture("/core" .. ngx.var.uri, {
        method = ngx["HTTP_" .. ngx.req.get_method()],
        always_forward_body = true,
    })
    local target = pending(response)
    local body = response.body
    ngx.status = response.status
    if target then
        ngx.status = 401
        ngx.header["WWW-Authenticate"] = "Bearer"
        body = legacy(target)
    end
    ngx.header["Content-Type"] = response.header["Content-Type"]
    ngx.header["Content-Length"] = #body
    ngx.print(body)
end

return _M
