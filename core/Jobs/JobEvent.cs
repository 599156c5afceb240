using System.Text.Json.Serialization;

namespace Serverless.Core.Jobs;

/// <summary>One element of a job's event list: what one engine step gave one choice, or the job's end.</summary>
/// <remarks>The element's place in the list is its number; a reader that has seen number N asks for those after N.</remarks>
public sealed record JobEvent
{
    /// <summary>The index of the choice.</summary>
    [JsonPropertyName("n")]
    public int Choice { get; init; }

    [JsonPropertyName("ids")]
    public IReadOnlyList<int> TokenIds { get; init; } = [];

    /// <summary>Text that is safe to show: whole characters, and nothing that may turn out to be a stop sequence.</summary>
    [JsonPropertyName("text")]
    public string Text { get; init; } = "";

    [JsonPropertyName("logprobs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenLogprob>? Logprobs { get; init; }

    /// <summary><c>stop</c> or <c>length</c> on the last event of a choice.</summary>
    [JsonPropertyName("finish"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Finish { get; init; }

    /// <summary>The final state, on the last event of the job only.</summary>
    [JsonPropertyName("state"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobState? State { get; init; }

    [JsonPropertyName("usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    [JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobError? Error { get; init; }
}
