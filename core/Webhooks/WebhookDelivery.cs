using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Serverless.Core.Jobs;

namespace Serverless.Core.Webhooks;

/// <summary>One event on its way to one endpoint, with the log of its attempts.</summary>
public sealed record WebhookDelivery
{
    private const string Prefix = "msg_";
    private const int JobDigits = 26;
    private const int HashDigits = 16;
    private const int AttemptsKept = 20;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The header <c>webhook-id</c>: made of job, event and endpoint, so every retry and every repetition has the same.</summary>
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    public required string Endpoint { get; init; }

    public required string Event { get; init; }

    /// <summary>Null for a test event.</summary>
    public JobId? Job { get; init; }

    /// <summary>Where to, when it is not the endpoint's own address.</summary>
    public Uri? Url { get; init; }

    public WebhookPayload Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DeliveryState State { get; init; }

    /// <summary>The number of the next attempt; a message with a lower one has been dealt with.</summary>
    public int NextAttempt { get; init; } = 1;

    /// <summary>The first attempt of this round: the waits between attempts grow from there.</summary>
    public int RoundStart { get; init; } = 1;

    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>How often it was replayed; messages of an earlier round are dropped.</summary>
    public int Round { get; init; }

    public required DateTimeOffset GiveUpAt { get; init; }

    /// <summary>Why it failed for good.</summary>
    public string? Reason { get; init; }

    /// <summary>The last attempts, oldest first; at most 20 are kept.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts { get; init; } = [];

    public static string IdOf(JobId job, string eventName, string endpoint, Uri? url)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{eventName}\n{endpoint}\n{url?.AbsoluteUri}"));
        return $"{Prefix}{job.ToString()[^JobDigits..]}_{Convert.ToHexStringLower(hash)[..HashDigits]}";
    }

    /// <returns>Whether this is the form of a delivery's id, and the time that it carries.</returns>
    public static bool TryReadTime(string id, out DateTimeOffset time)
    {
        time = default;
        if (id.Length != Prefix.Length + JobDigits + 1 + HashDigits
            || !id.StartsWith(Prefix, StringComparison.Ordinal)
            || id[Prefix.Length + JobDigits] != '_'
            || id.AsSpan()[^HashDigits..].ContainsAnyExcept(Hex)
            || !JobId.TryParse(string.Concat("job_", id.AsSpan(Prefix.Length, JobDigits)), null, out var job))
        {
            return false;
        }

        time = job.AcceptedAt;
        return true;
    }

    public WebhookDelivery Add(DeliveryAttempt attempt) =>
        this with { NextAttempt = attempt.Number + 1, Attempts = [.. Attempts.Append(attempt).TakeLast(AttemptsKept)] };

    /// <summary>What a message asks to do with this delivery as it is stored; null is nothing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="giveUpAt">When a new round would end.</param>
    public WebhookDelivery? For(WebhookMessage message, DateTimeOffset giveUpAt)
    {
        if (message.Round > Round)
        {
            // An attempt that was under way during the replay has written over it.
            return Again(message.Round, giveUpAt);
        }

        // A later attempt than the record knows of was scheduled by a process that was killed before it could note it.
        return State == DeliveryState.Pending && message.Round == Round && message.Attempt >= NextAttempt
            ? this with { NextAttempt = message.Attempt }
            : null;
    }

    /// <summary>Starts anew, with the whole time for retries.</summary>
    public WebhookDelivery Again(int round, DateTimeOffset giveUpAt) => this with
    {
        State = DeliveryState.Pending,
        Reason = null,
        Round = round,
        RoundStart = NextAttempt,
        GiveUpAt = giveUpAt,
    };

    public WebhookDelivery Close(DeliveryState state, string? reason = null) =>
        this with { State = state, Reason = reason, NextAttemptAt = null };
}

[JsonConverter(typeof(JsonStringEnumConverter<DeliveryState>))]
public enum DeliveryState
{
    [JsonStringEnumMemberName("pending")] Pending,
    [JsonStringEnumMemberName("delivered")] Delivered,
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>One HTTP request to a receiver and what came of it.</summary>
/// <param name="Number">1 is the first.</param>
/// <param name="At">When it began.</param>
/// <param name="LatencyMs">How long it took, in milliseconds.</param>
/// <param name="Status">The HTTP status, when there was an answer.</param>
/// <param name="Error">What kept it from an answer.</param>
/// <param name="Response">The start of the answer's body, at most 1,024 bytes of it.</param>
public sealed record DeliveryAttempt(int Number, DateTimeOffset At, int LatencyMs, int? Status, string? Error, string? Response);
