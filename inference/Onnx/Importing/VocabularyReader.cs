using Serverless.Inference.Gguf;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>Takes the tokenizer's data out of the metadata.</summary>
internal static class VocabularyReader
{
    private const string Prefix = "tokenizer.ggml.";

    private static readonly string[] EndKinds = ["eos", "eot", "eom"];

    public static TokenizerData Read(GgufMetadata metadata, int vocabulary)
    {
        var tokens = metadata.Texts(Prefix + "tokens");
        if (tokens.Length > vocabulary)
        {
            throw new ImportException($"The model cannot be imported: its tokenizer has {tokens.Length} tokens, its embedding only {vocabulary}.");
        }

        var types = metadata.Has(Prefix + "token_type") ? metadata.Integers(Prefix + "token_type") : [.. tokens.Select(_ => (int)TokenType.Normal)];
        if (types.Length != tokens.Length)
        {
            throw new ImportException($"The model cannot be imported: its tokenizer has {tokens.Length} tokens, but {types.Length} token types.");
        }

        return new()
        {
            Model = metadata.Text(Prefix + "model"),
            PreTokenizer = metadata.TextOrNull(Prefix + "pre") ?? "default",
            Tokens = tokens,
            TokenTypes = types,
            Merges = metadata.Has(Prefix + "merges") ? metadata.Texts(Prefix + "merges") : [],
            Bos = Token(metadata, "bos", tokens.Length),
            Eos = Token(metadata, "eos", tokens.Length),
            Unknown = Token(metadata, "unknown", tokens.Length),
            Padding = Token(metadata, "padding", tokens.Length),
            AddBos = metadata.Flag(Prefix + "add_bos_token", absent: false),
            AddSpacePrefix = metadata.Flag(Prefix + "add_space_prefix", absent: false),
        };
    }

    /// <summary>End of text, of turn and of message, as far as the file names them.</summary>
    public static int[] EndTokens(GgufMetadata metadata, int tokens) =>
        [.. EndKinds.Select(kind => Token(metadata, kind, tokens)).OfType<int>().Distinct()];

    private static int? Token(GgufMetadata metadata, string kind, int tokens) =>
        metadata.IntegerOrNull($"{Prefix}{kind}_token_id", 0, tokens - 1);
}
