namespace Serverless.Inference.Tokenization;

/// <summary>Cuts text into the words that byte-level BPE merges within.</summary>
internal delegate void WordSplitter(ReadOnlySpan<char> text, WordSink sink);

/// <summary>Takes one word.</summary>
internal delegate void WordSink(ReadOnlySpan<char> word);

/// <summary>What a tokenizer does with text before it merges.</summary>
/// <param name="Split">Cuts the text.</param>
/// <param name="WholeWords">A word that is itself in the vocabulary is one token, whatever the merges would make of it.</param>
internal sealed record PreTokenizer(WordSplitter Split, bool WholeWords = false);

/// <summary>The pre-tokenizers by their GGUF name. Each is written out by hand: exact, linear, and nothing to backtrack into.</summary>
/// <remarks>Text is taken as it comes, as llama.cpp does; Qwen's own code first brings it to Unicode's form C.</remarks>
internal static class PreTokenizers
{
    private static readonly PreTokenizer Llama3 = new(Llama3Words.WithDigits(3), WholeWords: true);
    private static readonly PreTokenizer Qwen2 = new(Llama3Words.WithDigits(1));

    private static readonly Dictionary<string, PreTokenizer> ByName = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = new(Gpt2Words.Split),
        ["smollm"] = new(Gpt2Words.SplitDigits),
        ["llama-bpe"] = Llama3,
        ["llama3"] = Llama3,
        ["llama-v3"] = Llama3,
        ["qwen2"] = Qwen2,
        ["deepseek-r1-qwen"] = Qwen2,
        ["deepseek-v3"] = new(DeepSeekWords.Split),
    };

    /// <exception cref="TokenizerException">There is no pre-tokenizer of that name.</exception>
    public static PreTokenizer Find(string name) => ByName.GetValueOrDefault(name)
        ?? throw new TokenizerException($"The pre-tokenizer '{name}' is not supported; supported are {string.Join(", ", ByName.Keys)}.");
}
