using System.ComponentModel.DataAnnotations;

namespace Serverless.GpuWorker;

/// <summary>What a worker serves and how it lets go.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>The name under which the model is offered: the <c>model</c> of a request. The default is <c>smollm2-135m-instruct</c>.</summary>
    [Required, RegularExpression("^[a-z0-9][a-z0-9.-]{0,63}$", ErrorMessage = "Worker:Deployment must be 1 to 64 lower-case letters, digits, dots or hyphens, beginning with a letter or digit.")]
    public string Deployment { get; set; } = "smollm2-135m-instruct";

    /// <summary>The model's GGUF file. The default is the file that the model catalog names for the deployment.</summary>
    public string? ModelFile { get; set; }

    /// <summary>The folder in which imported models are kept. The default is <c>.data/models</c>.</summary>
    [Required]
    public string ModelCache { get; set; } = Path.Combine(".data", "models");

    /// <summary>The queues to serve, most urgent first. The default is <c>priority</c>, <c>default</c>, <c>flex</c>.</summary>
    public IReadOnlyList<string> Tiers { get; set; } = ["priority", "default", "flex"];

    /// <summary>How many attempts in a row may bring a job no further before it fails for good. The default is 5.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>How long a stopping worker goes on with jobs that may still finish, in seconds; the rest is handed back. The default is 20.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 20;
}
