using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Serverless.Core.Webhooks;

/// <summary>The rules for a receiver's address, as far as the text alone can tell.</summary>
public static class WebhookUrl
{
    /// <summary>The most characters of an address.</summary>
    public const int Longest = 2048;

    /// <returns>What is wrong with the text, or null and the address.</returns>
    public static string? Check(string text, bool allowPrivate, [NotNull] out Uri? url)
    {
        url = Parse(text) ?? Nowhere;
        if (ReferenceEquals(url, Nowhere))
        {
            return $"expected an absolute http or https URL of at most {Longest} characters";
        }

        if (url.Port == 0)
        {
            return "the URL's port must not be 0";
        }

        if (url.UserInfo.Length > 0)
        {
            return "the URL must not carry a user name or password";
        }

        // Names are looked up when the message goes out; a literal address, or the name that every machine has for itself, can be refused at once.
        return (IPAddress.TryParse(url.IdnHost, out var address) && !AddressGuard.IsAllowed(address, allowPrivate)) || (IsLocalhost(url) && !allowPrivate)
            ? "the address is not one of the public internet"
            : null;
    }

    private static bool IsLocalhost(Uri url)
    {
        var host = url.IdnHost.TrimEnd('.');
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }

    private static readonly Uri Nowhere = new("about:blank");

    private static Uri? Parse(string text) =>
        text.Length <= Longest && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.IdnHost.Length > 0 ? url : null;
}
