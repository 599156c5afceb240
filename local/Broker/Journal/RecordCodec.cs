using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Journal;

/// <summary>Records as bytes: length (4), CRC-32C of the payload (4), payload. Numbers are little-endian, times are UTC ticks.</summary>
internal static class RecordCodec
{
    public const int FrameBytes = 8;

    /// <summary>Appends one framed record.</summary>
    public static void Encode(JournalRecord record, ArrayBufferWriter<byte> output)
    {
        using var payload = new MemoryStream();
        using (var writer = new BinaryWriter(payload, Encoding.UTF8, leaveOpen: true))
        {
            WritePayload(record, writer);
        }

        var bytes = payload.GetBuffer().AsSpan(0, (int)payload.Length);
        var frame = output.GetSpan(FrameBytes);
        BinaryPrimitives.WriteInt32LittleEndian(frame, bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Checksum(bytes));
        output.Advance(FrameBytes);
        output.Write(bytes);
    }

    /// <summary>Reads the record at the start of the bytes; null when it is torn or damaged.</summary>
    public static JournalRecord? Decode(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < FrameBytes)
        {
            return null;
        }

        var size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (size <= 0 || size > bytes.Length - FrameBytes)
        {
            return null;
        }

        var payload = bytes.Slice(FrameBytes, size);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Checksum(payload))
        {
            return null;
        }

        length = FrameBytes + size;
        using var reader = new BinaryReader(new MemoryStream(payload.ToArray(), writable: false), Encoding.UTF8);
        return ReadPayload(reader);
    }

    private static void WritePayload(JournalRecord record, BinaryWriter writer)
    {
        writer.Write((byte)KindOf(record));
        writer.Write(record.Queue);
        switch (record)
        {
            case JournalRecord.Enqueued(_, var entry):
                WriteEntry(entry, writer);
                break;
            case JournalRecord.Delivered(_, var sequence):
                writer.Write(sequence);
                break;
            case JournalRecord.Released(_, var sequence):
                writer.Write(sequence);
                break;
            case JournalRecord.Removed(_, var sequence):
                writer.Write(sequence);
                break;
            case JournalRecord.Sequenced(_, var last):
                writer.Write(last);
                break;
            case JournalRecord.Seen(_, var id, var at):
                writer.Write((ulong)(id >> 64));
                writer.Write((ulong)id);
                writer.Write(at.UtcTicks);
                break;
            case JournalRecord.Activated(_, var sequence, var next):
                writer.Write(sequence);
                writer.Write(next);
                break;
            case JournalRecord.Deferred(_, var sequence):
                writer.Write(sequence);
                break;
            case JournalRecord.Modified(_, var entry):
                WriteEntry(entry, writer);
                break;
        }
    }

    private static void WriteEntry(Entry entry, BinaryWriter writer)
    {
        writer.Write(entry.Sequence);
        writer.Write(entry.EnqueuedAt.UtcTicks);
        writer.Write(entry.VisibleAt.UtcTicks);
        writer.Write(entry.Deliveries);
        writer.Write(entry.Facts.Id);
        writer.Write(entry.Facts.TimeToLive?.Ticks ?? -1);
        writer.Write(entry.Facts.BareStart);
        WriteOptional(entry.DeadLetterReason, writer);
        WriteOptional(entry.DeadLetterDescription, writer);
        writer.Write(entry.Encoded.Length);
        writer.Write(entry.Encoded);
    }

    private static JournalRecord ReadPayload(BinaryReader reader)
    {
        var kind = (RecordKind)reader.ReadByte();
        var queue = reader.ReadString();
        return kind switch
        {
            RecordKind.Enqueued => new JournalRecord.Enqueued(queue, ReadEntry(reader)),
            RecordKind.Delivered => new JournalRecord.Delivered(queue, reader.ReadInt64()),
            RecordKind.Released => new JournalRecord.Released(queue, reader.ReadInt64()),
            RecordKind.Removed => new JournalRecord.Removed(queue, reader.ReadInt64()),
            RecordKind.Sequenced => new JournalRecord.Sequenced(queue, reader.ReadInt64()),
            RecordKind.Seen => new JournalRecord.Seen(queue, new UInt128(reader.ReadUInt64(), reader.ReadUInt64()), ReadTime(reader)),
            RecordKind.Activated => new JournalRecord.Activated(queue, reader.ReadInt64(), reader.ReadInt64()),
            RecordKind.Deferred => new JournalRecord.Deferred(queue, reader.ReadInt64()),
            RecordKind.Modified => new JournalRecord.Modified(queue, ReadEntry(reader)),
            _ => throw new InvalidDataException($"The journal has a record of kind {kind}; a newer version of the broker wrote it."),
        };
    }

    private static Entry ReadEntry(BinaryReader reader)
    {
        var sequence = reader.ReadInt64();
        var enqueued = ReadTime(reader);
        var visible = ReadTime(reader);
        var deliveries = reader.ReadInt32();
        var id = reader.ReadString();
        var life = reader.ReadInt64();
        var bareStart = reader.ReadInt32();
        var reason = ReadOptional(reader);
        var description = ReadOptional(reader);
        return new Entry
        {
            Sequence = sequence,
            EnqueuedAt = enqueued,
            VisibleAt = visible,
            Deliveries = deliveries,
            Facts = new() { Id = id, TimeToLive = life < 0 ? null : new TimeSpan(life), BareStart = bareStart },
            DeadLetterReason = reason,
            DeadLetterDescription = description,
            Encoded = reader.ReadBytes(reader.ReadInt32()),
        };
    }

    private static void WriteOptional(string? text, BinaryWriter writer)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    private static string? ReadOptional(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    private static DateTimeOffset ReadTime(BinaryReader reader) => new(reader.ReadInt64(), TimeSpan.Zero);

    private static RecordKind KindOf(JournalRecord record) => record switch
    {
        JournalRecord.Enqueued => RecordKind.Enqueued,
        JournalRecord.Delivered => RecordKind.Delivered,
        JournalRecord.Released => RecordKind.Released,
        JournalRecord.Removed => RecordKind.Removed,
        JournalRecord.Sequenced => RecordKind.Sequenced,
        JournalRecord.Activated => RecordKind.Activated,
        JournalRecord.Deferred => RecordKind.Deferred,
        JournalRecord.Modified => RecordKind.Modified,
        _ => RecordKind.Seen,
    };

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var one in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}
