using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Generation;
using Serverless.Functions.Jobs;

namespace Serverless.Functions.Webhooks;

/// <summary>Standard Webhooks' body: <c>{"type","timestamp","data"}</c>. A full one carries the job as the API shows it, unless that is too large.</summary>
internal sealed class WebhookBody(IOptions<WebhookOptions> options) : IWebhookBody
{
    public byte[] Write(WebhookDelivery delivery, Job? job, JobResult? result)
    {
        var body = Write(delivery, job, result, delivery.Payload);
        return body.Length <= options.Value.MaxBodyBytes ? body : Write(delivery, job, result, WebhookPayload.Thin);
    }

    private static byte[] Write(WebhookDelivery delivery, Job? job, JobResult? result, WebhookPayload payload)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", delivery.Event);
            json.WriteString("timestamp", (result?.FinishedAt ?? delivery.CreatedAt).UtcDateTime);
            json.WritePropertyName("data");
            if (job is null || result is null)
            {
                WriteTest(json, delivery);
            }
            else if (payload == WebhookPayload.Full)
            {
                JobAnswer.Write(json, job, null, result);
            }
            else
            {
                WriteThin(json, job, result);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTest(Utf8JsonWriter json, WebhookDelivery delivery)
    {
        json.WriteStartObject();
        json.WriteString("id", delivery.Endpoint);
        json.WriteString("object", "webhook");
        json.WriteEndObject();
    }

    private static void WriteThin(Utf8JsonWriter json, Job job, JobResult result)
    {
        json.WriteStartObject();
        json.WriteString("id", job.Id.ToString());
        json.WriteString("object", "job");
        json.WriteString("status", result.State.ToString().ToLowerInvariant());
        json.WriteString("model", job.Deployment);
        json.WriteNumber("created_at", job.AcceptedAt.ToUnixTimeSeconds());
        json.WriteNumber("finished_at", result.FinishedAt.ToUnixTimeSeconds());
        if (GenerationDoor.Refusal(result) is { } error)
        {
            ErrorAnswer.Write(json, error);
        }

        json.WriteEndObject();
    }
}
