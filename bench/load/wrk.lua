-- Sends the bytes of a file, so many times in one piece, and prints what came of it as one line of JSON.
-- arguments: FILE PIPELINE

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local bytes = string.rep(file:read("*a"), tonumber(args[2]))
  file:close()
  -- What wrk asks for once, before it starts; a global `request` it would ask for before each one.
  wrk.format = function() return bytes end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
