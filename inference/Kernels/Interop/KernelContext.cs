using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels.Interop;

/// <summary>One run of one node: its inputs, its outputs and the session's threads.</summary>
internal readonly unsafe struct KernelContext(nint context, OperatorDefinition definition)
{
    /// <summary>An input that must have <paramref name="rank"/> dimensions.</summary>
    /// <exception cref="OperatorInputException">The input is missing or has another rank.</exception>
    public Tensor Input(int index, int rank) => OptionalInput(index, rank)
        ?? throw new OperatorInputException($"input {definition.Inputs[index].Name} is missing.");

    /// <summary>An input, or null where the node leaves it out.</summary>
    public Tensor? OptionalInput(int index, int rank)
    {
        var value = index < OrtApi.InputCount(context) ? OrtApi.Input(context, index) : 0;
        return value == 0 ? null : Tensor.Read(value, definition.Inputs[index].Name, rank);
    }

    /// <summary>Asks for an output of this shape and returns its memory, which is not cleared.</summary>
    public void* Output(int index, params ReadOnlySpan<long> dimensions) =>
        OrtApi.TensorData(OrtApi.Output(context, index, dimensions));

    /// <summary>Runs all rows in even chunks, on one thread where they are too few to be worth waking another.</summary>
    /// <param name="work">Its items are the rows.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">Values in a row.</param>
    /// <param name="least">The fewest values that are worth a chunk.</param>
    /// <param name="threads">The session's threads.</param>
    public void RunRows(ParallelWork work, int rows, int width, int least, int threads)
    {
        // Several chunks a thread, where there is enough, so that a thread which is held up delays the others little.
        var chunks = (int)Math.Clamp((long)rows * width / least, 1, threads * 4L);
        chunks -= chunks > threads ? chunks % threads : 0;
        Run(work, rows, (rows + chunks - 1) / chunks, threads);
    }

    /// <summary>Runs all items, in chunks, on the session's threads; one chunk's work stays on this thread.</summary>
    public void Run(ParallelWork work, int items, int chunk, int threads)
    {
        var tasks = work.Prepare(items, chunk, threads);
        if (tasks <= 1)
        {
            work.TakeChunks();
        }
        else
        {
            var handle = GCHandle.Alloc(work);
            try
            {
                OrtApi.ParallelFor(context, &TakeChunks, tasks, (void*)GCHandle.ToIntPtr(handle));
            }
            finally
            {
                handle.Free();
            }
        }

        work.ThrowIfFailed();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void TakeChunks(void* work, nuint task) =>
        ((ParallelWork)GCHandle.FromIntPtr((nint)work).Target!).TakeChunks();
}
