namespace Serverless.Core.Deployments;

/// <summary>A model that is offered under a name; stored as <c>deployments/{name}.json</c> by the worker that serves it.</summary>
public sealed record Deployment
{
    /// <summary>Lower-case letters, digits, dots and hyphens, at most 64; the <c>model</c> of a request.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the model file and its precision: part of every prompt key.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>The most tokens of prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    public required int VocabularySize { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string OwnedBy { get; init; } = "system";

    /// <summary>The name that answers carry as <c>system_fingerprint</c>.</summary>
    public string Fingerprint => "fp_" + ModelDigest[..12];
}
