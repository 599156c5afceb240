using System.Text;
using Serverless.Core.Jobs;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

public sealed class WebhookHandlerTests
{
    private const string Job = "job_06f8xwsg1rdw32bh2b7kx8z3g4";
    private const string Delivery = "msg_06f8xwsg1rdw32bh2b7kx8z3g4_0123456789abcdef";

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("""{"schema":1,"tenant":"acme"}""")]
    [InlineData($$"""{"schema":2,"tenant":"acme","ended":"{{Job}}"}""")]
    [InlineData("""{"schema":1,"tenant":"acme","ended":"job_1"}""")]
    [InlineData($$"""{"schema":1,"tenant":"../other","ended":"{{Job}}"}""")]
    [InlineData($$"""{"schema":1,"tenant":"","ended":"{{Job}}"}""")]
    [InlineData($$"""{"schema":1,"tenant":"acme","endpoint":"../x","delivery":"{{Delivery}}"}""")]
    [InlineData("""{"schema":1,"tenant":"acme","endpoint":"requests","delivery":"../x"}""")]
    [InlineData("""{"schema":1,"tenant":"acme","endpoint":"requests"}""")]
    public async Task WhatIsNoWebhookMessageIsTurnedAway(string body)
    {
        await using var system = new WebhookSystem();
        Assert.False(await system.Handler.HandleAsync(Encoding.UTF8.GetBytes(body), WebhookSystem.Now));
    }

    [Theory]
    [InlineData($$"""{"schema":1,"tenant":"acme","ended":"{{Job}}"}""")]
    [InlineData($$"""{"schema":1,"tenant":"acme","endpoint":"requests","delivery":"{{Delivery}}","attempt":1}""")]
    public async Task AMessageAboutWhatIsNoLongerThereIsDone(string body)
    {
        await using var system = new WebhookSystem();
        Assert.True(await system.Handler.HandleAsync(Encoding.UTF8.GetBytes(body), WebhookSystem.Now));
        Assert.Equal(0, system.Queue.Count);
    }

    [Fact]
    public async Task AnotherTenantsJobIsToldToNobody()
    {
        await using var system = new WebhookSystem();
        await using var receiver = await Receiver.StartAsync();
        await system.EndpointAsync(receiver);
        var job = await system.EndAsync();
        while (system.Queue.TakeDue() is not null)
        {
            // Only the forged message is to be handled.
        }

        Assert.True(await system.Handler.HandleAsync(
            Encoding.UTF8.GetBytes($$"""{"schema":1,"tenant":"other","ended":"{{job.Id}}"}"""), WebhookSystem.Now));

        Assert.Equal(0, system.Queue.Count);
        Assert.Empty(await system.Deliveries.ListAsync(WebhookSystem.Tenant, "requests", null, WebhookSystem.Now).ToListAsync(WebhookSystem.Now));
    }

    [Fact]
    public async Task MessagesOfOneJobThatAreSentAgainHaveTheSameId()
    {
        await using var system = new WebhookSystem();
        await using var receiver = await Receiver.StartAsync();
        var job = await system.EndAsync(webhookUrl: receiver.Url);
        var result = (await system.Jobs.FindResultAsync(job.Id, WebhookSystem.Now))!;
        Assert.Equal(JobState.Succeeded, result.State);

        await system.Outbox.TellAsync(job, result, WebhookSystem.Now);
        await system.Outbox.TellAsync(job, result, WebhookSystem.Now);
        Assert.Equal(1, system.Queue.Count);

        // Beyond the time in which the queue drops repetitions, the fan-out finds the delivery made.
        await system.RunAsync();
        system.Clock.Advance(TimeSpan.FromHours(1));
        await system.Outbox.TellAsync(job, result, WebhookSystem.Now);
        await system.RunAsync();
        Assert.Single(receiver.All);
    }
}
