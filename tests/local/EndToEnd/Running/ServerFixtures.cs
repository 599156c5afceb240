namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>Starts the system once for the tests that share it.</summary>
public abstract class ServerFixture : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    protected virtual string[] Parts => ["functions,worker,redis,queue"];

    protected virtual Dictionary<string, string> Settings => [];

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(Parts, Settings, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

/// <summary>Everything in one process.</summary>
public sealed class OneProcess : ServerFixture;

/// <summary>Each part in a process of its own.</summary>
public sealed class FourProcesses : ServerFixture
{
    protected override string[] Parts => ["redis", "queue", "worker", "functions"];
}
