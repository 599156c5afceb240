namespace Serverless.Local.Broker.Journal;

/// <summary>The first byte of a record. The values are on disk: they never change.</summary>
internal enum RecordKind : byte
{
    Enqueued = 1,
    Delivered = 2,
    Released = 3,
    Removed = 4,
    Sequenced = 5,
    Seen = 6,
    Activated = 7,
    Deferred = 8,
    Modified = 9,
}
