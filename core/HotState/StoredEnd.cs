using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Core.Store;

namespace Serverless.Core.HotState;

/// <summary>The end of a job for a reader whose events Redis lost: what the stored result has beyond what was read.</summary>
internal sealed class StoredEnd(IBlobStore store, JobId id)
{
    private readonly Dictionary<int, Told> _told = [];

    /// <summary>Notes what the reader has, in the order of the list.</summary>
    public void Note(IReadOnlyList<JobEvent> events)
    {
        foreach (var next in events)
        {
            var told = _told.GetValueOrDefault(next.Choice);
            _told[next.Choice] = new(told.Text + next.Text.Length, told.Logprobs + (next.Logprobs?.Count ?? 0), told.IsFinished || next.Finish is not null);
        }
    }

    /// <returns>The result, or null while the job has none or the store does not answer.</returns>
    public async Task<JobResult?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(id.Folder + "result.json", cancellationToken) is { } json
                ? JsonSerializer.Deserialize(json.Span, JobJson.Default.JobResult)
                : null;
        }
        catch (StoreException)
        {
            return null;
        }
    }

    /// <returns>One event for each choice that has more to tell, and the job's end.</returns>
    public List<JobEvent> Rest(JobResult result)
    {
        var rest = new List<JobEvent>();
        foreach (var choice in result.Choices)
        {
            var told = _told.GetValueOrDefault(choice.Index);
            if (!told.IsFinished && (choice.Text.Length > told.Text || choice.FinishReason is not null))
            {
                rest.Add(new JobEvent
                {
                    Choice = choice.Index,
                    Text = choice.Text[Math.Min(told.Text, choice.Text.Length)..],
                    Logprobs = choice.Logprobs?.Count > told.Logprobs ? [.. choice.Logprobs.Skip(told.Logprobs)] : null,
                    Finish = choice.FinishReason,
                });
            }
        }

        rest.Add(new JobEvent { State = result.State, Usage = result.Usage, Error = result.Error });
        return rest;
    }

    private readonly record struct Told(int Text, int Logprobs, bool IsFinished);
}
