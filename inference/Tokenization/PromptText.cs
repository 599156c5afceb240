namespace Serverless.Inference.Tokenization;

/// <summary>A prompt as one text, and which of its characters came from the caller.</summary>
/// <remarks>
/// A special token is recognised only where none of its characters came from the caller, so that a message
/// that spells <c>&lt;|im_end|&gt;</c> stays text. The text itself is tokenised as a whole: where a caller's words
/// meet the template's, they merge as in the model's training.
/// </remarks>
/// <param name="Text">The whole prompt.</param>
/// <param name="FromCaller">Ascending, non-overlapping ranges of <paramref name="Text"/>, in UTF-16 units.</param>
public sealed record PromptText(string Text, IReadOnlyList<CallerSpan> FromCaller);

/// <summary>A range of a prompt that came from the caller.</summary>
public readonly record struct CallerSpan(int Start, int Length)
{
    public int End => Start + Length;
}
