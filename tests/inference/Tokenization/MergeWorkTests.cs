using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>The work of a long word grows with its length and no faster, however its merges are laid out.</summary>
public sealed class MergeWorkTests
{
    private const int Length = 100_000;

    public static TheoryData<string, string> Words
    {
        get
        {
            var random = new Random(3);
            return new()
            {
                { "one letter", new('a', Length) },
                { "two in turn", string.Concat(Enumerable.Repeat("ab", Length / 2)) },
                { "letters that nest", string.Concat(Enumerable.Range(1, Length).Select(i => (char)('a' + int.TrailingZeroCount(i)))) },
                { "any of four", new([.. Enumerable.Range(0, Length).Select(_ => (char)random.Next('a', 'e'))]) },
                { "spaces", new(' ', Length) },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void TheShippedVocabularyLooksUpAtMostThreePairsForEachByte(string kind, string word) =>
        AssertLinear(Merger(ChatVocabulary.Data), kind, word);

    [Theory]
    [MemberData(nameof(Words))]
    public void MergesThatUndoEachOthersPairsCostNoMore(string kind, string word) => AssertLinear(Merger(Adversary()), kind, word);

    [Fact]
    public void TwiceTheLengthIsTwiceTheWork()
    {
        var merger = Merger(Adversary());
        merger.MergeWord(new string('a', Length), out var once);
        merger.MergeWord(new string('a', 2 * Length), out var twice);

        Assert.InRange(twice, 1.9 * once, 2.1 * once);
    }

    private static void AssertLinear(BytePairMerger merger, string kind, string word)
    {
        var tokens = merger.MergeWord(word, out var pairs);

        Assert.True(pairs <= 3 * word.Length, $"{kind}: {pairs} pairs for {word.Length} bytes");
        Assert.InRange(tokens.Length, 1, word.Length);
    }

    // Doubling runs, and for each a merge with its neighbour that is less urgent than the run's own: every merge makes
    // the pairs on both its sides stale.
    private static TokenizerData Adversary()
    {
        var tokens = Enumerable.Range('a', 26).Select(letter => ((char)letter).ToString()).Append("\u0120").ToList();
        var merges = new List<string>();
        void Add(string left, string right)
        {
            merges.Add($"{left} {right}");
            tokens.Add(left + right);
        }

        var (run, pairs) = ("a", "b");
        for (var i = 0; i < 12; i++)
        {
            Add(run, run);
            Add(run, pairs);
            (run, pairs) = (run + run, run + pairs);
        }

        return new() { Model = "gpt2", PreTokenizer = "gpt-2", Tokens = tokens, TokenTypes = [.. tokens.Select(_ => (int)TokenType.Normal)], Merges = merges };
    }

    private static BytePairMerger Merger(TokenizerData data)
    {
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < data.Tokens.Count; id++)
        {
            ids.TryAdd(data.Tokens[id], id);
        }

        return new(data, ids);
    }
}
