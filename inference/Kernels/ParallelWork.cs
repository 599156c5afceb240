using System.Runtime.ExceptionServices;

namespace Serverless.Inference.Kernels;

/// <summary>One operator's run over many items, which threads take in chunks until none is left.</summary>
/// <remarks>An item's result depends on the item alone, so who takes it changes nothing.</remarks>
internal abstract class ParallelWork
{
    private int _next;
    private int _count;
    private int _chunk;
    private Exception? _error;

    /// <summary>Computes the items from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    protected abstract void Run(int from, int to);

    /// <summary>Sets out the items, and says how many tasks are worth starting.</summary>
    public int Prepare(int count, int chunk, int threads)
    {
        (_next, _count, _chunk) = (0, count, Math.Max(1, chunk));
        return Math.Min(threads, (int)(((long)count + _chunk - 1) / _chunk));
    }

    /// <summary>Takes chunks until none is left; an exception is kept for <see cref="ThrowIfFailed"/>.</summary>
    public void TakeChunks()
    {
        try
        {
            while (_error is null)
            {
                var from = Interlocked.Add(ref _next, _chunk) - _chunk;
                if (from >= _count)
                {
                    return;
                }

                Run(from, Math.Min(from + _chunk, _count));
            }
        }
        catch (Exception error)
        {
            // The caller's frame is native code, which no exception may cross.
            Interlocked.CompareExchange(ref _error, error, null);
        }
    }

    public void ThrowIfFailed()
    {
        if (_error is not null)
        {
            ExceptionDispatchInfo.Throw(_error);
        }
    }
}
