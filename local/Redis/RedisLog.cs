namespace Serverless.Local.Redis;

/// <summary>Garnet's append-only log as files: segments of 1 GiB, and an address is a place in their sequence.</summary>
/// <remarks>
/// A replay ends silently at the first record that it cannot read. What lies behind must go before anything new is
/// written: a later replay would otherwise run on into it.
/// </remarks>
internal sealed class RedisLog(string data)
{
    private const long SegmentBytes = 1L << 30;
    private const int Sector = 512;
    private const string Prefix = "aof.log.";

    // What a log holds to which nothing was ever written: its header and two commit records, at the most.
    private const long Nothing = 160;

    private readonly string _folder = Path.Combine(data, "AOF");

    /// <summary>Whether the log is missing or empty although commits of it were noted; a replay would take no further writes in.</summary>
    public bool IsGone => Extent() == 0 && Directory.Exists(Path.Combine(_folder, "log-commits")) && Directory.EnumerateFiles(Path.Combine(_folder, "log-commits")).Any();

    public static bool HoldsNothing(long address) => address <= Nothing;

    /// <returns>The address behind the last byte that is not zero.</returns>
    public long Extent()
    {
        foreach (var (number, path) in Enumerable.Reverse(Segments()))
        {
            if (Used(path) is > 0 and var used)
            {
                return (number * SegmentBytes) + used;
            }
        }

        return 0;
    }

    /// <summary>Moves what lies behind an address into another folder.</summary>
    public void Cut(long address, string aside)
    {
        Directory.CreateDirectory(aside);
        foreach (var (number, path) in Segments())
        {
            var from = address - (number * SegmentBytes);
            if (from < SegmentBytes)
            {
                CutFile(path, Math.Max(0, from), Path.Combine(aside, $"{Path.GetFileName(path)}.from-{Math.Max(0, from)}"));
            }
        }
    }

    private static void CutFile(string path, long from, string aside)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        if (file.Length <= from)
        {
            return;
        }

        using (var copy = new FileStream(aside, FileMode.CreateNew, FileAccess.Write))
        {
            file.Position = from;
            file.CopyTo(copy);
        }

        file.SetLength(from);
        // Pages are read and written in whole sectors.
        file.SetLength((from + Sector - 1) / Sector * Sector);
        file.Flush(flushToDisk: true);
    }

    private static long Used(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        var chunk = new byte[64 * 1024];
        for (var end = file.Length; end > 0; end -= chunk.Length)
        {
            var start = Math.Max(0, end - chunk.Length);
            file.Position = start;
            var part = chunk.AsSpan(0, (int)(end - start));
            file.ReadExactly(part);
            var last = part.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                return start + last + 1;
            }
        }

        return 0;
    }

    private List<(int Number, string Path)> Segments() => !Directory.Exists(_folder)
        ? []
        : [.. Directory.EnumerateFiles(_folder, Prefix + "*")
            .Select(path => (int.TryParse(Path.GetFileName(path)[Prefix.Length..], out var number) ? number : -1, path))
            .Where(segment => segment.Item1 >= 0)
            .OrderBy(segment => segment.Item1)];
}
