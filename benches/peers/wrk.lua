-- One old client that polls, and the figures of the run as one line of JSON.
wrk.method = "POST"
wrk.body = '{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["Accept-Encoding"] = "identity"
wrk.headers["User-Agent"] = "core-agent/1.4.0"
wrk.headers["X-Client-Kind"] = "AGENT"
wrk.headers["X-Client-Version"] = "1.4.0"
wrk.headers["X-Client-Id"] = "agent-0017-berlin"
wrk.headers["X-Correlation-Id"] = "8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0"

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"broken":%d,"rewritten":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
