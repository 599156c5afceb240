using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Serverless.Local.Stack;

/// <summary>How the processes of one machine find one another: small files in the data folder, readable by their owner only.</summary>
internal sealed class Rendezvous(string data)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(data, "run")).FullName;

    /// <summary>Says where a part is to be found, and keeps its port for the next start.</summary>
    public void Announce(string part, string connectionString, int port)
    {
        File.WriteAllText(PortFile(part), port.ToString(CultureInfo.InvariantCulture));
        var path = Path.Combine(_folder, part);
        var temporary = $"{path}.{Environment.ProcessId}";
        WritePrivate(temporary, connectionString);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Waits until a part has said where it is.</summary>
    /// <exception cref="TimeoutException">No process with that role announced itself in time.</exception>
    public async Task<string> FindAsync(string part, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var path = Path.Combine(_folder, part);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (!File.Exists(path))
            {
                await timer.WaitForNextTickAsync(patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No process with --roles {part} and the same --data announced itself within {Patience.TotalSeconds:F0} s. Start one, or set its connection string.");
        }

        return await File.ReadAllTextAsync(path, cancellationToken);
    }

    /// <returns>The port asked for, else the one of the last start when it is free, else 0 for any.</returns>
    public int Port(string part, int asked) =>
        asked != 0 ? asked
        : File.Exists(PortFile(part)) && int.TryParse(File.ReadAllText(PortFile(part)), CultureInfo.InvariantCulture, out var last) && IsFree(last) ? last
        : 0;

    /// <returns>The text of a secret that is made once and kept.</returns>
    public static string Secret(string path, Func<string> make)
    {
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            WritePrivate(path, make());
        }

        return File.ReadAllText(path).Trim();
    }

    private static void WritePrivate(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }

    private string PortFile(string part) => Path.Combine(_folder, part + ".port");

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
