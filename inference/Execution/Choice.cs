using Serverless.Inference.Sampling;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>One submitted sequence with all its state: tokens, penalties, text.</summary>
internal sealed class Choice
{
    private readonly IReadOnlyList<int> _eos;
    private readonly IChoiceText _text;

    /// <summary>Takes up a request where an earlier attempt left it; <see cref="End"/> is set if that attempt was at its end.</summary>
    public Choice(SequenceRequest request, Choice? leader, IReadOnlyList<int> eos, IChoiceText text)
    {
        (Request, _eos, _text) = (request, eos, text);
        History = new(request.Sampling, request.Prompt);
        Sequence = new(request.Id, request.Prompt, request.MaxNewTokens, request.CacheScope, leader?.Sequence);
        foreach (var token in request.Generated)
        {
            // Their text was given by the attempt that generated them; only what its end would have added is new.
            ResumeText = Take(token).Text;
            if (End is not null)
            {
                break;
            }

            ResumeText = "";
        }
    }

    public SequenceRequest Request { get; }

    public Sequence Sequence { get; }

    public TokenHistory History { get; }

    /// <summary>Text that an end found while resuming still owes.</summary>
    public string ResumeText { get; } = "";

    public SequenceEnd? End { get; private set; }

    public bool Started { get; set; }

    /// <summary>Adds a sampled token, and ends the sequence where it is due.</summary>
    /// <remarks>An end-of-sequence token is neither text nor counted: after a resume it would not be seen again.</remarks>
    public SequenceOutput Take(int token, TokenLogprob? logprob = null)
    {
        var position = Sequence.GeneratedTokens;
        var isEos = _eos.Contains(token);
        if (isEos && !Request.IgnoreEos)
        {
            Finish(FinishReason.Stop);
            return new(Request, position, [], _text.Flush(), null, End);
        }

        Sequence.Append(token);
        History.Add(token);
        var text = isEos ? "" : _text.Append(token);
        if (_text.Stopped)
        {
            Finish(FinishReason.Stop);
        }
        else if (Sequence.GeneratedTokens >= Request.MaxNewTokens)
        {
            text += _text.Flush();
            // The rest may complete a character and with it a stop string.
            Finish(_text.Stopped ? FinishReason.Stop : FinishReason.Length);
        }

        return new(Request, position, [token], text, logprob is null ? null : [logprob], End);
    }

    /// <summary>Ends the sequence without a token.</summary>
    public SequenceOutput Leave(FinishReason reason, string? error = null)
    {
        Finish(reason, error);
        var text = reason == FinishReason.Cancelled ? _text.Flush() : "";
        return new(Request, Sequence.GeneratedTokens, [], text, null, End);
    }

    private void Finish(FinishReason reason, string? error = null) => End = new(
        reason, error, Sequence.PromptTokens, Sequence.CachedPromptTokens ?? 0, Sequence.GeneratedTokens);
}
