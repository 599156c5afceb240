using System.Globalization;

namespace Serverless.Functions.Generation;

/// <summary>What the caller's <c>Cache-Control</c> allows (RFC 9111, section 5.2.1); directives that mean nothing here are skipped.</summary>
/// <param name="Lookup">Whether a stored answer is welcome.</param>
/// <param name="Store">Whether the new answer may be stored.</param>
/// <param name="MaxAge">The oldest stored answer that is welcome.</param>
internal readonly record struct CacheDirectives(bool Lookup, bool Store, TimeSpan? MaxAge)
{
    public static CacheDirectives Parse(string? header)
    {
        var directives = new CacheDirectives(Lookup: true, Store: true, MaxAge: null);
        foreach (var part in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Equals("no-cache", StringComparison.OrdinalIgnoreCase))
            {
                directives = directives with { Lookup = false };
            }
            else if (part.Equals("no-store", StringComparison.OrdinalIgnoreCase))
            {
                directives = directives with { Lookup = false, Store = false };
            }
            else if (part.StartsWith("max-age=", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(part.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                directives = directives with { MaxAge = TimeSpan.FromSeconds(seconds) };
            }
        }

        return directives;
    }
}
