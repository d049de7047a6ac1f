-- wrk's load: a contact of about 947 bytes, for another person each time. Prints one JSON line at the end.
--   WAYBILL_PAUSE_MS  the mean pause before a request (0: none)
--   WAYBILL_SUBJECTS  how many people the pool has      WAYBILL_TOKEN  the caller's token
local subjects = tonumber(os.getenv("WAYBILL_SUBJECTS") or "1000")
local token = os.getenv("WAYBILL_TOKEN") or ""
local path = "/to/hubspot/crm/v3/objects/contacts"
local template = assert(io.open(os.getenv("WAYBILL_CONTACT"))):read("*a")
local before, after = template:match("^(.-)@SUBJECT@(.*)$")
local headers = {["Content-Type"] = "application/json", ["Accept"] = "application/json", ["Authorization"] = "Bearer pat-na1-bench"}
if token ~= "" then headers["Waybill-Token"] = token end

local threads = 0
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

-- A full-cycle walk over the pool with a prime step: every person comes up, neighbours do not.
local step, at = 7919, 0
function init()
    at = (number * 104729) % subjects
end

-- Pauses differ, so that connections do not ask in step.
local pause = tonumber(os.getenv("WAYBILL_PAUSE_MS") or "0")
if pause > 0 then
    function delay() return math.random(0, 2 * pause) end
end

function request()
    at = (at + step) % subjects
    return wrk.format("POST", path, headers, before .. string.format("%07d", at) .. after)
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"max_us":%d,"bad_status":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency.max, e.status,
        e.connect + e.read + e.write + e.timeout))
end
