using System.Text;
using System.Text.Json;
using Serverless.Local.Broker;
using Serverless.Local.Tests.EndToEnd.Running;

namespace Serverless.Local.Tests.EndToEnd;

/// <summary>Processes that are killed in the middle of a stream.</summary>
/// <remarks>The queue is in the tests' own process, so that a dead worker's locks end within seconds.</remarks>
public sealed class KilledProcessTests(KilledProcessTests.Shape shape) : IClassFixture<KilledProcessTests.Shape>
{
    private readonly RunningServer _server = shape.Server;
    private readonly List<Answer> _refused = [];

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AStreamGoesOnWithTheSameTextWhenItsWorkerIsKilled()
    {
        var (answer, again) = await DisturbAsync(seed: 11, tokens: 160, async () =>
        {
            var other = _server.Add("worker");
            await shape.Worker.KillAsync(Now);
            shape.Worker = other;
        });

        AssertSame(again, answer, tokens: 160);
        Assert.True(Stored(answer.JobId).GetProperty("epoch").GetInt64() > 1, "The job had ended before its worker was killed.");
        // Counted once: every token and the end are told once, under numbers that follow each other.
        var events = (await _server.Api.GetAsync($"/v1/jobs/{answer.JobId}/events")).Events;
        Assert.Equal(Enumerable.Range(0, events.Count).Select(number => (long?)number), events.Select(one => one.Id));
        Assert.Equal(160, events.Sum(one => one.Data.GetProperty("ids").GetArrayLength()));
        Assert.Single(events, one => one.Data.TryGetProperty("state", out _));
    }

    [Fact]
    public async Task AWorkerThatIsAskedToStopHandsItsStreamToAnother()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        var (answer, again) = await DisturbAsync(seed: 12, tokens: 160, async () =>
        {
            var other = _server.Add("worker");
            await shape.Worker.TerminateAsync(Now);
            Assert.Equal(0, await shape.Worker.ExitAsync(Now));
            shape.Worker = other;
        });

