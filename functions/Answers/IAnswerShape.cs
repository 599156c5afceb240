using System.Text.Json;
using Serverless.Core.Jobs;

namespace Serverless.Functions.Answers;

/// <summary>How one endpoint of OpenAI's says a result: whole, or in chunks.</summary>
internal interface IAnswerShape
{
    /// <summary>Writes the whole response object.</summary>
    void WriteWhole(Utf8JsonWriter json, AnswerHead head, JobResult result, bool fromCache);

    /// <summary>Whether a choice begins with a chunk of its own.</summary>
    bool HasOpening { get; }

    /// <summary>Writes the chunk that opens a choice.</summary>
    void WriteOpening(Utf8JsonWriter json, AnswerHead head, int choice);

    /// <summary>Writes the chunk for one event of a choice.</summary>
    void WriteChunk(Utf8JsonWriter json, AnswerHead head, JobEvent next);

    /// <summary>Writes the last chunk, which has the usage and no choices.</summary>
    void WriteUsage(Utf8JsonWriter json, AnswerHead head, TokenUsage usage, bool fromCache);
}

/// <summary>What every part of one answer repeats.</summary>
/// <param name="Job">The job that gave the answer.</param>
/// <param name="Model">The deployment's name.</param>
/// <param name="Fingerprint">Names the model's bytes.</param>
internal readonly record struct AnswerHead(JobId Job, string Model, string? Fingerprint)
{
    public string Id(string prefix) => prefix + Job.ToString()[4..];

    public long Created => Job.AcceptedAt.ToUnixTimeSeconds();
}
