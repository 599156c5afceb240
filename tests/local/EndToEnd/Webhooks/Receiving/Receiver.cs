using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

/// <summary>A webhook receiver on this machine: it keeps what it gets, and answers as it is told.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly WebApplication _app;
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    private readonly ConcurrentQueue<Received> _all = new();
    private readonly ConcurrentQueue<RequestDelegate> _answers = new();

    private Receiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseShutdownTimeout(TimeSpan.Zero);
        _app = builder.Build();
        _app.Run(TakeAsync);
    }

    public Uri Url => new(_app.Urls.First() + "/hook");

    /// <summary>How it answers when it was told nothing else.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    public IReadOnlyCollection<Received> All => _all;

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Says how the next requests are answered, one each.</summary>
    public void Answer(params RequestDelegate[] answers) => Array.ForEach(answers, _answers.Enqueue);

    /// <summary>Says with which statuses the next requests are answered.</summary>
    public void Answer(params int[] statuses) => Answer([.. statuses.Select(Say)]);

    /// <summary>Waits for the next request.</summary>
    public async Task<Received> NextAsync(CancellationToken cancellationToken) =>
        await _received.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static RequestDelegate Say(int status) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($"status {status.ToString(CultureInfo.InvariantCulture)}");
    };

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var received = new Received(
            context.Request.Method,
            context.Request.Path.ToString(),
            context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()),
            body.ToArray());
        _all.Enqueue(received);
        await _received.Writer.WriteAsync(received);
        await (_answers.TryDequeue(out var answer) ? answer : Say(Status))(context);
    }
}
