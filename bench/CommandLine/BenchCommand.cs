using System.CommandLine;
using Serverless.Bench.Cache;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Queue;
using Serverless.Bench.Serve;
using Serverless.Bench.Start;

namespace Serverless.Bench.CommandLine;

/// <summary>The command line: <c>dotnet run -c Release --project bench -- all [--json FILE]</c>.</summary>
internal static class BenchCommand
{
    public static RootCommand Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Also write the rows to this file.", Recursive = true };
        var against = new Option<Uri?>("--against") { Description = "An OpenAI-compatible server to measure in turn with ours." };
        var key = new Option<string?>("--against-key") { Description = "Its API key." };
        var model = new Option<string>("--against-model") { Description = "Its name for the model.", DefaultValueFactory = _ => BenchModel.Name };
        Target? Against(ParseResult parsed) => parsed.GetValue(against) is { } address
            ? new Target(address.Authority, address, parsed.GetValue(key), parsed.GetValue(model)!)
            : null;

        var root = new RootCommand("Measures this machine: the engine, the server, the cache, the queue and the start.") { json };
        void Add(string name, string description, Func<ParseResult, IReadOnlyList<IBench>> benches, params Option[] options)
        {
            var command = new Command(name, description);
            foreach (var option in options)
            {
                command.Options.Add(option);
            }

            command.SetAction((parsed, cancellationToken) => RunAsync(benches(parsed), parsed.GetValue(json), cancellationToken));
            root.Subcommands.Add(command);
        }

        Add("all", "Everything, one after the other.", parsed => [new EngineBench(), new ServeBench(Against(parsed)), new CacheBench(), new QueueBench(), new StartBench()], against, key, model);
        Add("engine", "Prefill, decode and model load, without a server.", _ => [new EngineBench()]);
        Add("serve", "The whole stack over HTTP, streaming.", parsed => [new ServeBench(Against(parsed))], against, key, model);
        Add("cache", "Prompt-cache hits over HTTP.", _ => [new CacheBench()]);
        Add("queue", "The embedded queue, and a job's way through it.", _ => [new QueueBench()]);
        Add("start", "Import, start to ready, and memory.", _ => [new StartBench()]);
        var probe = new Command(LoadProbe.Command) { Hidden = true };
        probe.SetAction((_, cancellationToken) => LoadProbe.RunAsync(cancellationToken));
        root.Subcommands.Add(probe);
        var import = new Command(ImportProbe.Command) { Hidden = true };
        import.SetAction((_, cancellationToken) => ImportProbe.RunAsync(cancellationToken));
        root.Subcommands.Add(import);
        return root;
    }

    private static async Task<int> RunAsync(IReadOnlyList<IBench> benches, FileInfo? json, CancellationToken cancellationToken)
    {
        var machine = Machine.Read(TimeProvider.System);
        var report = new Report(machine);
        report.Begin();
        foreach (var bench in benches)
        {
            await report.AddAsync(bench, cancellationToken);
        }

        if (json is not null)
        {
            new JsonRows(machine, report.Rows).Write(json.FullName);
        }

        return 0;
    }
}
