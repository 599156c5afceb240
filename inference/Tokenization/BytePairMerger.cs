using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>Merges the bytes of a word into tokens, the most urgent pair first and the leftmost of equals.</summary>
/// <remarks>
/// Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016). A short word is
/// scanned again after each merge; a long one keeps its pairs in a heap, so that the time stays O(n log n).
/// </remarks>
internal sealed class BytePairMerger
{
    private const int ShortWord = 32;
    private readonly int[] _byteTokens;
    private readonly Dictionary<long, Merge> _merges;
    private readonly Dictionary<string, int>? _words;
    private readonly int _longestWord;

    /// <summary>With <paramref name="wholeWords"/>, a word that is in the vocabulary is not merged but taken as it is.</summary>
    public BytePairMerger(TokenizerData data, Dictionary<string, int> ids, bool wholeWords = false)
    {
        _words = wholeWords ? ids : null;
        _longestWord = data.Tokens.Max(token => token.Length);
        _byteTokens = [.. Enumerable.Range(0, 256).Select(value => ids.TryGetValue(ByteAlphabet.CharacterOf((byte)value).ToString(), out var id)
            ? id
            : -1)];
        if (_byteTokens.All(token => token < 0))
        {
            throw new TokenizerException("The vocabulary has no token for any byte, so it is not a byte-level one.");
        }

        _merges = new Dictionary<long, Merge>(data.Merges.Count);
        for (var rank = 0; rank < data.Merges.Count; rank++)
        {
            var pair = data.Merges[rank];
            var space = pair.IndexOf(' ', 1);
            if (space < 0 || !ids.TryGetValue(pair[..space], out var left) || !ids.TryGetValue(pair[(space + 1)..], out var right)
                || !ids.TryGetValue(string.Concat(pair.AsSpan(0, space), pair.AsSpan(space + 1)), out var merged))
            {
                throw new TokenizerException($"Merge {rank} of the vocabulary names a token that the vocabulary does not have.");
            }

            _merges.TryAdd(Key(left, right), new Merge(rank, merged));
        }
    }

    public int[] MergeWord(ReadOnlySpan<char> word) => MergeWord(word, out _);

    /// <summary>Merges, and says how many pairs it looked up: beyond 32 bytes never more than three for each.</summary>
    public int[] MergeWord(ReadOnlySpan<char> word, out int pairs)
    {
        pairs = 0;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(word.Length)];
        var count = Encoding.UTF8.GetBytes(word, bytes);
        if (FindWord(bytes.AsSpan(0, count)) is { } whole)
        {
            return [whole];
        }

        var tokens = new int[count];
        var length = 0;
        for (var i = 0; i < count; i++)
        {
            tokens[length] = _byteTokens[bytes[i]];
            // A byte that the training data never had has no token; it is left out, as the reference does.
            length += tokens[length] < 0 ? 0 : 1;
        }

        return length <= ShortWord ? MergeShort(tokens[..length], ref pairs) : MergeLong(tokens[..length], ref pairs);
    }

    private int? FindWord(ReadOnlySpan<byte> bytes)
    {
        if (_words is null || bytes.Length > _longestWord)
        {
            return null;
        }

        var entry = new char[bytes.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            entry[i] = ByteAlphabet.CharacterOf(bytes[i]);
        }

        return _words.TryGetValue(new string(entry), out var id) ? id : null;
    }

    private int[] MergeShort(int[] tokens, ref int pairs)
    {
        var count = tokens.Length;
        while (true)
        {
            var (best, at) = (new Merge(int.MaxValue, 0), -1);
            for (var i = 0; i + 1 < count; i++)
            {
                pairs++;
                if (_merges.TryGetValue(Key(tokens[i], tokens[i + 1]), out var merge) && merge.Rank < best.Rank)
                {
                    (best, at) = (merge, i);
                }
            }

            if (at < 0)
            {
                return tokens[..count];
            }

            tokens[at] = best.Token;
            Array.Copy(tokens, at + 2, tokens, at + 1, count - at - 2);
            count--;
        }
    }

    private int[] MergeLong(int[] tokens, ref int pairs)
    {
        // A doubly linked list over the positions; a merged-away position has token -1.
        var next = new int[tokens.Length];
        var previous = new int[tokens.Length];
        var heap = new PriorityQueue<(int At, int Left, int Right, int Token), (int Rank, int At)>();
        for (var i = 0; i < tokens.Length; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
        }

        var offers = 0;
        void Offer(int at)
        {
            offers++;
            if (at >= 0 && next[at] < tokens.Length && _merges.TryGetValue(Key(tokens[at], tokens[next[at]]), out var merge))
            {
                heap.Enqueue((at, tokens[at], tokens[next[at]], merge.Token), (merge.Rank, at));
            }
        }

        for (var i = 0; i + 1 < tokens.Length; i++)
        {
            Offer(i);
        }

        while (heap.TryDequeue(out var pair, out _))
        {
            // A pair that an earlier merge has changed is stale.
            var right = next[pair.At];
            if (tokens[pair.At] != pair.Left || right >= tokens.Length || tokens[right] != pair.Right)
            {
                continue;
            }

            (tokens[pair.At], tokens[right]) = (pair.Token, -1);
            next[pair.At] = next[right];
            if (next[right] < tokens.Length)
            {
                previous[next[right]] = pair.At;
            }

            Offer(pair.At);
            Offer(previous[pair.At]);
        }

        pairs += offers;
        return Array.FindAll(tokens, token => token >= 0);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private readonly record struct Merge(int Rank, int Token);
}
