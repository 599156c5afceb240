namespace Serverless.Inference.Sampling;

/// <summary>A token and its logit as one number, so that plain ordering is likeliest first and lowest id among equals.</summary>
internal readonly struct Candidate(ulong key) : IComparable<Candidate>
{
    public int Token => (int)(uint)key;

    public float Logit
    {
        get
        {
            var ordered = ~(uint)(key >> 32);
            return BitConverter.UInt32BitsToSingle((ordered & 0x80000000) != 0 ? ordered & 0x7FFFFFFF : ~ordered);
        }
    }

    private ulong Key => key;

    public static Candidate Of(int token, float logit)
    {
        // Adding zero turns -0 into +0, which orders as its equal.
        var bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        var ordered = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return new(((ulong)~ordered << 32) | (uint)token);
    }

    public int CompareTo(Candidate other) => Key.CompareTo(other.Key);
}
