using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.Webhooks;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

public sealed class WebhookSenderTests : IAsyncLifetime
{
    private static readonly byte[] _body = Encoding.UTF8.GetBytes("""{"type":"job.succeeded"}""");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly WebhookSecrets _secrets = new([WebhookSecret.New(DateTimeOffset.UnixEpoch)]);
    private Receiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await Receiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task ARequestIsASignedPostOfTheBody()
    {
        using var sender = Sender();
        var (attempt, _) = await SendAsync(sender);

        var received = await _receiver.NextAsync(Now);
        Assert.Equal(("POST", "/hook", "application/json"), (received.Method, received.Path, received.Headers["content-type"]));
        Assert.Equal(_body, received.Body);
        Assert.Equal("msg_1", received.Id);
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), received.Headers["webhook-timestamp"]);
        Assert.Equal(WebhookSignature.Header(_secrets.All, "msg_1", _clock.GetUtcNow(), _body), received.Headers["webhook-signature"]);
        Assert.Equal((1, 200, null, "status 200"), (attempt.Number, attempt.Status, attempt.Error, attempt.Response));
    }

    [Fact]
    public async Task AnExpiredSecretDoesNotSign()
    {
        using var sender = Sender();
        var rotated = _secrets.Rotate(_clock.GetUtcNow(), TimeSpan.FromHours(1));
        await sender.SendAsync(_receiver.Url, "msg_1", 1, rotated, _body, Now);
        _clock.Advance(TimeSpan.FromHours(1));
        await sender.SendAsync(_receiver.Url, "msg_1", 1, rotated, _body, Now);

        Assert.Equal([4, 2], _receiver.All.Select(received => received.Headers["webhook-signature"].Split(' ').Length));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task ARedirectIsNotFollowed(int status)
    {
        await using var elsewhere = await Receiver.StartAsync();
        _receiver.Answer(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = elsewhere.Url.ToString();
            return Task.CompletedTask;
        });
        using var sender = Sender();

        var (attempt, _) = await SendAsync(sender);

        Assert.Equal(status, attempt.Status);
        Assert.Empty(elsewhere.All);
    }

    [Fact]
    public async Task AReceiverThatDoesNotAnswerInTimeIsLeft()
    {
        var asked = new TaskCompletionSource();
        _receiver.Answer(async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var sender = Sender();
        var sending = SendAsync(sender);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), Now);

        _clock.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(sending.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        var (attempt, _) = await sending.WaitAsync(TimeSpan.FromSeconds(60), Now);

        Assert.Null(attempt.Status);
        Assert.Equal("No answer within 15 s.", attempt.Error);
        Assert.Equal(15_100, attempt.LatencyMs);
    }

    [Fact]
    public async Task AnAnswerWhoseBodyNeverEndsCountsByItsStatus()
    {
        var begun = new TaskCompletionSource();
        _receiver.Answer(async context =>
        {
            await context.Response.WriteAsync("first", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var sender = Sender();
        var sending = SendAsync(sender);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Now);

        // The headers may not have been read yet when the receiver has sent them.
        var step = TimeSpan.FromSeconds(15);
        while (!sending.IsCompleted)
        {
            var next = await Task.WhenAny(sending, Task.Run(() => SpinWait.SpinUntil(() => sending.IsCompleted, TimeSpan.FromMilliseconds(500)), Now));
            if (next != sending)
            {
                _clock.Advance(step);
            }
        }

        var (attempt, _) = await sending;
        Assert.Equal((200, "first"), (attempt.Status, attempt.Response));
    }

    [Fact]
    public async Task OnlyTheStartOfALongAnswerIsRead()
    {
        _receiver.Answer(async context =>
        {
            context.Response.StatusCode = 500;
            var block = Encoding.ASCII.GetBytes(new string('x', 64 * 1024));
            while (!context.RequestAborted.IsCancellationRequested)
            {
                try
                {
                    await context.Response.Body.WriteAsync(block, context.RequestAborted);
                }
                catch (Exception error) when (error is OperationCanceledException or IOException)
                {
                    return;
                }
            }
        });
        using var sender = Sender();

        var (attempt, _) = await SendAsync(sender).WaitAsync(TimeSpan.FromSeconds(60), Now);

        Assert.Equal((500, new string('x', 1024)), (attempt.Status, attempt.Response));
    }

    [Fact]
    public async Task HeadersWithoutEndAreCutOff()
    {
        _receiver.Answer(context =>
        {
            for (var i = 0; i < 40; i++)
            {
                context.Response.Headers[$"x-{i}"] = new string('y', 1000);
            }

            return Task.CompletedTask;
        });
        using var sender = Sender();

        var (attempt, _) = await SendAsync(sender);

        Assert.Null(attempt.Status);
        Assert.NotNull(attempt.Error);
    }

    [Fact]
    public async Task AReceiverThatIsNotThereIsAnErrorAndNoException()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var sender = Sender();

        var (attempt, _) = await sender.SendAsync(new Uri($"http://127.0.0.1:{port}/"), "msg_1", 1, _secrets, _body, Now);

        Assert.Null(attempt.Status);
        Assert.Contains("refused", attempt.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AConnectionThatBreaksIsAnErrorAndNoException()
    {
        _receiver.Answer(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var sender = Sender();

        var (attempt, _) = await SendAsync(sender);

        Assert.Null(attempt.Status);
        Assert.NotEmpty(attempt.Error!);
    }

    [Fact]
    public async Task ANameThatDoesNotExistIsAnErrorAndNoException()
    {
        using var sender = Sender(resolve: (_, _) => throw new SocketException((int)SocketError.HostNotFound));

        var (attempt, _) = await sender.SendAsync(new Uri("http://nowhere.example/"), "msg_1", 1, _secrets, _body, Now);

        Assert.Null(attempt.Status);
        Assert.NotEmpty(attempt.Error!);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("169.254.169.254", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("64:ff9b::7f00:1", true)]
    public async Task ANameThatLeadsInsideIsNotConnectedTo(string address, bool allowPrivate)
    {
        using var sender = Sender(allowPrivate, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]));

        var (attempt, _) = await sender.SendAsync(Named(), "msg_1", 1, _secrets, _body, Now);

        Assert.Equal((null, "The receiver's name leads to no public address."), (attempt.Status, attempt.Error));
        Assert.Empty(_receiver.All);
    }

    [Fact]
    public async Task ALiteralAddressIsCheckedToo()
    {
        using var sender = Sender(allowPrivate: false);

        var (attempt, _) = await SendAsync(sender);

        Assert.Equal((null, "The receiver's name leads to no public address."), (attempt.Status, attempt.Error));
        Assert.Empty(_receiver.All);
    }

    [Fact]
    public async Task TheAddressThatWasCheckedIsTheOneConnectedTo()
    {
        // A name that rebinds: harmless when it is first looked up, and the metadata service afterwards.
        var lookups = 0;
        using var sender = Sender(resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(lookups++ == 0 ? "127.0.0.1" : "169.254.169.254")]));

        var (attempt, _) = await sender.SendAsync(Named(), "msg_1", 1, _secrets, _body, Now);

        Assert.Equal((200, 1), (attempt.Status, lookups));
        Assert.Equal($"receiver.example:{_receiver.Url.Port}", (await _receiver.NextAsync(Now)).Headers["host"]);
    }

    [Fact]
    public async Task OfANamesAddressesOnlyTheAllowedAreTried()
    {
        using var sender = Sender(resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Parse("::ffff:10.0.0.1"), IPAddress.Loopback]));

        var (attempt, _) = await sender.SendAsync(Named(), "msg_1", 1, _secrets, _body, Now);

        Assert.Equal(200, attempt.Status);
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Sun, 01 Mar 2026 12:05:00 GMT", 300)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("99999999999999999999", null)]
    public async Task RetryAfterIsReadAsSecondsOrAsATime(string header, int? seconds)
    {
        _receiver.Answer(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        });
        using var sender = Sender();

        var (_, retryAfter) = await SendAsync(sender);

        Assert.Equal(seconds, (int?)retryAfter?.TotalSeconds);
    }

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private Uri Named() => new($"http://receiver.example:{_receiver.Url.Port}/hook");

    private Task<(DeliveryAttempt Attempt, TimeSpan? RetryAfter)> SendAsync(WebhookSender sender) =>
        sender.SendAsync(_receiver.Url, "msg_1", 1, _secrets, _body, Now);

    private WebhookSender Sender(bool allowPrivate = true, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null) =>
        new(Options.Create(new WebhookOptions { AllowPrivateNetworks = allowPrivate }), _clock, resolve ?? Dns.GetHostAddressesAsync);
}
