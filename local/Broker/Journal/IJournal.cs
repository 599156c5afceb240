namespace Serverless.Local.Broker.Journal;

/// <summary>Where the changes of the queues are noted, in order.</summary>
internal interface IJournal
{
    /// <summary>Notes a change; it is durable when the group it belongs to has been committed.</summary>
    void Write(JournalRecord record);
}
