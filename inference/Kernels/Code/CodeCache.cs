using System.Collections.Concurrent;

namespace Serverless.Inference.Kernels.Code;

/// <summary>Which assembled loop: its family, how many rows and columns a call does, and the length that is built in.</summary>
internal readonly record struct CodeKey(CodeFamily Family, int Rows, int Columns, int Length);

internal enum CodeFamily
{
    Int8Avx512Vnni,
    Int8Avx2,
    ScoreAvx512,
    ScoreAvx2,
    MixAvx512,
    MixAvx2,
}

/// <summary>Assembled loops by shape; each is assembled once, when it is first asked for.</summary>
internal sealed class CodeCache
{
    private readonly ConcurrentDictionary<CodeKey, Lazy<ExecutableMemory>> _loops = new();

    /// <summary>How many loops are assembled.</summary>
    public int Count => _loops.Count;

    /// <summary>The loop's entry point, valid as long as the caller's kernel is alive.</summary>
    public nint Find(CodeKey key, Func<CodeKey, byte[]> assemble) =>
        _loops.GetOrAdd(key, static (key, assemble) => new(() => ExecutableMemory.Load(assemble(key))), assemble).Value.Address;

    public void Clear()
    {
        foreach (var key in _loops.Keys)
        {
            if (_loops.TryRemove(key, out var loop))
            {
                loop.Value.Dispose();
            }
        }
    }
}
