using System.CommandLine;

namespace Serverless.Local.CommandLine;

/// <summary>The command line: <c>dotnet run -c Release --project local -- [options]</c>.</summary>
internal static class StackCommand
{
    public static RootCommand Create(Func<StackOptions, CancellationToken, Task<int>> run)
    {
        var urls = new Option<string>("--urls") { Description = "The address of the HTTP API.", DefaultValueFactory = _ => "http://localhost:7071" };
        var data = new Option<string>("--data") { Description = "The folder that holds everything.", DefaultValueFactory = _ => ".data" };
        var key = new Option<string?>("--api-key") { Description = "The administrator's API key. Without it one is made at the first start and kept in the data folder." };
        var level = new Option<LogLevel>("--log-level") { Description = "Trace, Debug, Information, Warning, Error or None.", DefaultValueFactory = _ => LogLevel.Warning };
        var roles = new Option<string>("--roles") { Description = "The parts to run in this process: functions, worker, redis, queue.", DefaultValueFactory = _ => "functions,worker,redis,queue" };
        var queuePort = new Option<int>("--queue-port") { Description = "The embedded broker's port; 0 picks one and keeps to it." };
        var redisPort = new Option<int>("--redis-port") { Description = "The embedded Redis' port; 0 picks one and keeps to it." };
        roles.Validators.Add(result =>
        {
            if (ParseRoles(result.GetValueOrDefault<string>()) is null)
            {
                result.AddError("--roles takes functions, worker, redis and queue, separated by commas.");
            }
        });
        key.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && (text.Length is < 20 or > 200 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            {
                result.AddError("--api-key takes 20 to 200 letters, digits, hyphens and underscores.");
            }
        });
        foreach (var port in new[] { queuePort, redisPort })
        {
            port.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 0 or > 65535)
                {
                    result.AddError($"{port.Name} takes a number from 0 to 65535.");
                }
            });
        }

        var command = new RootCommand("A serverless, OpenAI-compatible inference API, whole on one machine.") { urls, data, key, level, roles, queuePort, redisPort };
        command.SetAction((parsed, cancellationToken) => run(
            new StackOptions
            {
                Urls = parsed.GetValue(urls)!,
                Data = Path.GetFullPath(parsed.GetValue(data)!),
                ApiKey = parsed.GetValue(key),
                LogLevel = parsed.GetValue(level),
                Roles = ParseRoles(parsed.GetValue(roles))!,
                QueuePort = parsed.GetValue(queuePort),
                RedisPort = parsed.GetValue(redisPort),
            },
            cancellationToken));
        return command;
    }

    private static HashSet<Role>? ParseRoles(string? text)
    {
        var roles = new HashSet<Role>();
        foreach (var word in (text ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Enum.TryParse<Role>(word, ignoreCase: true, out var role) || !char.IsLetter(word[0]))
            {
                return null;
            }

            roles.Add(role);
        }

        return roles;
    }
}
