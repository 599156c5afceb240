namespace Serverless.Local.Broker.Wire;

internal enum SettlementKind
{
    Complete,
    Abandon,

    /// <summary>Gives the message back as if it had not been delivered.</summary>
    Release,
    Defer,
    DeadLetter,
}
