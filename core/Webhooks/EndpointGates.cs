namespace Serverless.Core.Webhooks;

/// <summary>Counts the requests under way to each receiver in this process, so that a slow one takes only its share.</summary>
internal sealed class EndpointGates
{
    private readonly Dictionary<string, int> _open = [];
    private readonly Lock _lock = new();

    /// <returns>Null when the receiver has as many requests under way as it may; else dispose it when the request is over.</returns>
    public IDisposable? TryEnter(string receiver, int most)
    {
        lock (_lock)
        {
            var count = _open.GetValueOrDefault(receiver);
            if (count >= most)
            {
                return null;
            }

            _open[receiver] = count + 1;
            return new Turn(this, receiver);
        }
    }

    private void Leave(string receiver)
    {
        lock (_lock)
        {
            if (--_open[receiver] == 0)
            {
                _open.Remove(receiver);
            }
        }
    }

    private sealed class Turn(EndpointGates gates, string receiver) : IDisposable
    {
        public void Dispose() => gates.Leave(receiver);
    }
}
