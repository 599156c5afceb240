using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>A process of the system under test: its log is kept, and its whole tree is killed at the end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly List<string> _errors = [];
    private readonly List<(Regex Pattern, TaskCompletionSource<Match> Found)> _waiting = [];
    private readonly Lock _gate = new();

    private ServerProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, isError: true);
        _process.Exited += (_, _) => Fail();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Log
    {
        get
        {
            lock (_gate)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>The lines on standard error, which the log has too.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_gate)
            {
                return [.. _errors];
            }
        }
    }

    public static ServerProcess Start(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? folder = null)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetDirectoryName(executable),
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(start);
    }

    /// <summary>Waits for a line of the log; a process that ends or says nothing in time fails with what it did say.</summary>
    public async Task<Match> LineAsync(Regex pattern, CancellationToken cancellationToken)
    {
        var found = new TaskCompletionSource<Match>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (pattern.Match(_log.ToString()) is { Success: true } match)
            {
                return match;
            }

            _waiting.Add((pattern, found));
        }

        if (_process.HasExited)
        {
            Fail();
        }

        try
        {
            return await found.Task.WaitAsync(TimeSpan.FromSeconds(120), cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The process did not write '{pattern}' in time, but:\n{Log}");
        }
    }

    /// <summary>Ends the process without a warning to it (SIGKILL) and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Asks the process to end (SIGTERM).</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> ExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Hear(string? line, bool isError = false)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _log.Append(line).Append('\n');
            if (isError)
            {
                _errors.Add(line);
            }

            foreach (var (pattern, found) in _waiting)
            {
                if (pattern.Match(line) is { Success: true } match)
                {
                    found.TrySetResult(match);
                }
            }
        }
    }

    private void Fail()
    {
        lock (_gate)
        {
            foreach (var (_, found) in _waiting)
            {
                found.TrySetException(new InvalidOperationException($"The process ended and had written:\n{_log}"));
            }
        }
    }
}
