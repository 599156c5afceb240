using Amqp;

namespace Serverless.Local.Broker.Wire;

/// <summary>Holds back what is sent until the peer has said its first word.</summary>
/// <remarks>
/// The library sends its protocol header and its open right behind the outcome of SASL. Where the three arrive
/// together, Azure's JavaScript client does not read on and waits for ever.
/// </remarks>
internal sealed class SecondToSpeak(IAsyncTransport transport) : IAsyncTransport
{
    private readonly TaskCompletionSource _spoken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void SetConnection(Connection connection) => transport.SetConnection(connection);

    public Task SendAsync(IList<ByteBuffer> bufferList, int listSize) =>
        _spoken.Task.IsCompleted ? transport.SendAsync(bufferList, listSize) : SendLaterAsync(bufferList, listSize);

    public Task<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        _spoken.Task.IsCompleted ? transport.ReceiveAsync(buffer, offset, count) : ReceiveFirstAsync(buffer, offset, count);

    public void Send(ByteBuffer buffer)
    {
        _spoken.Task.GetAwaiter().GetResult();
        transport.Send(buffer);
    }

    public int Receive(byte[] buffer, int offset, int count)
    {
        try
        {
            return transport.Receive(buffer, offset, count);
        }
        finally
        {
            _spoken.TrySetResult();
        }
    }

    public void Close()
    {
        _spoken.TrySetResult();
        transport.Close();
    }

    private async Task SendLaterAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        await _spoken.Task;
        await transport.SendAsync(bufferList, listSize);
    }

    private async Task<int> ReceiveFirstAsync(byte[] buffer, int offset, int count)
    {
        try
        {
            return await transport.ReceiveAsync(buffer, offset, count);
        }
        finally
        {
            _spoken.TrySetResult();
        }
    }
}
