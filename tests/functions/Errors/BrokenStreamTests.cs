using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Functions.Answers;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Tests.Errors;

public sealed class BrokenStreamTests
{
    public static TheoryData<Exception, string> Failures => new()
    {
        { new HotStateUnavailableException("Redis did not serve the call.", new TimeoutException()), "service_unavailable" },
        { new InvalidOperationException("A bug."), "internal_error" },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task AStreamThatFailsMidwayEndsWithAnErrorEvent(Exception failure, string code)
    {
        var events = await ReadAsync(async context =>
        {
            await SseWriter.BeginAsync(context);
            using var sse = new SseWriter(context);
            sse.Add(json => json.WriteStringValue("first"));
            await sse.FlushAsync();
            sse.Add(json => json.WriteStringValue("never sent"));
            throw failure;
        });

        Assert.Equal("\"first\"", events[0]);
        Assert.Equal(2, events.Count);
        var error = JsonDocument.Parse(events[1]).RootElement.GetProperty("error");
        Assert.Equal(("server_error", code), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.DoesNotContain(failure.Message, events[1], StringComparison.Ordinal);
    }

    /// <summary>Reads to the end of the response, which a cut connection would not let it.</summary>
    private static async Task<IReadOnlyList<string>> ReadAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseMiddleware<ErrorMiddleware>();
        app.Run(handler);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        await using var body = await http.GetStreamAsync(app.Urls.Single(), TestContext.Current.CancellationToken);
        var events = new List<string>();
        await foreach (var item in SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken))
        {
            events.Add(item.Data);
        }

        return events;
    }
}
