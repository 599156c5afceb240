using System.Buffers;

namespace Serverless.Core.Store;

/// <summary>The rule for names in the store: segments of letters, digits and <c>. _ - = @ ~ +</c>, none starting with a dot.</summary>
internal static class BlobPath
{
    private const int LongestPath = 512;
    private const int LongestSegment = 200;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-=@~+");

    public static void Check(string path)
    {
        if (!IsValid(path))
        {
            throw new ArgumentException(
                "A blob path is relative, with forward slashes; its segments have 1 to 200 letters, digits or . _ - = @ ~ + and do not start with a dot.",
                nameof(path));
        }
    }

    /// <summary>Checks a prefix, whose last segment may be cut anywhere.</summary>
    public static void CheckPrefix(string prefix)
    {
        if (prefix.Length > 0 && !IsValid(prefix.EndsWith('/') ? prefix + "x" : prefix))
        {
            throw new ArgumentException("A prefix is the start of a blob path.", nameof(prefix));
        }
    }

    public static bool IsValid(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length is 0 or > LongestPath)
        {
            return false;
        }

        foreach (var range in path.AsSpan().Split('/'))
        {
            var segment = path.AsSpan(range);
            if (segment.Length is 0 or > LongestSegment || segment[0] == '.' || segment.ContainsAnyExcept(Allowed))
            {
                return false;
            }
        }

        return true;
    }
}
