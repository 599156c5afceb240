using Serverless.Core.Jobs;
using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>Names in Redis. The braces are hash tags: keys that one script touches share a slot of a cluster.</summary>
internal static class HotStateKeys
{
    /// <summary>The channel that carries the ids of jobs asked to stop.</summary>
    public static readonly RedisChannel Cancellations = RedisChannel.Literal("jobs:cancel");

    /// <summary>The answer: 13 digits of Unix milliseconds, then the result's JSON.</summary>
    public static RedisKey Prompt(string promptKey) => $"prompt:{{{promptKey}}}";

    /// <summary>The id of the job that answers this prompt now.</summary>
    public static RedisKey Flight(string promptKey) => $"flight:{{{promptKey}}}";

    /// <summary>The id of the job that a client's request became, for its retries.</summary>
    public static RedisKey Request(string digest) => $"request:{{{digest}}}";

    /// <summary>The job's hash; also the name of its channel.</summary>
    public static string Job(JobId id) => $"job:{{{id}}}";

    /// <summary>The job's list of events.</summary>
    public static string Events(JobId id) => $"job:{{{id}}}:events";
}
