namespace Serverless.Core.HotState;

/// <summary>The steps that must be atomic. A job's hash has the fields state, epoch, started, cancel, readers, background, tenant, deployment, prompt, and of its last claim tries, seen (events) and delivered (the broker's count).</summary>
internal static class HotStateScripts
{
    private const string IsFinal = """
        local function final(state) return state and state ~= 'queued' and state ~= 'running' end

        """;

    // Leaves the cancelled job's prompt key as the script's answer, so that nobody joins its flight.
    private const string Cancelling = """
        local function cancel(id, life, prompt)
          redis.call('HSET', KEYS[1], 'cancel', '1')
          redis.call('PEXPIRE', KEYS[1], life)
          redis.call('PUBLISH', 'jobs:cancel', id)
          return prompt or ''
        end

        """;

    /// <summary>KEYS prompt, flight. ARGV candidate, milliseconds to hold the flight, oldest acceptable storage time.</summary>
    public static readonly RedisScript Admit = new($$"""
        local stored = redis.call('GET', KEYS[1])
        if stored and tonumber(string.sub(stored, 1, 13)) >= tonumber(ARGV[3]) then return {1, stored} end
        local leader = redis.call('GET', KEYS[2])
        if leader then return {2, leader} end
        redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
        return {3, ''}
        """);

    /// <summary>KEYS flight. ARGV leader, milliseconds: 0 gives the flight up.</summary>
    public static readonly RedisScript HoldFlight = new("""
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
        return redis.call('PEXPIRE', KEYS[1], ARGV[2])
        """);

    /// <summary>KEYS job. ARGV tenant, deployment, prompt key or empty, 0 attached or 1 background, lifetime.</summary>
    public static readonly RedisScript Add = new("""
        if redis.call('HSETNX', KEYS[1], 'background', ARGV[4]) == 0 then return 0 end
        redis.call('HSETNX', KEYS[1], 'state', 'queued')
        redis.call('HSET', KEYS[1], 'tenant', ARGV[1], 'deployment', ARGV[2], 'prompt', ARGV[3])
        if ARGV[4] == '0' then redis.call('HINCRBY', KEYS[1], 'readers', 1) end
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        return 1
        """);

    /// <summary>KEYS job, events. ARGV delivery count, now, lifetime, tenant, deployment, prompt key or empty.</summary>
    public static readonly RedisScript Claim = new(IsFinal + """
        local h = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'cancel', 'started', 'tries', 'seen', 'delivered')
        local state, epoch, started = h[1], tonumber(h[2] or '0'), h[4]
        local tries, delivered = tonumber(h[5] or ARGV[1]), tonumber(ARGV[1])
        if not final(state) then
          local events = redis.call('LLEN', KEYS[2])
          if events > tonumber(h[6] or '0') then
            tries = 1
          elseif h[5] and delivered > tonumber(h[7]) then
            tries = tries + 1
          end
          redis.call('HSET', KEYS[1], 'tries', tries, 'seen', events, 'delivered', delivered)
          state = 'running'
          epoch = math.max(epoch + 1, tonumber(ARGV[1]))
          started = started or ARGV[2]
          redis.call('HSET', KEYS[1], 'state', state, 'epoch', epoch, 'started', started,
            'tenant', ARGV[4], 'deployment', ARGV[5], 'prompt', ARGV[6])
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
        end
        return {epoch, state, h[3] and 1 or 0, started or ARGV[2], redis.call('LRANGE', KEYS[2], 0, -1), tries}
        """);

    /// <summary>KEYS job, events. Takes back a final state; the epoch stays, and so does a wish to cancel.</summary>
    public static readonly RedisScript Reopen = new(IsFinal + """
        if not final(redis.call('HGET', KEYS[1], 'state')) then return 0 end
        redis.call('HSET', KEYS[1], 'state', 'queued')
        redis.call('HDEL', KEYS[1], 'tries', 'seen', 'delivered')
        redis.call('DEL', KEYS[2])
        return 1
        """);

