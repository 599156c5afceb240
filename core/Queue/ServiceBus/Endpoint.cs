using System.Globalization;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Where a namespace is and, from a connection string, with which key.</summary>
internal sealed record Endpoint(string Host, int Port, bool UsesTls, string? KeyName, string? Key)
{
    private const int PlainPort = 5672;
    private const int TlsPort = 5671;

    /// <exception cref="ArgumentException">The connection string lacks a part or has one that cannot be read.</exception>
    public static Endpoint From(QueueOptions options) => string.IsNullOrWhiteSpace(options.ConnectionString)
        ? new(options.Namespace!.Trim(), TlsPort, UsesTls: true, null, null)
        : Parse(options.ConnectionString);

    private static Endpoint Parse(string connectionString)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new ArgumentException("Queue:ConnectionString must be pairs of Name=value, separated by ';'.");
            }

            parts[part[..at]] = part[(at + 1)..];
        }

        if (!parts.TryGetValue("Endpoint", out var endpoint)
            || !Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
            || uri.Scheme != "sb"
            || uri.Host.Length == 0)
        {
            throw new ArgumentException("Queue:ConnectionString needs Endpoint=sb://host[:port].");
        }

        if (parts.GetValueOrDefault("SharedAccessKeyName") is not { Length: > 0 } name || parts.GetValueOrDefault("SharedAccessKey") is not { Length: > 0 } key)
        {
            throw new ArgumentException("Queue:ConnectionString needs SharedAccessKeyName and SharedAccessKey. To use an Entra identity, set Queue:Namespace instead.");
        }

        var plain = string.Equals(parts.GetValueOrDefault("UseDevelopmentEmulator"), "true", StringComparison.OrdinalIgnoreCase);
        var port = uri.Port > 0 ? uri.Port : plain ? PlainPort : TlsPort;
        return new(uri.Host, port, !plain, name, key);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
