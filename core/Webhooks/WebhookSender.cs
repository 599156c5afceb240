using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;

namespace Serverless.Core.Webhooks;

/// <summary>Makes one signed HTTP request to a receiver.</summary>
internal sealed class WebhookSender : IDisposable
{
    private const int ExcerptBytes = 1024;

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;

    public WebhookSender(IOptions<WebhookOptions> options, TimeProvider clock)
        : this(options, clock, Dns.GetHostAddressesAsync)
    {
    }

    internal WebhookSender(IOptions<WebhookOptions> options, TimeProvider clock, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        (_timeout, _clock) = (options.Value.Timeout, clock);
        var connector = new GuardedConnector(options.Value.AllowPrivateNetworks, resolve);
        _http = new(new SocketsHttpHandler
        {
            ConnectCallback = connector.ConnectAsync,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            // A proxy would connect in our place, to an address that nobody has checked.
            UseProxy = false,
            UseCookies = false,
            // Nobody outside learns how our requests hang together.
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.Value.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 16 * 1024,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends; whatever the receiver does comes back as a value.</summary>
    /// <param name="url">The receiver.</param>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="number">The attempt's number.</param>
    /// <param name="secrets">What signs.</param>
    /// <param name="body">The JSON to send.</param>
    /// <param name="cancellationToken">Ends the process' work; nothing is known of the attempt then.</param>
    public async Task<(DeliveryAttempt Attempt, TimeSpan? RetryAfter)> SendAsync(
        Uri url, string id, int number, WebhookSecrets secrets, byte[] body, CancellationToken cancellationToken)
    {
        var (begin, at) = (_clock.GetTimestamp(), _clock.GetUtcNow());
        using var limit = new CancellationTokenSource(_timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = Request(url, id, at, secrets, body);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var excerpt = await ExcerptAsync(response.Content, either.Token);
            return (Attempt((int)response.StatusCode, null, excerpt), RetryAfter(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (Attempt(null, string.Create(CultureInfo.InvariantCulture, $"No answer within {_timeout.TotalSeconds:0.###} s."), null), null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return (Attempt(null, Innermost(error).Message, null), null);
        }

        DeliveryAttempt Attempt(int? status, string? problem, string? response) =>
            new(number, at, (int)_clock.GetElapsedTime(begin).TotalMilliseconds, status, problem, response);
    }

    private static HttpRequestMessage Request(Uri url, string id, DateTimeOffset at, WebhookSecrets secrets, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.UserAgent.ParseAdd("Serverless-Webhooks/1");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Header(secrets.Valid(at), id, at, body));
        return request;
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        (header?.Delta ?? (header?.Date - _clock.GetUtcNow())) is { } wait && wait > TimeSpan.Zero ? wait : null;

    // The status is the answer; of the body as much is kept as comes in time, and no more than the excerpt is read.
    private static async Task<string> ExcerptAsync(HttpContent content, CancellationToken limit)
    {
        var buffer = new byte[ExcerptBytes];
        var count = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(limit);
            int read;
            while (count < buffer.Length && (read = await stream.ReadAsync(buffer.AsMemory(count), limit)) > 0)
            {
                count += read;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or HttpRequestException or IOException)
        {
            // The rest is of no interest.
        }

        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    // The outer ones only say that an inner one has the cause.
    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
