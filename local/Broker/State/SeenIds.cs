using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Local.Broker.State;

/// <summary>The message ids of the last minutes, as hashes, so that a message sent twice is kept once.</summary>
internal sealed class SeenIds(TimeSpan window)
{
    private readonly Dictionary<UInt128, DateTimeOffset> _seen = [];
    private readonly Queue<(UInt128 Id, DateTimeOffset At)> _order = new();

    public IEnumerable<(UInt128 Id, DateTimeOffset At)> All => _order;

    public static UInt128 Hash(string id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    public bool Contains(UInt128 id, DateTimeOffset now)
    {
        Forget(now);
        return _seen.ContainsKey(id);
    }

    public void Add(UInt128 id, DateTimeOffset at)
    {
        if (window > TimeSpan.Zero && _seen.TryAdd(id, at))
        {
            _order.Enqueue((id, at));
        }
    }

    public void Forget(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.At + window <= now)
        {
            _order.Dequeue();
            _seen.Remove(oldest.Id);
        }
    }
}
