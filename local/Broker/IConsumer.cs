namespace Serverless.Local.Broker;

/// <summary>A receiver on the other side of a link.</summary>
internal interface IConsumer
{
    /// <summary>How many more messages it has asked for.</summary>
    int Credit { get; set; }

    /// <summary>Whether it wants to hear when what it asked for cannot be had now.</summary>
    bool IsDraining { get; set; }

    /// <summary>Whether a message is gone from the queue as soon as it is sent.</summary>
    bool SettlesOnSend { get; }

    void Send(Delivery delivery);

    void AnswerDrain();
}
