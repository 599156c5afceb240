using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>Turns one sequence's tokens into text as they come, and never gives out part of a character.</summary>
/// <remarks>All pieces together are what <see cref="Tokenizer.Decode"/> gives for the tokens that are not for control.</remarks>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <returns>The text that this token completes; empty while a character is unfinished.</returns>
    public string Append(int token) => tokenizer.IsControl(token) ? "" : Decode(tokenizer.TokenBytes(token), flush: false);

    /// <returns>U+FFFD when the last character was left unfinished, else nothing.</returns>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Up to three held bytes may each become a character beside those given.
        Span<char> buffer = bytes.Length <= 252 ? stackalloc char[256] : new char[bytes.Length + 4];
        return new string(buffer[.._decoder.GetChars(bytes, buffer, flush)]);
    }
}
