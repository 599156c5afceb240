using System.Text;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

public sealed class StopMatcherTests
{
    [Fact]
    public void AnyTextInAnyPiecesEndsAtItsFirstStop()
    {
        var random = new Random(5);
        for (var round = 0; round < 5000; round++)
        {
            var stops = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Letters(random, random.Next(1, 5))).ToArray();
            var text = Letters(random, random.Next(0, 30));
            var matcher = new StopMatcher(stops);
            var given = new StringBuilder();

            for (var at = 0; at < text.Length;)
            {
                var length = Math.Min(random.Next(1, 4), text.Length - at);
                given.Append(matcher.Append(text.Substring(at, length)));
                at += length;
                // What is given out is never taken back, so no stop may begin in it that the text has completed.
                Assert.StartsWith(given.ToString(), Expected(text, stops), StringComparison.Ordinal);
            }

            given.Append(matcher.Flush());
            Assert.Equal(Expected(text, stops), given.ToString());
            Assert.Equal(Expected(text, stops).Length < text.Length, matcher.Stopped);
        }
    }

    [Fact]
    public void TextThatCannotBeginAStopIsGivenOutAtOnce() => Assert.Equal("Hello", new StopMatcher(["END"]).Append("Hello"));

    [Fact]
    public void AStopAcrossPiecesIsFoundAndNotShown()
    {
        var matcher = new StopMatcher(["\n\nUser:"]);

        Assert.Equal("Yes.", matcher.Append("Yes.\n"));
        Assert.Equal("", matcher.Append("\nUs"));
        Assert.Equal("", matcher.Append("er: more"));
        Assert.True(matcher.Stopped);
        Assert.Equal("", matcher.Flush());
    }

    private static string Expected(string text, string[] stops)
    {
        // As if the text came one character at a time: the first prefix that ends in a stop is cut before it.
        for (var end = 1; end <= text.Length; end++)
        {
            var ending = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).ToArray();
            if (ending.Length > 0)
            {
                return text[..(end - ending.Max(stop => stop.Length))];
            }
        }

        return text;
    }

    private static string Letters(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3)))]);
}
