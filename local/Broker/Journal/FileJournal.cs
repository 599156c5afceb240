using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Local.Broker.Journal;

/// <summary>The broker's changes in one append-only file, which is written anew when most of it is history.</summary>
/// <remarks>
/// Files are named <c>journal-NNNNNNNNNN.log</c>; the highest number counts. A new one starts as <c>.tmp</c> with the
/// records of all that lives, and gets its name when that is complete, so a crash leaves either the old or the new.
/// </remarks>
internal sealed class FileJournal : IJournal, IDisposable
{
    // Above the largest message that any setting allows: what claims to be longer is damage.
    private const int MaxWindow = 256 * 1_024 * 1_024;
    private readonly BrokerOptions _options;
    private readonly ArrayBufferWriter<byte> _pending = new(64 * 1_024);
    private SafeFileHandle? _file;
    private long _number;
    private long _length;
    private long _start;

    public FileJournal(BrokerOptions options)
    {
        _options = options;
        Directory.CreateDirectory(options.DataFolder);
    }

    /// <summary>The bytes of the torn end that <see cref="Open"/> cut off.</summary>
    public long TornBytes { get; private set; }

    public long Length => _length;

    public void Write(JournalRecord record) => RecordCodec.Encode(record, _pending);

    /// <summary>Reads the journal of an earlier life in order and opens it to go on; a torn end is cut off.</summary>
    public IEnumerable<JournalRecord> Open()
    {
        var (number, path) = Newest();
        _number = number;
        DeleteLeftovers(path);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var total = RandomAccess.GetLength(_file);
        var window = new byte[1 << 20];
        long at = 0;
        while (at < total)
        {
            var read = RandomAccess.Read(_file, window, at);
            var used = 0;
            while (RecordCodec.Decode(window.AsSpan(used, read - used), out var size) is { } record)
            {
                used += size;
                yield return record;
            }

            if (used == 0 && !Widen(ref window, total - at))
            {
                break;
            }

            at += used;
        }

        TornBytes = total - at;
        RandomAccess.SetLength(_file, at);
        _length = at;
        _start = at;
    }

    /// <summary>Makes all that was written since the last call durable, in one write.</summary>
    public void Commit()
    {
        if (_pending.WrittenCount == 0)
        {
            return;
        }

        Append();
    }

    /// <summary>Whether most of the file is history by now.</summary>
    public bool IsStale(long liveBytes) => _length - _start > _options.CompactBytes && _length > 2 * liveBytes;

    /// <summary>Starts a new file with the records of all that lives and deletes the old one.</summary>
    public void Rewrite(IEnumerable<JournalRecord> snapshot)
    {
        var next = PathOf(_number + 1);
        var temporary = next + ".tmp";
        _pending.ResetWrittenCount();
        var old = _file;
        _file = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        _length = 0;
        foreach (var record in snapshot)
        {
            Write(record);
            if (_pending.WrittenCount > 1 << 20)
            {
                Append(flush: false);
            }
        }

        Append(flush: false);
        RandomAccess.FlushToDisk(_file);
        File.Move(temporary, next, overwrite: true);
        old?.Dispose();
        File.Delete(PathOf(_number));
        _number++;
        _start = _length;
    }

    public void Dispose() => _file?.Dispose();

    private void Append() => Append(_options.Fsync);

    private void Append(bool flush)
    {
        var file = _file ?? throw new InvalidOperationException("The journal is not open. Enumerate Open() first.");
        RandomAccess.Write(file, _pending.WrittenSpan, _length);
        if (flush)
        {
            RandomAccess.FlushToDisk(file);
        }

        _length += _pending.WrittenCount;
        _pending.ResetWrittenCount();
    }

    // The window holds no whole record: either the record is larger, or the end is torn.
    private static bool Widen(ref byte[] window, long rest)
    {
        if (window.Length >= rest || window.Length >= MaxWindow)
        {
            return false;
        }

        window = new byte[window.Length * 2];
        return true;
    }

    // What a crash left in the middle of a rewrite.
    private void DeleteLeftovers(string current)
    {
        foreach (var path in Directory.EnumerateFiles(_options.DataFolder, "journal-*.log*").Where(path => path != current).ToArray())
        {
            File.Delete(path);
        }
    }

    private (long Number, string Path) Newest()
    {
        var number = Directory.EnumerateFiles(_options.DataFolder, "journal-*.log")
            .Select(path => Path.GetFileNameWithoutExtension(path)["journal-".Length..])
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0)
            .DefaultIfEmpty(1)
            .Max();
        return (number, PathOf(number));
    }

    private string PathOf(long number) =>
        Path.Combine(_options.DataFolder, string.Create(CultureInfo.InvariantCulture, $"journal-{number:D10}.log"));
}
