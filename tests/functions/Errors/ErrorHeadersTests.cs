using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Functions.Errors;
using Serverless.Functions.Tests.BadInput;

namespace Serverless.Functions.Tests.Errors;

/// <summary>Whatever a route fails with, the answer names its request and has OpenAI's error body.</summary>
public sealed class ErrorHeadersTests
{
    public static TheoryData<Exception, int, string?> Failures => new()
    {
        { ApiException.Invalid("No."), 400, null },
        { new ApiException(new JobError(429, "invalid_request_error", "Too many.", null, "rate_limit_exceeded"), retryAfterSeconds: 7), 429, "7" },
        { new HotStateUnavailableException("Away.", new TimeoutException()), 503, "2" },
        { new StoreException("Away.", isTransient: true), 503, "2" },
        { new QueueException(QueueFailure.Unavailable, "Away."), 503, "2" },
        { new InvalidOperationException("A bug."), 500, null },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task AFailureHasItsHeadersAndItsBody(Exception failure, int status, string? retryAfter)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseMiddleware<ErrorMiddleware>();
        app.Run(_ => throw failure);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var api = new ApiClient(new Uri(app.Urls.Single()), null);

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Head })
        {
            var answer = await api.SendAsync(method, "/", null);
            Assert.Equal(status, answer.Status);
            Assert.Matches("^req_[0-9a-f]{32}$", answer.Headers["x-request-id"]);
            Assert.Matches(@"^\d+$", answer.Headers["openai-processing-ms"]);
            Assert.Equal(retryAfter, answer.Headers.GetValueOrDefault("Retry-After"));
            if (method != HttpMethod.Head)
            {
                BadInputServer.CheckError(answer);
                Assert.DoesNotContain("A bug", answer.Text, StringComparison.Ordinal);
            }
        }
    }
}
