namespace Serverless.Inference.Tokenization;

/// <summary>Finds the first stop sequence in text that comes in pieces; no part of it is ever given out.</summary>
public sealed class StopMatcher(IReadOnlyList<string> stops)
{
    private string _held = "";

    /// <summary>Whether a stop sequence was found; nothing more is given out then.</summary>
    public bool Stopped { get; private set; }

    /// <returns>The text that can no longer be part of a stop sequence.</returns>
    public string Append(string piece)
    {
        if (Stopped || stops.Count == 0)
        {
            return Stopped ? "" : piece;
        }

        var text = _held + piece;
        var found = FirstCompleted(text);
        if (found >= 0)
        {
            (Stopped, _held) = (true, "");
            return text[..found];
        }

        var held = HeldLength(text);
        _held = text[^held..];
        return text[..^held];
    }

    /// <returns>The text that was held back, now that nothing more comes.</returns>
    public string Flush()
    {
        var rest = _held;
        _held = "";
        return rest;
    }

    // The stop that is complete first counts, whatever the pieces; of two that end together, the longer.
    private int FirstCompleted(string text)
    {
        var (start, end) = (-1, int.MaxValue);
        foreach (var stop in stops)
        {
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (at + stop.Length < end || (at + stop.Length == end && at < start)))
            {
                (start, end) = (at, at + stop.Length);
            }
        }

        return start;
    }

    // The longest end of the text with which a stop sequence begins.
    private int HeldLength(string text)
    {
        for (var length = Math.Min(text.Length, stops.Max(stop => stop.Length) - 1); length > 0; length--)
        {
            var end = text.AsSpan(text.Length - length);
            foreach (var stop in stops)
            {
                if (length < stop.Length && stop.AsSpan(0, length).SequenceEqual(end))
                {
                    return length;
                }
            }
        }

        return 0;
    }
}
