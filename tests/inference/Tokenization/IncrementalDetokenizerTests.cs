using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

public sealed class IncrementalDetokenizerTests
{
    private readonly Tokenizer _tokenizer = ChatVocabulary.Tokenizer;

    [Fact]
    public void ThePiecesOfAnyTokensAreWhatDecodingThemAllGives()
    {
        var bytes = Enumerable.Range(0, _tokenizer.VocabularySize).Where(id => _tokenizer.TokenBytes(id).Length == 1 && _tokenizer.TokenBytes(id)[0] >= 0x80).ToArray();
        var random = new Random(3);
        for (var round = 0; round < 3000; round++)
        {
            var tokens = Enumerable.Range(0, random.Next(0, 30))
                .Select(_ => random.Next(2) == 0 ? bytes[random.Next(bytes.Length)] : random.Next(_tokenizer.VocabularySize))
                .Where(id => !_tokenizer.IsControl(id))
                .ToArray();
            var detokenizer = new IncrementalDetokenizer(_tokenizer);

            string[] pieces = [.. tokens.Select(detokenizer.Append), detokenizer.Flush()];

            Assert.Equal(_tokenizer.Decode(tokens), string.Concat(pieces));
            Assert.All(pieces, piece => Assert.False(EndsInHalf(piece)));
        }
    }

    [Fact]
    public void ACharacterIsGivenOutWithItsLastToken()
    {
        var tokens = _tokenizer.Encode("\U0001F9EC");
        Assert.True(tokens.Length > 1, "the character must take several tokens for this to show anything");
        var detokenizer = new IncrementalDetokenizer(_tokenizer);

        var pieces = tokens.Select(detokenizer.Append).ToArray();

        Assert.All(pieces[..^1], Assert.Empty);
        Assert.Equal("\U0001F9EC", pieces[^1]);
    }

    [Fact]
    public void ControlTokensShowNothing() => Assert.Equal("", new IncrementalDetokenizer(_tokenizer).Append(2));

    private static bool EndsInHalf(string piece) => piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]));
}
