using FsCheck.Xunit;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>What holds for any tokens and any pieces of text; a failure is shrunk to the smallest one.</summary>
public sealed class StreamProperties
{
    private static readonly Tokenizer Tokenizer = ChatVocabulary.Tokenizer;

    [Property(MaxTest = 500)]
    public void PiecesOfAnyTokensAreTheirTextAndNeverEndInHalfACharacter(uint[] numbers)
    {
        var tokens = numbers.Select(number => (int)(number % (uint)Tokenizer.VocabularySize)).ToArray();
        var detokenizer = new IncrementalDetokenizer(Tokenizer);

        string[] pieces = [.. tokens.Select(detokenizer.Append), detokenizer.Flush()];

        Assert.Equal(Tokenizer.Decode([.. tokens.Where(token => !Tokenizer.IsControl(token))]), string.Concat(pieces));
        Assert.All(pieces, piece => Assert.True(piece.Length == 0 || !(char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]))));
    }

    [Property(MaxTest = 500)]
    public void AStreamOfBytesInAnyOrderNeverGivesHalfACharacter(byte[] bytes)
    {
        var tokens = bytes.Where(ByteTokens.ContainsKey).Select(value => ByteTokens[value]).ToArray();
        var detokenizer = new IncrementalDetokenizer(Tokenizer);

        Assert.Equal(Tokenizer.Decode(tokens), string.Concat(tokens.Select(detokenizer.Append)) + detokenizer.Flush());
    }

    [Property(MaxTest = 1000)]
    public void WhereAStopIsFoundDoesNotDependOnThePieces(bool[] text, bool[][] stops, byte[] cuts)
    {
        var whole = Letters(text);
        string[] wanted = [.. stops.Select(Letters).Where(stop => stop.Length > 0).Take(4)];
        var (atOnce, inPieces) = (new StopMatcher(wanted), new StopMatcher(wanted));

        var expected = atOnce.Append(whole) + atOnce.Flush();
        var places = cuts.Select(cut => cut % (whole.Length + 1)).Append(0).Append(whole.Length).Order().ToArray();
        var actual = string.Concat(places.Zip(places.Skip(1), (from, to) => inPieces.Append(whole[from..to]))) + inPieces.Flush();

        Assert.Equal((expected, atOnce.Stopped), (actual, inPieces.Stopped));
    }

    [Property(MaxTest = 500)]
    public void WhereTheCallersTextBeginsDoesNotChangeTheTokens(string? text, byte start, byte length)
    {
        var whole = text ?? "";
        var at = Math.Min(start, whole.Length);
        var marked = new PromptText(whole, [new CallerSpan(at, Math.Min(length, whole.Length - at))]);

        Assert.Equal(Tokenizer.Encode(whole), Tokenizer.Encode(marked));
    }

    private static readonly Dictionary<byte, int> ByteTokens = Enumerable.Range(0, Tokenizer.VocabularySize)
        .Where(id => Tokenizer.TokenBytes(id).Length == 1)
        .GroupBy(id => Tokenizer.TokenBytes(id)[0]).ToDictionary(group => group.Key, group => group.First());

    // Two letters make stops that overlap themselves and each other.
    private static string Letters(bool[] bits) => new([.. bits.Select(bit => bit ? 'a' : 'b')]);
}
