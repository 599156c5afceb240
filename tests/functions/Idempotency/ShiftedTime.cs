namespace Serverless.Functions.Tests.Idempotency;

/// <summary>The real time, whose calendar the test moves on.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
