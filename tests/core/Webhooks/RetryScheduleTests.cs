using Serverless.Core.Webhooks;

namespace Serverless.Core.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly WebhookOptions _options = new();

    [Fact]
    public void TheWaitTriplesUntilItIsTheLongest() =>
        Assert.Equal(
            [5, 15, 45, 135, 405, 1215, 3645, 10935, 32805, 43200, 43200],
            Enumerable.Range(1, 11).Select(failed => (int)Math.Round(RetrySchedule.Delay(_options, failed, 0.5).TotalSeconds)));

    [Theory]
    [InlineData(0, 0.8)]
    [InlineData(1, 1.2)]
    public void JitterIsAFifthEitherWay(double chance, double factor) =>
        Assert.Equal(45 * factor, RetrySchedule.Delay(_options, 3, chance).TotalSeconds, 6);

    [Fact]
    public void AnyNumberOfFailuresHasAWait() =>
        Assert.Equal(_options.MaxRetryDelay, RetrySchedule.Delay(_options, int.MaxValue, 0.5));
}
