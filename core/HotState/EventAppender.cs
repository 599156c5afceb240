using System.Globalization;
using System.Text.Json;
using Serverless.Core.Jobs;
using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>Appends one step's events: by one call of the script, or by one a job where Redis is a cluster.</summary>
internal sealed class EventAppender(TimeSpan lifetime)
{
    private readonly RedisValue _lifetime = ((long)lifetime.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    // Jobs lie in different slots of a cluster, and a script may touch one slot only.
    private volatile bool _isCluster;

    public async Task<IReadOnlyList<AppendOutcome>> AppendAsync(IDatabase database, IReadOnlyList<Append> appends)
    {
        if (!_isCluster)
        {
            try
            {
                return await CallAsync(database, appends);
            }
            catch (Exception error) when (IsSlotError(error))
            {
                _isCluster = true;
            }
        }

        // Events of one job stand in one call, so that they keep their order.
        var outcomes = new AppendOutcome[appends.Count];
        var jobs = Enumerable.Range(0, appends.Count).GroupBy(i => appends[i].Job).Select(async job =>
        {
            var places = job.ToArray();
            var answer = await CallAsync(database, Array.ConvertAll(places, i => appends[i]));
            for (var i = 0; i < places.Length; i++)
            {
                outcomes[places[i]] = answer[i];
            }
        });
        await Task.WhenAll(jobs);
        return outcomes;
    }

    private async Task<AppendOutcome[]> CallAsync(IDatabase database, IReadOnlyList<Append> appends)
    {
        var count = appends.Count;
        var keys = new RedisKey[2 * count];
        var values = new RedisValue[1 + (3 * count)];
        values[0] = _lifetime;
        for (var i = 0; i < count; i++)
        {
            var append = appends[i];
            keys[2 * i] = HotStateKeys.Job(append.Job);
            keys[(2 * i) + 1] = HotStateKeys.Events(append.Job);
            values[(3 * i) + 1] = append.Epoch;
            values[(3 * i) + 2] = append.Number;
            values[(3 * i) + 3] = JsonSerializer.SerializeToUtf8Bytes(append.Event, JobJson.Default.JobEvent);
        }

        var answer = (long[])(await HotStateScripts.Append.EvaluateAsync(database, keys, values))!;
        var outcomes = new AppendOutcome[count];
        for (var i = 0; i < count; i++)
        {
            outcomes[i] = new(StatusOf(answer[2 * i]), answer[(2 * i) + 1]);
        }

        return outcomes;
    }

    private static AppendStatus StatusOf(long answer) => answer switch
    {
        0 => AppendStatus.Appended,
        1 => AppendStatus.CancelRequested,
        2 => AppendStatus.Missing,
        _ => AppendStatus.Superseded,
    };

    // The client refuses such a call itself when it knows the cluster; a proxy before one answers CROSSSLOT.
    private static bool IsSlotError(Exception error) =>
        (error is RedisException && error.Message.Contains("CROSSSLOT", StringComparison.Ordinal)) ||
        (error is RedisCommandException && error.Message.Contains("single slot", StringComparison.OrdinalIgnoreCase));
}
