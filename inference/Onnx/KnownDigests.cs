using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Inference.Onnx;

/// <summary>Remembers the digests of model files by path, length and time of change, so that a start need not hash them.</summary>
internal sealed class KnownDigests(string folder)
{
    /// <summary>SHA-256 of the file, lower-case hexadecimal.</summary>
    public async Task<string> FindAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        var note = Path.Combine(folder, Hex(SHA256.HashData(Encoding.UTF8.GetBytes(file.FullName)))[..32] + ".digest");
        var stamp = string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks} ");
        if (File.Exists(note) && await File.ReadAllTextAsync(note, cancellationToken) is { } known
            && known.StartsWith(stamp, StringComparison.Ordinal) && known.Length == stamp.Length + 64)
        {
            return known[stamp.Length..];
        }

        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20, useAsync: true);
        var digest = Hex(await SHA256.HashDataAsync(stream, cancellationToken));
        var partial = $"{note}.{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(partial, stamp + digest, cancellationToken);
        File.Move(partial, note, overwrite: true);
        return digest;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
