-- KEYS are buckets, each the time in microseconds at which it will be full. ARGV is the points, whether to take them
-- whatever the buckets hold ("1"), and for each bucket its size and its points a second.
-- Returns 1 or 0 for granted, then for each bucket the time until it is full and the time to wait, in microseconds.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local points, forced, granted = tonumber(ARGV[1]), ARGV[2] == '1', 1
local full, each, size, answer = {}, {}, {}, { 1 }
for i, key in ipairs(KEYS) do
  local maximum = tonumber(ARGV[2 * i + 1])
  each[i] = 1000000 / tonumber(ARGV[2 * i + 2])
  size[i] = maximum * each[i]
  full[i] = math.max(tonumber(redis.call('GET', key) or now) or now, now)
  local lacks = full[i] - now + math.min(points, maximum) * each[i] - size[i]
  if forced or lacks < 0 then lacks = 0 end
  if lacks > 0 then granted = 0 end
  answer[2 * i + 1] = math.floor(lacks)
end
for i, key in ipairs(KEYS) do
  if granted == 1 then
    local before = full[i]
    full[i] = full[i] + points * each[i]
    if forced then full[i] = math.min(full[i], math.max(before, now + 2 * size[i])) end
    if full[i] > now then
      redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
    else
      redis.call('DEL', key)
    end
  end
  answer[2 * i] = math.floor(math.max(full[i] - now, 0))
end
answer[1] = granted
return answer
