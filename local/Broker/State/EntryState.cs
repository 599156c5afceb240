namespace Serverless.Local.Broker.State;

internal enum EntryState
{
    Ready,
    Scheduled,
    Locked,
    Deferred,
    Removed,
}
