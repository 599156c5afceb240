using System.Text;
using System.Text.RegularExpressions;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>Words as the models' patterns cut them: by hand, and as .NET's own regular expressions do.</summary>
public sealed class PreTokenizerTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string AfterDigits = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string BeforeDigits = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Llama3 = BeforeDigits + @"\p{N}{1,3}" + AfterDigits;
    private const string Qwen2 = BeforeDigits + @"\p{N}" + AfterDigits;
    private const string DeepSeek3 =
        """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""";

    // Each pattern cuts the pieces of the one before.
    private static readonly Dictionary<string, string[]> Patterns = new()
    {
        ["gpt-2"] = [Gpt2],
        ["smollm"] = [@"\p{N}", Gpt2],
        ["llama-bpe"] = [Llama3],
        ["llama3"] = [Llama3],
        ["llama-v3"] = [Llama3],
        ["qwen2"] = [Qwen2],
        ["deepseek-r1-qwen"] = [Qwen2],
        ["deepseek-v3"] = [@"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", DeepSeek3],
    };

    public static TheoryData<string> Names => [.. Patterns.Keys];

    [Theory]
    [InlineData("gpt-2", "I'm  here, it's 2026!\n\n x", "I|'m| | here|,| it|'s| 2026|!|\n\n| x")]
    [InlineData("gpt-2", "DON'T   ", "DON|'|T|   ")]
    [InlineData("smollm", "v2026 a", "v|2|0|2|6| a")]
    [InlineData("llama-bpe", "DON'T they'LL 'tis", "DON|'T| they|'LL| '|tis")]
    [InlineData("llama-bpe", "12345 $67", "123|45| $|67")]
    [InlineData("llama-bpe", "a\n\n  b \n c", "a|\n\n| | b| \n| c")]
    [InlineData("llama-bpe", "x  1!!\r\n\ny", "x| | |1|!!\r\n\n|y")]
    [InlineData("llama-bpe", "'hello \u00A0nbsp\u3000wide", "'hello| |\u00A0nbsp|\u3000wide")]
    [InlineData("llama-bpe", "'\u017F", "'\u017F")]
    [InlineData("qwen2", "12 x_y\t\tz", "1|2| x|_y|\t|\tz")]
    [InlineData("qwen2", "\U0001D518\U0001D52B \U0001F642x", "\U0001D518\U0001D52B| \U0001F642|x")]
    [InlineData("deepseek-r1-qwen", "e\u0301a", "e|\u0301a")]
    [InlineData("deepseek-v3", "e\u0301a 1234", "e\u0301a| |123|4")]
    [InlineData("deepseek-v3", "foo_bar.baz!", "foo|_bar|.baz|!")]
    [InlineData("deepseek-v3", "DeepSeek\u5317\u4EAC\u30A2\u30FB\u30A4", "DeepSeek|\u5317\u4EAC\u30A2|\u30FB|\u30A4")]
    [InlineData("deepseek-v3", "\u0007\u001b[0m", "\u0007\u001b|[|0|m")]
    [InlineData("deepseek-v3", " \u0301 \u0301b", " \u0301| \u0301b")]
    [InlineData("deepseek-v3", "\u20AC5 \u20AC\r\n", "\u20AC|5| \u20AC\r\n")]
    public void AWordEndsWhereThePatternSays(string name, string text, string words) =>
        Assert.Equal(words.Split('|'), Split(name, text));

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyTextIsCutAsARegularExpressionCutsIt(string name)
    {
        var random = new Random(20261125);
        for (var round = 0; round < 4000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => Character(random)));

            var expected = Patterns[name].Aggregate<string, IEnumerable<string>>([text], (pieces, pattern) => pieces.SelectMany(piece => Pieces(pattern, piece)));
            Assert.Equal(expected, Split(name, text));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WordsTogetherAreTheTextWhateverItHolds(string name)
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            // Half pairs too.
            var text = new StringBuilder();
            for (var length = random.Next(40); length > 0; length--)
            {
                text.Append(random.Next(3) == 0 ? (char)random.Next(0xD800, 0xE000) : (char)random.Next(0x10000));
            }

            var words = Split(name, text.ToString());
            Assert.Equal(text.ToString(), string.Concat(words));
            Assert.DoesNotContain("", words);
        }
    }

    private static List<string> Split(string name, string text)
    {
        var words = new List<string>();
        PreTokenizers.Find(name).Split(text, word => words.Add(word.ToString()));
        return words;
    }

    // Matches, and what lies between them.
    private static IEnumerable<string> Pieces(string pattern, string text)
    {
        var end = 0;
        foreach (Match match in Regex.Matches(text, pattern, RegexOptions.CultureInvariant))
        {
            if (match.Index > end)
            {
                yield return text[end..match.Index];
            }

            yield return match.Value;
            end = match.Index + match.Length;
        }

        if (end < text.Length)
        {
            yield return text[end..];
        }
    }

    // Mostly what the patterns name; .NET's own see halves of pairs and so are asked for none.
    private static char Character(Random random)
    {
        const string Named = "  \t\n\r'sStTreREvedlLmMaz09_-.,!$+\u00A0\u0301\u00BD\u4E00\u30FB\u3042\u20AC\u2028\u0007\u0660";
        var any = (char)random.Next(random.Next(2) == 0 ? 0x250 : 0xD800);
        return random.Next(4) == 0 ? any : Named[random.Next(Named.Length)];
    }
}
