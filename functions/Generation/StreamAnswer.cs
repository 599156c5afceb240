using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Functions.Answers;
using Serverless.Functions.Errors;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>Streams a job's events as OpenAI's chunks.</summary>
/// <remarks>
/// The headers wait for the first event, a little while at most, so that a job which fails before its first token
/// is answered with its own status. After that a failure is an event of its own.
/// </remarks>
internal sealed class StreamAnswer(HttpContext context, IAnswerShape shape, AnswerHead head, GenerationCall call, ApiOptions options, TimeProvider clock)
{
    private readonly HashSet<int> _opened = [];

    /// <summary>Streams a result that exists already.</summary>
    public static async Task FromResultAsync(HttpContext context, IAnswerShape shape, AnswerHead head, GenerationCall call, JobResult result, bool fromCache)
    {
        if (GenerationDoor.Refusal(result) is { } error)
        {
            throw new ApiException(error);
        }

        await SseWriter.BeginAsync(context);
        using var sse = new SseWriter(context);
        foreach (var choice in result.Choices)
        {
            if (shape.HasOpening)
            {
                sse.Add(json => shape.WriteOpening(json, head, choice.Index));
            }

            sse.Add(json => shape.WriteChunk(json, head, new JobEvent { Choice = choice.Index, Text = choice.Text, Logprobs = choice.Logprobs }));
            sse.Add(json => shape.WriteChunk(json, head, new JobEvent { Choice = choice.Index, Finish = choice.FinishReason }));
        }

        if (call.IncludeUsage)
        {
            sse.Add(json => shape.WriteUsage(json, head, result.Usage, fromCache));
        }

        sse.AddDone();
        await sse.FlushAsync();
    }

    public async Task FollowAsync(IEventReader reader)
    {
        var first = await FirstAsync(reader);
        await SseWriter.BeginAsync(context);
        using var sse = new SseWriter(context);
        var read = first;
        while (true)
        {
            await Heartbeats.UntilAsync(read, sse, options.Heartbeat, clock, context.RequestAborted);
            var page = await read;
            if (page.Events.Count == 0)
            {
                break;
            }

            foreach (var next in page.Events)
            {
                Add(sse, next);
            }

            await sse.FlushAsync();
            read = reader.ReadAsync(context.RequestAborted).AsTask();
        }

        await sse.FlushAsync();
    }

    private async Task<Task<EventPage>> FirstAsync(IEventReader reader)
    {
        var read = reader.ReadAsync(context.RequestAborted).AsTask();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await Task.WhenAny(read, Task.Delay(options.FirstEventPatience, clock, stop.Token));
        await stop.CancelAsync();
        if (read.IsCompletedSuccessfully && read.Result.Events is [{ State: not null } end, ..] && Refusal(end) is { } error)
        {
            throw new ApiException(error);
        }

        return read;
    }

    private void Add(SseWriter sse, JobEvent next)
    {
        if (next.State is null)
        {
            AddChunk(sse, next);
        }
        else if (Refusal(next) is { } error)
        {
            sse.AddError(error);
        }
        else
        {
            if (call.IncludeUsage && next.Usage is { } usage)
            {
                sse.Add(json => shape.WriteUsage(json, head, usage, fromCache: false));
            }

            sse.AddDone();
        }
    }

    private void AddChunk(SseWriter sse, JobEvent next)
    {
        if (shape.HasOpening && _opened.Add(next.Choice))
        {
            sse.Add(json => shape.WriteOpening(json, head, next.Choice));
        }

        // A token that is half a character, or may begin a stop sequence, shows nothing yet.
        if (next.Text.Length > 0 || next.Finish is not null || next.Logprobs is not null)
        {
            sse.Add(json => shape.WriteChunk(json, head, next));
        }
    }

    private JobError? Refusal(JobEvent end) => GenerationDoor.Refusal(new JobResult
    {
        Id = head.Job,
        Tenant = "",
        Deployment = head.Model,
        State = end.State!.Value,
        Error = end.Error,
        FinishedAt = clock.GetUtcNow(),
    });
}
