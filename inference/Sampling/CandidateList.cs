using System.Numerics;

namespace Serverless.Inference.Sampling;

/// <summary>Picks the few tokens of a row that can matter without sorting the vocabulary; its memory is kept between rows.</summary>
internal sealed class CandidateList
{
    private Candidate[] _items = new Candidate[256];

    public int Count { get; private set; }

    public ReadOnlySpan<Candidate> Items => _items.AsSpan(0, Count);

    /// <summary>Takes the <paramref name="count"/> largest logits, likeliest first.</summary>
    public void TakeLargest(ReadOnlySpan<float> row, int count)
    {
        // The list may grow to twice what is wanted before it is cut back, so the cuts cost little per token.
        count = Math.Min(count, row.Length);
        var capacity = Math.Max(2 * count, 64);
        var threshold = float.NegativeInfinity;
        Count = 0;
        for (var start = 0; start < row.Length; start += Vector<float>.Count)
        {
            var chunk = row.Slice(start, Math.Min(Vector<float>.Count, row.Length - start));
            if (!MayContain(chunk, threshold))
            {
                continue;
            }

            for (var i = 0; i < chunk.Length; i++)
            {
                if (chunk[i] >= threshold)
                {
                    Add(start + i, chunk[i]);
                }
            }

            if (Count + Vector<float>.Count > capacity && Count > count)
            {
                Sort();
                Count = count;
                threshold = _items[count - 1].Logit;
            }
        }

        Sort();
        Count = Math.Min(Count, count);
    }

    /// <summary>Takes every logit that is at least <paramref name="threshold"/>, in order of token id.</summary>
    public void TakeAtLeast(ReadOnlySpan<float> row, float threshold)
    {
        Count = 0;
        for (var start = 0; start < row.Length; start += Vector<float>.Count)
        {
            var chunk = row.Slice(start, Math.Min(Vector<float>.Count, row.Length - start));
            if (!MayContain(chunk, threshold))
            {
                continue;
            }

            for (var i = 0; i < chunk.Length; i++)
            {
                if (chunk[i] >= threshold)
                {
                    Add(start + i, chunk[i]);
                }
            }
        }
    }

    /// <summary>Orders the list likeliest first.</summary>
    public void Sort() => _items.AsSpan(0, Count).Sort();

    /// <summary>Keeps the first <paramref name="count"/>.</summary>
    public void Cut(int count) => Count = Math.Min(Count, count);

    private static bool MayContain(ReadOnlySpan<float> chunk, float threshold) =>
        chunk.Length < Vector<float>.Count
        || Vector.GreaterThanOrEqualAny(new Vector<float>(chunk), new Vector<float>(threshold));

    private void Add(int token, float logit)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, 2 * _items.Length);
        }

        _items[Count++] = Candidate.Of(token, logit);
    }
}
