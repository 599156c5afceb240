using System.ComponentModel.DataAnnotations;
using Serverless.Inference.Kernels;

namespace Serverless.Inference.Scheduling;

/// <summary>How much the engine takes on at once, and with what.</summary>
public sealed class EngineOptions : IValidatableObject
{
    public const string Section = "Engine";

    /// <summary>The most sequences that run together. The default is 32.</summary>
    [Range(1, 256)]
    public int MaxSequences { get; set; } = 32;

    /// <summary>The most tokens, prompt and output together, that one step computes. The default is 512.</summary>
    [Range(1, 65_536)]
    public int MaxTokensPerStep { get; set; } = 512;

    /// <summary>The most sequences that wait to start; more are turned away. The default is 256.</summary>
    [Range(1, 65_536)]
    public int MaxWaiting { get; set; } = 256;

    /// <summary>Memory for keys and values, in bytes. The default is 256 MiB.</summary>
    [Range(1 << 16, 1L << 40)]
    public long CacheBytes { get; set; } = 256L << 20;

    /// <summary>Threads that compute. The default, 0, is one for each core.</summary>
    [Range(0, 1_024)]
    public int Threads { get; set; }

    /// <summary>How long a thread that waits for the next operator keeps its core, in microseconds; 0 lets it sleep at once. The default is 100.</summary>
    /// <remarks>Waking takes as long as a small operator; keeping a core for long takes it from the server beside the engine.</remarks>
    [Range(0, 1_000_000)]
    public int SpinMicroseconds { get; set; } = 100;

    /// <summary>The vector instructions of the operators; those that the processor lacks are refused. The default, <c>Auto</c>, is the widest it has.</summary>
    public InstructionSet InstructionSet { get; set; } = InstructionSet.Auto;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxTokensPerStep < MaxSequences)
        {
            yield return new(
                $"{nameof(MaxTokensPerStep)} ({MaxTokensPerStep}) must be at least {nameof(MaxSequences)} ({MaxSequences}): " +
                "every running sequence needs one token a step.",
                [nameof(MaxTokensPerStep), nameof(MaxSequences)]);
        }
    }

    /// <summary>Refuses bad values, all of them in one message.</summary>
    /// <exception cref="ValidationException">A value is out of range.</exception>
    internal void ThrowIfInvalid()
    {
        var context = new ValidationContext(this);
        var errors = new List<ValidationResult>();
        if (Validator.TryValidateObject(this, context, errors, validateAllProperties: true))
        {
            return;
        }

        throw new ValidationException(string.Join(" ", errors.Select(error => error.ErrorMessage)));
    }
}
