namespace Serverless.Inference.Onnx;

/// <summary>A lock between processes: an open file that the system closes when its holder dies.</summary>
internal static class FileLock
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock; dispose what it returns to give it back.</summary>
    public static async Task<IDisposable> TakeAsync(string path, TimeProvider clock, Action waiting, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(path) is { } taken)
            {
                return taken;
            }

            waiting();
            await Task.Delay(RetryInterval, clock, cancellationToken);
        }
    }

    // The file is never deleted: whoever waits for it would then hold a lock that nobody else can see.
    private static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (IsHeldByAnother(error))
        {
            return null;
        }
    }

    // Windows: sharing violation, lock violation. Linux and macOS: EWOULDBLOCK.
    private static bool IsHeldByAnother(IOException error) =>
        error.GetType() == typeof(IOException) && (error.HResult & 0xffff) is 32 or 33 or 11 or 35;
}
