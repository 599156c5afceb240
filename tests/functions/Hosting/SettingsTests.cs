namespace Serverless.Functions.Tests.Hosting;

/// <summary>A bad setting ends a start with one line that names it, its value and what is allowed, and with exit code 1.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("settings-").FullName;

    /// <summary>The executable, the setting, its value, and what the line says is allowed.</summary>
    public static TheoryData<string, string, string, string> Bad => new()
    {
        { "handler", "Api:MaxBodyBytes", "5", "a whole number from 1024 to 104857600" },
        { "handler", "Api:MaxBodyBytes", "much", "a whole number from 1024 to 104857600" },
        { "handler", "Api:MaxBodyBytes", "99999999999999", "a whole number from 1024 to 104857600" },
        { "handler", "Api:SynchronousLimit", "02:00:00", "from 00:00:00.100 to 01:00:00" },
        { "handler", "Api:Heartbeat", "soon", "from 00:00:00.100 to 00:03:00" },
        { "handler", "Api:FirstEventPatience", "-00:00:01", "from 00:00:00 to 00:01:00" },
        { "handler", "HotState:Timeout", "01:00:00", "from 00:00:00.100 to 00:01:00" },
        { "handler", "HotState:PromptLimit", "-1", "a whole number from 0 to 67108864" },
        { "handler", "Queue:OperationTimeout", "01:00:00", "from 00:00:00.100 to 00:10:00" },
        { "handler", "Store:Container", "Upper_Case", "text that matches" },
        { "handler", "Store:FlushToDisk", "perhaps", "true or false" },
        { "handler", "FUNCTIONS_CUSTOMHANDLER_PORT", "99999", "a port from 1 to 65535" },
        { "handler", "Webhooks:Timeout", "00:01:00", "from 00:00:01 to 00:00:45" },
        { "handler", "Webhooks:AllowPrivateNetworks", "perhaps", "true or false" },
        { "gpu-worker", "Worker:DrainSeconds", "-1", "a whole number from 0 to 3600" },
        { "gpu-worker", "Worker:MaxAttempts", "0", "a whole number from 1 to 100" },
        { "gpu-worker", "Engine:MaxSequences", "1000", "a whole number from 1 to 256" },
        { "gpu-worker", "Engine:InstructionSet", "Quantum", "one of " },
        { "gpu-worker", "HotState:JobLifetime", "00:00:01", "from 00:01:00 to 30.00:00:00" },
        { "serverless", "Api:MaxBodyBytes", "5", "a whole number from 1024 to 104857600" },
        { "serverless", "Api:Heartbeat", "soon", "from 00:00:00.100 to 00:03:00" },
        { "serverless", "Worker:DrainSeconds", "never", "a whole number from 0 to 3600" },
        { "serverless", "Engine:CacheBytes", "1", "a whole number from 65536 to 1099511627776" },
        { "serverless", "Queue:ReconnectDelay", "00:02:00", "from 00:00:00.001 to 00:01:00" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task ABadSettingIsOneLine(string executable, string setting, string value, string allowed)
    {
        var line = await StartAsync(executable, new() { [setting] = value });
        Assert.Contains(setting, line, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", line, StringComparison.Ordinal);
        Assert.Contains(allowed, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("handler")]
    [InlineData("serverless")]
    public async Task SeveralBadSettingsAreAllNamed(string executable)
    {
        var line = await StartAsync(executable, new() { ["Api:MaxBodyBytes"] = "5", ["Api:Heartbeat"] = "1.00:00:00", ["HotState:Timeout"] = "never" });
        Assert.Contains("Api:MaxBodyBytes", line, StringComparison.Ordinal);
        Assert.Contains("Api:Heartbeat", line, StringComparison.Ordinal);
        Assert.Contains("HotState:Timeout", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Store:Path")]
    [InlineData("HotState:ConnectionString")]
    [InlineData("Queue:ConnectionString")]
    public async Task ASettingThatIsMissingIsNamed(string setting) =>
        Assert.Contains(setting, await StartAsync("handler", new() { [setting] = null }), StringComparison.Ordinal);

    [Fact]
    public async Task AStoreThatIsSetTwiceIsRefusedWithoutItsSecret()
    {
        var line = await StartAsync("handler", new() { ["Store:ConnectionString"] = "AccountName=a;AccountKey=secret" });
        Assert.Contains("Store:ConnectionString", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARuleBetweenTwoSettingsNamesBoth()
    {
        var line = await StartAsync("gpu-worker", new() { ["Engine:MaxSequences"] = "64", ["Engine:MaxTokensPerStep"] = "32" });
        Assert.Contains("Engine: MaxTokensPerStep (32) must be at least MaxSequences (64)", line, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private async Task<string> StartAsync(string executable, Dictionary<string, string?> changes)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Store:Path"] = Path.Combine(_data, "store"),
            ["HotState:ConnectionString"] = "127.0.0.1:1",
            ["Queue:ConnectionString"] = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=YQ==;UseDevelopmentEmulator=true",
        };
        if (executable == "serverless")
        {
            settings.Clear();
        }

        foreach (var (name, value) in changes)
        {
            settings[name] = value;
        }

        var project = executable switch { "handler" => "Serverless.Functions", "gpu-worker" => "Serverless.GpuWorker", _ => "Serverless.Local" };
        string[] arguments = executable == "serverless" ? ["--data", _data, "--urls", "http://127.0.0.1:0"] : [];
        await using var process = ServerProcess.Start(
            Repository.Executable(project, executable),
            arguments,
            settings.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!),
            _data);
        var code = await process.ExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.True(code == 1, $"It ended with {code}:\n{process.Log}");
        Assert.Equal(process.Log, string.Concat(process.Errors.Select(line => line + "\n")));
        return Assert.Single(process.Errors);
    }
}
