using System.Collections.Concurrent;
using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>Turns text into token ids and back. Immutable apart from a bounded memory of words; safe to share.</summary>
/// <remarks>
/// Own code rather than Microsoft.ML.Tokenizers 2.0.1 underneath. Its BpeTokenizer, given no special tokens, agreed with
/// every plain reference text, but its time grows with the square of a word's length: letters without a break took
/// 0.1 s at 20,000 and 1.7 s at 100,000, which any caller could send.
/// </remarks>
public sealed class Tokenizer
{
    private const int RememberedWords = 16_384;
    private const int LongestRememberedWord = 32;
    private readonly TokenizerData _data;
    private readonly byte[][] _bytes;
    private readonly SpecialTokens _specials;
    private readonly BytePairMerger _merger;
    private readonly PreTokenizer _pre;
    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _wordLookup;

    private Tokenizer(TokenizerData data)
    {
        _data = data;
        var ids = new Dictionary<string, int>(data.Tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < data.Tokens.Count; id++)
        {
            ids.TryAdd(data.Tokens[id], id);
        }

        _bytes = [.. data.Tokens.Select((text, id) => IsLiteral(id) ? Encoding.UTF8.GetBytes(text) : ByteAlphabet.BytesOf(text) ?? Encoding.UTF8.GetBytes(text))];
        _specials = new(data.Tokens.Select((text, id) => (text, id)).Where(token => IsLiteral(token.id)));
        _pre = PreTokenizers.Find(data.PreTokenizer);
        _merger = new(data, ids, _pre.WholeWords);
        _wordLookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int VocabularySize => _data.Tokens.Count;

    public int? Bos => _data.Bos;

    public int? Eos => _data.Eos;

    /// <summary>Makes a tokenizer.</summary>
    /// <exception cref="TokenizerException">The data is inconsistent, or of a kind that is not supported.</exception>
    public static Tokenizer Create(TokenizerData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Model != "gpt2")
        {
            throw new TokenizerException($"The tokenizer model '{data.Model}' is not supported; supported is gpt2 (byte-level BPE).");
        }

        if (data.Tokens.Count == 0 || data.TokenTypes.Count != data.Tokens.Count)
        {
            throw new TokenizerException($"The vocabulary has {data.Tokens.Count} tokens and {data.TokenTypes.Count} token types; both must be the same number, above 0.");
        }

        foreach (var (name, id) in new[] { ("BOS", data.Bos), ("EOS", data.Eos), ("unknown", data.Unknown), ("padding", data.Padding) })
        {
            if (id < 0 || id >= data.Tokens.Count)
            {
                throw new TokenizerException($"The {name} token {id} is outside the vocabulary of {data.Tokens.Count}.");
            }
        }

        return new(data);
    }

    /// <summary>Encodes a prompt; special tokens count where none of their characters came from the caller.</summary>
    public int[] Encode(PromptText prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var output = new List<int>(prompt.Text.Length / 3 + 8);
        for (var at = 0; at < prompt.Text.Length;)
        {
            var (start, length, id) = _specials.Find(prompt, at);
            EncodePlain(prompt.Text.AsSpan(at, start - at), output);
            if (length > 0)
            {
                output.Add(id);
            }

            at = start + length;
        }

        return [.. output];
    }

    /// <summary>Encodes text in which nothing is special.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var output = new List<int>(text.Length / 3 + 8);
        EncodePlain(text, output);
        return [.. output];
    }

    /// <summary>Decodes tokens; bytes that are no UTF-8 become U+FFFD, and special tokens their text.</summary>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        var bytes = new List<byte>(tokens.Length * 4);
        foreach (var token in tokens)
        {
            bytes.AddRange(TokenBytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>The bytes of one token, which may be part of a character; none for an id outside the vocabulary.</summary>
    public ReadOnlySpan<byte> TokenBytes(int token) => (uint)token < (uint)_bytes.Length ? _bytes[token] : [];

    /// <summary>Whether the token is for control, and so is no part of the text that a reader sees.</summary>
    public bool IsControl(int token) => (uint)token < (uint)_data.TokenTypes.Count && _data.TokenTypes[token] == (int)TokenType.Control;

    private bool IsLiteral(int id) => _data.TokenTypes[id] is (int)TokenType.Control or (int)TokenType.UserDefined;

    private void EncodePlain(ReadOnlySpan<char> text, List<int> output) => _pre.Split(text, word =>
    {
        if (!_wordLookup.TryGetValue(word, out var tokens))
        {
            tokens = _merger.MergeWord(word);
            if (word.Length <= LongestRememberedWord)
            {
                Remember(word, tokens);
            }
        }

        output.AddRange(tokens);
    });

    private void Remember(ReadOnlySpan<char> word, int[] tokens)
    {
        // Starting over now and then keeps it bounded without any bookkeeping on the way.
        if (_words.Count >= RememberedWords)
        {
            _words.Clear();
        }

        _wordLookup.TryAdd(word, tokens);
    }
}
