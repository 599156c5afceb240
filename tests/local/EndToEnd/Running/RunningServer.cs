using System.Text.RegularExpressions;

namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>The real system in processes of its own, on a data folder of its own; models are imported once for all.</summary>
public sealed partial class RunningServer : IAsyncDisposable
{
    public const string AdministratorKey = "sk-test-administrator-0123456789";
    public const string Model = "smollm2-135m-instruct";

    private readonly List<ServerProcess> _processes = [];

    private Dictionary<string, string> _environment = [];

    private RunningServer()
    {
    }

    /// <summary>Asks as the administrator.</summary>
    public ApiClient Api { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    public string Data { get; } = Directory.CreateTempSubdirectory("serverless-").FullName;

    public string Log => string.Join('\n', _processes.Select(process => process.Log));

    /// <param name="parts">The roles of each process; the one that serves HTTP comes last.</param>
    /// <param name="environment">Settings beyond the defaults.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task<RunningServer> StartAsync(string[] parts, Dictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var stack = new RunningServer();
        try
        {
            await stack.RunAsync(parts, environment, cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads where a part of the system listens, as its other processes do.</summary>
    public string ConnectionString(string part) => File.ReadAllText(Path.Combine(Data, "run", part));

    public ApiClient As(string? key) => new(Address, key);

    /// <summary>The processes in the order in which they were started.</summary>
    internal IReadOnlyList<ServerProcess> Processes => _processes;

    /// <summary>Starts one more process of the system.</summary>
    internal ServerProcess Add(string roles)
    {
        var process = ServerProcess.Start(
            Repository.Executable("Serverless.Local", "serverless"),
            ["--roles", roles, "--data", Data, "--urls", "http://127.0.0.1:0", "--api-key", AdministratorKey],
            _environment);
        _processes.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        Directory.Delete(Data, recursive: true);
    }

    private async Task RunAsync(string[] parts, Dictionary<string, string> environment, CancellationToken cancellationToken)
    {
        environment["Worker__ModelCache"] = Repository.Kept("test-models");
        _environment = environment;
        foreach (var roles in parts)
        {
            Add(roles);
        }

        var ready = await _processes[^1].LineAsync(Ready(), cancellationToken);
        Address = new Uri(ready.Groups["address"].Value);
        Api = As(AdministratorKey);
        // A worker in a process of its own offers its model when it has loaded it.
        await Api.UntilAsync("/v1/models", answer => answer.Json.GetProperty("data").GetArrayLength() > 0, cancellationToken);
    }

    [GeneratedRegex(@"Ready\. (?<address>http://\S+)")]
    private static partial Regex Ready();
}