    /// <summary>KEYS job, events; repeated. ARGV lifetime, then epoch, number, event; repeated. Answers status, length; repeated.</summary>
    public static readonly RedisScript Append = new(IsFinal + """
        local answer = {}
        for i = 1, #KEYS / 2 do
          local job, events = KEYS[2 * i - 1], KEYS[2 * i]
          local epoch, number, event = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), ARGV[3 * i + 1]
          local h = redis.call('HMGET', job, 'state', 'epoch', 'cancel')
          local known = tonumber(h[2] or '-1')
          local length = redis.call('LLEN', events)
          local status = 0
          if final(h[1]) or known > epoch then
            status = 3
          elseif number > length then
            status = 2
          else
            if number == length then
              length = redis.call('RPUSH', events, event)
              if length == 1 then redis.call('PEXPIRE', events, ARGV[1]) end
              redis.call('PUBLISH', job, ARGV[3 * i] .. ' ' .. event)
            end
            if known < epoch then
              redis.call('HSET', job, 'state', 'running', 'epoch', epoch)
              redis.call('PEXPIRE', job, ARGV[1])
            end
            if h[3] then status = 1 end
          end
          answer[2 * i - 1] = status
          answer[2 * i] = length
        end
        return answer
        """);

    /// <summary>KEYS job, events. ARGV state, event, lifetime, tenant, deployment, number of events before the end.</summary>
    public static readonly RedisScript Finish = new(IsFinal + """
        if final(redis.call('HGET', KEYS[1], 'state')) then return 0 end
        redis.call('HSET', KEYS[1], 'state', ARGV[1], 'tenant', ARGV[4], 'deployment', ARGV[5])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        local number = redis.call('LLEN', KEYS[2])
        if number < tonumber(ARGV[6]) then
          number = tonumber(ARGV[6])
        else
          redis.call('RPUSH', KEYS[2], ARGV[2])
          redis.call('PEXPIRE', KEYS[2], ARGV[3])
        end
        redis.call('PUBLISH', KEYS[1], string.format('%d', number) .. ' ' .. ARGV[2])
        return 1
        """);

    /// <summary>KEYS job, events. ARGV event, lifetime. Ends a job that was never added, for those who joined it.</summary>
    public static readonly RedisScript Abandon = new(IsFinal + """
        local h = redis.call('HMGET', KEYS[1], 'state', 'background')
        if h[2] or final(h[1]) then return 0 end
        local length = redis.call('RPUSH', KEYS[2], ARGV[1])
        redis.call('HSET', KEYS[1], 'state', 'failed')
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('PEXPIRE', KEYS[2], ARGV[2])
        redis.call('PUBLISH', KEYS[1], string.format('%d', length - 1) .. ' ' .. ARGV[1])
        return 1
        """);

    /// <summary>KEYS job. ARGV id, lifetime. Answers the prompt key when the job is asked to stop by this call.</summary>
    public static readonly RedisScript Cancel = new(IsFinal + Cancelling + """
        local h = redis.call('HMGET', KEYS[1], 'state', 'prompt')
        if final(h[1]) then return false end
        return cancel(ARGV[1], ARGV[2], h[2])
        """);

    /// <summary>KEYS job. ARGV lifetime. Answers 0 when the job is final or was asked to stop.</summary>
    public static readonly RedisScript Attach = new(IsFinal + """
        local h = redis.call('HMGET', KEYS[1], 'state', 'cancel')
        if final(h[1]) or h[2] then return 0 end
        redis.call('HINCRBY', KEYS[1], 'readers', 1)
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return 1
        """);

    /// <summary>KEYS job. ARGV id, lifetime. Answers as <see cref="Cancel"/>.</summary>
    public static readonly RedisScript Detach = new(IsFinal + Cancelling + """
        local h = redis.call('HMGET', KEYS[1], 'state', 'background', 'cancel', 'prompt')
        if not h[1] or final(h[1]) then return false end
        local readers = redis.call('HINCRBY', KEYS[1], 'readers', -1)
        if readers > 0 or h[2] ~= '0' or h[3] then return false end
        return cancel(ARGV[1], ARGV[2], h[4])
        """);
}
