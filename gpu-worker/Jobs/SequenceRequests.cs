using Serverless.Core.Jobs;
using Serverless.Inference.Sampling;
using Serverless.Inference.Scheduling;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Says to the engine what a job asks, one request for each choice that still has tokens to give.</summary>
internal static class SequenceRequests
{
    /// <returns>One group for each prompt; the choices of a group share it.</returns>
    public static IEnumerable<IReadOnlyList<SequenceRequest>> For(RunningJob job, IReadOnlyList<int[]> prompts, int contextLength)
    {
        var perPrompt = job.Job.Request.ChoicesPerPrompt;
        for (var p = 0; p < prompts.Count; p++)
        {
            yield return [.. Enumerable.Range(p * perPrompt, perPrompt).Select(choice => ForChoice(job, choice, prompts[p], contextLength))];
        }
    }

    private static SequenceRequest ForChoice(RunningJob running, int choice, int[] prompt, int contextLength)
    {
        var request = running.Job.Request;
        return new SequenceRequest
        {
            Id = RunningJob.SequenceId(running.Job.Id, running.Epoch, choice),
            Prompt = prompt,
            Generated = [.. running.TokensOf(choice)],
            MaxNewTokens = request.MaxTokens ?? contextLength - prompt.Length,
            Stop = request.Stop,
            IgnoreEos = request.IgnoreEos,
            TopLogprobs = request.TopLogprobs ?? -1,
            CacheScope = running.Job.Tenant,
            Sampling = new SamplingOptions
            {
                Temperature = request.Temperature,
                TopP = request.TopP,
                TopK = request.TopK,
                MinP = request.MinP,
                PresencePenalty = request.PresencePenalty,
                FrequencyPenalty = request.FrequencyPenalty,
                RepetitionPenalty = request.RepetitionPenalty,
                LogitBias = request.LogitBias,
                Seed = Seeds.ForChoice(running.Job.Seed, choice),
            },
        };
    }
}