        AssertSame(again, answer, tokens: 160);
        Assert.True(Stored(answer.JobId).GetProperty("epoch").GetInt64() > 1, "The job had ended before its worker was stopped.");
    }

    [Fact]
    public async Task WithoutRedisAcceptedStreamsEndNewRequestsAreRefusedAndItsReturnMendsAll()
    {
        Answer? ended = null;
        var (answer, again) = await DisturbAsync(seed: 13, tokens: 240, async () =>
        {
            var (shortStream, text) = await OpenAsync(seed: 14, tokens: 20, events: 1);
            await shape.Redis.KillAsync(Now);
            _refused.Add(await _server.Api.ChatAsync(Body(15, 5, stream: false)));
            _refused.Add(await _server.Api.ChatAsync(Body(15, 5)));
            _refused.Add(await _server.Api.ChatAsync(Body(15, 5, stream: false), ("Prefer", "respond-async")));
            // The end of a job comes from the store while Redis is dead.
            ended = await ReadAsync(shortStream, text);
            shape.Redis = _server.Add("redis");
        });
        var recovered = await shape.UntilServedAsync(Body(16, 5, stream: false), _refused);

        Assert.All(_refused, one =>
        {
            Assert.Equal((503, "service_unavailable"), (one.Status, one.ErrorCode));
            Assert.True(int.Parse(one.Headers["Retry-After"], null) > 0);
        });
        Assert.Equal(200, recovered.Status);
        AssertSame(again, answer, tokens: 240);
        AssertSame(await _server.Api.ChatAsync(Body(14, 20), ("Cache-Control", "no-store")), ended!, tokens: 20);
    }

    private static string Body(int seed, int tokens, bool stream = true) =>
        $$"""{"model":"smollm2-135m-instruct","seed":{{seed}},"temperature":0.8,"max_tokens":{{tokens}},"ignore_eos":true,"messages":[{"role":"user","content":"Tell a long tale."}]{{(stream ? ""","stream":true,"stream_options":{"include_usage":true}""" : "")}}}""";

    // The whole of a stream that was disturbed after its first events, and what the same request gives undisturbed.
    private async Task<(Answer Disturbed, Answer Quiet)> DisturbAsync(int seed, int tokens, Func<Task> disturb)
    {
        var (response, text) = await OpenAsync(seed, tokens, events: 8);
        await disturb();
        var answer = await ReadAsync(response, text);
        return (answer, await shape.UntilServedAsync(Body(seed, tokens), _refused));
    }

    private async Task<(HttpResponseMessage Response, StringBuilder Text)> OpenAsync(int seed, int tokens, int events)
    {
        var response = await _server.Api.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(Body(seed, tokens)), ("Cache-Control", "no-store"));
        Assert.Equal(200, (int)response.StatusCode);
        var text = new StringBuilder();
        var body = await response.Content.ReadAsStreamAsync(Now);
        for (var seen = 0; seen < events;)
        {
            var next = body.ReadByte();
            Assert.NotEqual(-1, next);
            text.Append((char)next);
            seen += text.Length > 1 && text[^1] == '\n' && text[^2] == '\n' ? 1 : 0;
        }

        return (response, text);
    }

    // The text is in English letters here, so a byte is a character where the two parts meet.
    private static async Task<Answer> ReadAsync(HttpResponseMessage response, StringBuilder begun)
    {
        using (response)
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Now), Encoding.Latin1);
            begun.Append(await reader.ReadToEndAsync(Now).WaitAsync(TimeSpan.FromSeconds(60), Now));
            var bytes = Encoding.Latin1.GetBytes(begun.ToString());
            var headers = response.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            return new(200, headers, Encoding.UTF8.GetString(bytes));
        }
    }

    private static void AssertSame(Answer expected, Answer actual, int tokens)
    {
        Assert.Equal(expected.Streamed(), actual.Streamed());
        foreach (var answer in new[] { expected, actual })
        {
            var usage = Assert.Single(answer.Events, one => one.Data.TryGetProperty("usage", out var value) && value.ValueKind == JsonValueKind.Object).Data.GetProperty("usage");
            Assert.Equal(tokens, usage.GetProperty("completion_tokens").GetInt32());
        }
    }

    private JsonElement Stored(string job)
    {
        var path = Directory.EnumerateFiles(Path.Combine(_server.Data, "store"), "result.json", SearchOption.AllDirectories)
            .Single(path => path.Contains(job, StringComparison.Ordinal));
        return JsonDocument.Parse(File.ReadAllText(path)).RootElement;
    }

    /// <summary>Redis, a worker and the API, each a process.</summary>
    public sealed class Shape : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("queue-").FullName;
        private EmbeddedBroker _broker = null!;

        public RunningServer Server { get; private set; } = null!;

        internal ServerProcess Redis { get; set; } = null!;

        internal ServerProcess Worker { get; set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _broker = await EmbeddedBroker.StartAsync(new BrokerOptions { DataFolder = _folder, LockDuration = TimeSpan.FromSeconds(3) });
            var settings = new Dictionary<string, string> { ["Queue__ConnectionString"] = _broker.ConnectionString, ["Worker__DrainSeconds"] = "0" };
            Server = await RunningServer.StartAsync(["redis", "worker", "functions"], settings, TestContext.Current.CancellationToken);
            (Redis, Worker) = (Server.Processes[0], Server.Processes[1]);
        }

        public async ValueTask DisposeAsync()
        {
            if (Server is not null)
            {
                await Server.DisposeAsync();
            }

            await _broker.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        /// <summary>Asks until the system serves, and notes how it refused until then.</summary>
        internal async Task<Answer> UntilServedAsync(string body, List<Answer> refused)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (true)
            {
                var answer = await Server.Api.ChatAsync(body, ("Cache-Control", "no-store"));
                if (answer.Status == 200)
                {
                    return answer;
                }

                refused.Add(answer);
                await pace.WaitForNextTickAsync(limit.Token);
            }
        }
    }
}
