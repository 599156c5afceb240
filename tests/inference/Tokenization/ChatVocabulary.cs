using Serverless.Inference.Gguf;
using Serverless.Inference.Tests.Fixtures;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>The shipped chat model's tokenizer, read once.</summary>
internal static class ChatVocabulary
{
    private static readonly Lazy<TokenizerData> LazyData = new(() =>
    {
        using var file = GgufFile.Open(FixtureFolder.ChatModel);
        return new TokenizerData
        {
            Model = file.Metadata.Text("tokenizer.ggml.model"),
            PreTokenizer = file.Metadata.Text("tokenizer.ggml.pre"),
            Tokens = file.Metadata.Texts("tokenizer.ggml.tokens"),
            TokenTypes = file.Metadata.Integers("tokenizer.ggml.token_type"),
            Merges = file.Metadata.Texts("tokenizer.ggml.merges"),
            Eos = 2,
        };
    });

    private static readonly Lazy<Tokenizer> LazyTokenizer = new(() => Tokenizer.Create(Data));

    public static TokenizerData Data => LazyData.Value;

    public static Tokenizer Tokenizer => LazyTokenizer.Value;
}
