using Serverless.Core.Jobs;

namespace Serverless.Core.Tests.Jobs;

public sealed class JobIdTests
{
    private static readonly DateTimeOffset _moment = new(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);

    [Fact]
    public void AnIdIsReadBackFromItsText()
    {
        var id = JobId.New(_moment);

        Assert.Equal(id, JobId.Parse(id.ToString()));
        Assert.Equal(_moment, id.AcceptedAt);
        Assert.StartsWith("jobs/2026/03/04/job_", id.Folder, StringComparison.Ordinal);
    }

    [Fact]
    public void LaterIdsSortAfterEarlierOnes()
    {
        var ids = Enumerable.Range(0, 100).Select(i => JobId.New(_moment.AddMilliseconds(i)).ToString()).ToArray();

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("job_")]
    [InlineData("job_0123456789abcdefghjkmnpqr")]
    [InlineData("job_0123456789abcdefghjkmnpqrst")]
    [InlineData("job_z123456789abcdefghjkmnpqrs")]
    [InlineData("job_0123456789abcdefghjkmnpqrI")]
    [InlineData("job_../../../../../etc/passwd0")]
    public void WhatIsNoIdIsRefused(string? text) => Assert.False(JobId.TryParse(text, null, out _));
}
