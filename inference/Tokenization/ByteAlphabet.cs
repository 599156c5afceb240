namespace Serverless.Inference.Tokenization;

/// <summary>The printable characters by which byte-level BPE writes bytes in its vocabulary.</summary>
/// <remarks>
/// Bytes that print in Latin-1 stand for themselves; the other 68 are U+0100 and following, in order.
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), released code.
/// </remarks>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Make();
    private static readonly Dictionary<char, byte> Bytes =
        Characters.Select((character, index) => (character, index)).ToDictionary(pair => pair.character, pair => (byte)pair.index);

    public static char CharacterOf(byte value) => Characters[value];

    /// <returns>The bytes that a vocabulary entry stands for, or null when a character of it stands for none.</returns>
    public static byte[]? BytesOf(string entry)
    {
        var bytes = new byte[entry.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            if (!Bytes.TryGetValue(entry[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] Make()
    {
        var characters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var prints = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(prints ? value : next++);
        }

        return characters;
    }
}
