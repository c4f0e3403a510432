-- Sends the batches of a file in turn, each as long as the others, and prints what came of it as one line of JSON.
-- arguments: FILE BATCHES

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local bytes, count = file:read("*a"), tonumber(args[2])
  file:close()
  local length = #bytes / count
  local batches = {}
  for turn = 1, count do
    batches[turn] = string.sub(bytes, (turn - 1) * length + 1, turn * length)
  end
  -- What wrk asks for once, before it starts.
  wrk.format = function() return batches[1] end
  if count == 1 then return end
  -- A global `request` is asked for before each one, which costs time: only where it must.
  local turn = 0
  function request()
    turn = turn % count + 1
    return batches[turn]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
