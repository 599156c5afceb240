namespace Serverless.Inference.Tokenization;

/// <summary>Finds the tokens that stand for themselves, such as <c>&lt;|im_start|&gt;</c>, where the caller wrote none of their characters.</summary>
internal sealed class SpecialTokens
{
    private readonly Dictionary<char, (string Text, int Id)[]> _byFirst;

    public SpecialTokens(IEnumerable<(string Text, int Id)> tokens) =>
        _byFirst = tokens.Where(token => token.Text.Length > 0)
            .GroupBy(token => token.Text[0])
            // Of two that begin alike the longer is meant.
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Text.Length).ToArray());

    /// <returns>The first special token at or after <paramref name="start"/>, or a length of 0.</returns>
    public (int Start, int Length, int Id) Find(PromptText prompt, int start)
    {
        for (var i = start; i < prompt.Text.Length; i++)
        {
            if (!_byFirst.TryGetValue(prompt.Text[i], out var candidates))
            {
                continue;
            }

            foreach (var (text, id) in candidates)
            {
                if (string.CompareOrdinal(prompt.Text, i, text, 0, text.Length) == 0 && !IsFromCaller(prompt.FromCaller, i, text.Length))
                {
                    return (i, text.Length, id);
                }
            }
        }

        return (prompt.Text.Length, 0, -1);
    }

    private static bool IsFromCaller(IReadOnlyList<CallerSpan> spans, int start, int length)
    {
        // The first span that ends after start decides: spans ascend and do not overlap.
        var (low, high) = (0, spans.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = spans[middle].End > start ? (low, middle) : (middle + 1, high);
        }

        return low < spans.Count && spans[low].Start < start + length;
    }
}
