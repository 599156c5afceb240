using System.Buffers;
using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>Turns one sequence's tokens into text as they come, and never gives out part of a character.</summary>
/// <remarks>All pieces together are what <see cref="Tokenizer.Decode"/> gives for the tokens that are not for control.</remarks>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer)
{
    private const int LongestCharacter = 4;
    private byte[] _held = [];

    /// <returns>The text that this token completes; empty while a character is unfinished.</returns>
    public string Append(int token)
    {
        if (tokenizer.IsControl(token))
        {
            return "";
        }

        byte[] bytes = [.. _held, .. tokenizer.TokenBytes(token)];
        var whole = bytes.Length - UnfinishedLength(bytes);
        _held = bytes[whole..];
        return Encoding.UTF8.GetString(bytes, 0, whole);
    }

    /// <returns>What is left of an unfinished character, as U+FFFD.</returns>
    public string Flush()
    {
        var rest = Encoding.UTF8.GetString(_held);
        _held = [];
        return rest;
    }

    // How many bytes at the end begin a character that more bytes could finish.
    private static int UnfinishedLength(ReadOnlySpan<byte> bytes)
    {
        for (var length = Math.Min(LongestCharacter - 1, bytes.Length); length > 0; length--)
        {
            if (Rune.DecodeFromUtf8(bytes[^length..], out _, out var read) == OperationStatus.NeedMoreData && read == length)
            {
                return length;
            }
        }

        return 0;
    }
}
