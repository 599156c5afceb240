namespace Serverless.Inference.Scheduling;

/// <summary>What a model can take.</summary>
/// <param name="Vocabulary">Tokens are 0 to this, exclusive.</param>
/// <param name="ContextLength">The longest sequence, in tokens.</param>
/// <param name="Blocks">Blocks of its key/value cache.</param>
/// <param name="EosTokens">Tokens that end a sequence.</param>
internal sealed record ModelLimits(int Vocabulary, int ContextLength, int Blocks, IReadOnlyList<int> EosTokens);
