using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <param name="PromptKey">The hexadecimal prompt key.</param>
/// <param name="Candidate">The id that the job will have if this request leads.</param>
/// <param name="MaxAge">The oldest acceptable answer; null accepts any.</param>
/// <param name="Lookup">Whether an answer from the cache or another flight is welcome.</param>
public sealed record AdmissionRequest(string PromptKey, JobId Candidate, TimeSpan? MaxAge, bool Lookup);

/// <summary>What admission found. The cases are the nested types; there are no others.</summary>
public abstract record Admission
{
    private Admission() { }

    /// <param name="Result">The stored <see cref="JobResult"/> as JSON.</param>
    /// <param name="Age">How long ago it was stored.</param>
    public sealed record Hit(ReadOnlyMemory<byte> Result, TimeSpan Age) : Admission;

    /// <summary>An equal request is in flight; its job answers this one too.</summary>
    public sealed record Joined(JobId Job) : Admission;

    /// <summary>This request makes the job.</summary>
    public sealed record Lead : Admission;
}
