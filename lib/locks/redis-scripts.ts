/**
 * The scripts, one a call. Redis runs each as a whole, and its clock alone decides when a key ends.
 * Each script names one key, so that a Redis Cluster finds its node.
 */

/**
 * KEYS: the lock. ARGV: owner, ttl in ms. Answers `granted`, or in how many ms the present holder's
 * time ends. An attempt at a lock that is held writes nothing.
 */
export const ACQUIRE = `
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'granted' end
return redis.call('pttl', KEYS[1])`;

/** KEYS: the lock. ARGV: owner, ttl in ms. Answers 1, or 0 if the owner does not hold it. */
export const EXTEND = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`;

/** KEYS: the lock. ARGV: owner. Answers 1, or 0 if the owner does not hold it. */
export const RELEASE = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`;

/**
 * KEYS: the group, a hash of members, each `<end of its time in ms> <text>`. ARGV: member, ttl in
 * ms, text. Answers the texts of the other members.
 */
export const RENEW_MEMBER = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local others = {}
local all = redis.call('hgetall', KEYS[1])
for i = 1, #all, 2 do
  local ends, says = string.match(all[i + 1], '^(%d+) (.*)$')
  if not ends or tonumber(ends) <= now then redis.call('hdel', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then others[#others + 1] = says end
end
redis.call('hset', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]) .. ' ' .. ARGV[3])
redis.call('pexpire', KEYS[1], ARGV[2] * 2)
return others`;

/** KEYS: the group. ARGV: member. */
export const REMOVE_MEMBER = `
return redis.call('hdel', KEYS[1], ARGV[1])`;
