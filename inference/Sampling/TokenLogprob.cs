namespace Serverless.Inference.Sampling;

/// <summary>What the model itself thought of a chosen token.</summary>
/// <remarks>
/// Natural logarithms of the model's own distribution: the softmax of the raw logits, before bias, penalties, temperature
/// and the cuts of sampling.
/// </remarks>
/// <param name="Token">The chosen token.</param>
/// <param name="Logprob">Its log-probability.</param>
/// <param name="Top">The likeliest tokens, best first; as many as were asked for.</param>
public sealed record TokenLogprob(int Token, float Logprob, IReadOnlyList<TopLogprob> Top);

/// <summary>One of the likeliest tokens at a position.</summary>
public readonly record struct TopLogprob(int Token, float Logprob);
