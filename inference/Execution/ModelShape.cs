namespace Serverless.Inference.Execution;

/// <summary>What the runner has to know of a model beside its graph.</summary>
internal sealed record ModelShape(int Vocabulary, int ContextLength, int KvHeads, int HeadSize, IReadOnlyList<int> EosTokens);
