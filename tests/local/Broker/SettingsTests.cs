using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Serverless.Core.Queue;
using Serverless.Core.Queue.ServiceBus;
using Serverless.Local.Broker;
using Serverless.Local.Redis;
using Serverless.Local.Stack;
using Serverless.Local.Tests.EndToEnd.Running;

namespace Serverless.Local.Tests.Broker;

/// <summary>The embedded parts obey their settings, and a wrong one stops the start with its name.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("settings-").FullName;

    [Fact]
    public void EveryBrokerSettingIsRead()
    {
        var options = Broker(
            ("DataFolder", "/tmp/queue"), ("Port", "5672"), ("RequireKey", "false"), ("Fsync", "true"), ("CreateQueues", "false"),
            ("Queues:0", "one"), ("Queues:1", "two-*"), ("LockDuration", "00:00:30"), ("MaxDeliveryCount", "7"), ("DuplicateWindow", "00:01:00"),
            ("MaxMessageBytes", "2048"), ("MaxQueueBytes", "4096"), ("CompactBytes", "1048576"));

        Assert.Equal(("/tmp/queue", 5_672, false, true, false), (options.DataFolder, options.Port, options.RequireKey, options.Fsync, options.CreateQueues));
        Assert.Equal(["one", "two-*"], options.Queues);
        Assert.Equal((TimeSpan.FromSeconds(30), 7, TimeSpan.FromMinutes(1)), (options.LockDuration, options.MaxDeliveryCount, options.DuplicateWindow));
        Assert.Equal((2_048, 4_096, 1_048_576), (options.MaxMessageBytes, options.MaxQueueBytes, options.CompactBytes));
    }

    [Fact]
    public void WhatIsNotSetKeepsItsDefault()
    {
        var (options, defaults) = (Broker(), new BrokerOptions());

        Assert.Equal(defaults.Queues, options.Queues);
        Assert.Equal(99, options.MaxDeliveryCount);
        Assert.Equal(defaults.LockDuration, options.LockDuration);
    }

    [Theory]
    [InlineData("LockDuration", "soon")]
    [InlineData("LockDuration", "01:00:00")]
    [InlineData("Port", "70000")]
    [InlineData("MaxDeliveryCount", "0")]
    [InlineData("DataFolder", "")]
    [InlineData("MaxQueueBytes", "2048")]
    public void WrongBrokerSettingIsNamed(string name, string value)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Broker((name, value)));

        Assert.Contains($"Broker:{name}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryRedisSettingIsRead()
    {
        var options = Redis(("Folder", "/tmp/redis"), ("Port", "6379"), ("MemoryMegabytes", "64"), ("IsDurable", "false"), ("CommitInterval", "00:00:01"));

        Assert.Equal(
            new EmbeddedRedisOptions { Folder = "/tmp/redis", Port = 6_379, MemoryMegabytes = 64, IsDurable = false, CommitInterval = TimeSpan.FromSeconds(1) },
            options);
    }

    [Theory]
    [InlineData("MemoryMegabytes", "100")]
    [InlineData("MemoryMegabytes", "8")]
    [InlineData("MemoryMegabytes", "plenty")]
    [InlineData("CommitInterval", "-00:00:01")]
    public void WrongRedisSettingIsNamed(string name, string value)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Redis((name, value)));

        Assert.Contains($"Redis:{name}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokerOfTheCommandLineObeysItsSettings()
    {
        await using var process = Start("queue", ("Broker__LockDuration", "00:00:07"), ("Broker__MaxMessageBytes", "2048"));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var address = await new Rendezvous(_data).FindAsync("queue", patience.Token);
        await using var client = new ServiceBusQueueClient(Options.Create(new QueueOptions { ConnectionString = address }));
        await client.SendAsync("requests", BrokerHost.Text("m"), patience.Token);
        await using var receiver = client.Receive("requests");

        var message = await receiver.ReceiveAsync(patience.Token);

        Assert.InRange(message.LockedUntil - message.EnqueuedAt, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(40));
        var refusal = await Assert.ThrowsAsync<QueueException>(() => client.SendAsync("requests", BrokerHost.Text("large", new string('x', 3_000)), patience.Token));
        Assert.Equal(QueueFailure.MessageTooLarge, refusal.Reason);
    }

    [Theory]
    [InlineData("queue", "Broker__LockDuration", "soon", "Broker:LockDuration")]
    [InlineData("queue", "Broker__MaxDeliveryCount", "0", "Broker:MaxDeliveryCount")]
    [InlineData("redis", "Redis__MemoryMegabytes", "100", "Redis:MemoryMegabytes")]
    public async Task WrongSettingStopsTheStartWithItsName(string role, string variable, string value, string setting)
    {
        await using var process = Start(role, (variable, value));

        await process.LineAsync(new Regex(Regex.Escape(setting)), TestContext.Current.CancellationToken);

        Assert.Equal(1, await process.ExitAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain("   at ", process.Log, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private static BrokerOptions Broker(params (string Name, string Value)[] given) =>
        EmbeddedSettings.Read(Settings("Broker", given), BrokerOptions.Section, new BrokerOptions { DataFolder = "queue", MaxDeliveryCount = 99 });

    private static EmbeddedRedisOptions Redis(params (string Name, string Value)[] given) =>
        EmbeddedSettings.Read(Settings("Redis", given), EmbeddedRedisOptions.Section, new EmbeddedRedisOptions { Folder = "redis" });

    private static IConfiguration Settings(string section, (string Name, string Value)[] given) =>
        new ConfigurationBuilder().AddInMemoryCollection(given.Select(pair => KeyValuePair.Create($"{section}:{pair.Name}", (string?)pair.Value))).Build();

    private ServerProcess Start(string role, params (string Name, string Value)[] environment) => ServerProcess.Start(
        Repository.Executable("Serverless.Local", "serverless"),
        ["--roles", role, "--data", _data],
        environment.ToDictionary(pair => pair.Name, pair => pair.Value));
}
