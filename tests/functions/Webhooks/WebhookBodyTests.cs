using System.Text.Json;
using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;
using Serverless.Core.Webhooks;
using Serverless.Functions.Webhooks;

namespace Serverless.Functions.Tests.Webhooks;

public sealed class WebhookBodyTests
{
    private static readonly DateTimeOffset _time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly WebhookBody _body = new(Options.Create(new WebhookOptions()));

    [Fact]
    public void AThinBodyHasTheJobsStateAndNotItsText()
    {
        var json = Write(WebhookPayload.Thin, "the answer");

        Assert.Equal(("job.succeeded", "2026-03-01T12:00:00Z"), (json.GetProperty("type").GetString(), json.GetProperty("timestamp").GetString()));
        Assert.Equal(["id", "object", "status", "model", "created_at", "finished_at"], json.GetProperty("data").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void AFullBodyHasTheJobAsTheApiShowsIt()
    {
        var data = Write(WebhookPayload.Full, "the answer").GetProperty("data");
        Assert.Equal("the answer", data.GetProperty("result").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public void AFullBodyOverTheLimitIsThin()
    {
        var data = Write(WebhookPayload.Full, new string('x', 256 * 1024)).GetProperty("data");
        Assert.False(data.TryGetProperty("result", out _));
    }

    [Fact]
    public void AFailureCarriesItsError()
    {
        var data = Write(WebhookPayload.Thin, "", JobState.Failed, JobError.Invalid("Too long.", "messages", "context_length_exceeded")).GetProperty("data");
        Assert.Equal(("failed", "context_length_exceeded"), (data.GetProperty("status").GetString(), data.GetProperty("error").GetProperty("code").GetString()));
    }

    private JsonElement Write(WebhookPayload payload, string text, JobState state = JobState.Succeeded, JobError? error = null)
    {
        var id = JobId.New(_time);
        var job = new Job { Id = id, Tenant = "acme", Deployment = "model", Request = new() { Messages = [] }, Seed = 1 };
        var result = new JobResult
        {
            Id = id,
            Tenant = "acme",
            Deployment = "model",
            State = state,
            Error = error,
            Choices = [new Choice { Index = 0, Text = text, FinishReason = "stop" }],
            FinishedAt = _time,
        };
        var delivery = new WebhookDelivery
        {
            Id = "msg_1",
            Tenant = "acme",
            Endpoint = "requests",
            Event = WebhookEvents.Of(state),
            Job = id,
            Payload = payload,
            CreatedAt = _time.AddSeconds(5),
            GiveUpAt = _time.AddDays(3),
        };
        var body = _body.Write(delivery, job, result);
        Assert.Equal(body, _body.Write(delivery, job, result));
        return JsonDocument.Parse(body).RootElement;
    }
}
