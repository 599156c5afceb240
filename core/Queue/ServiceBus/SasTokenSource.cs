using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Signs tokens with a shared access key; each is good for an hour.</summary>
internal sealed class SasTokenSource(string keyName, string key, TimeProvider time) : ITokenSource
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public ValueTask<Token> GetAsync(string audience, CancellationToken cancellationToken)
    {
        var expires = time.GetUtcNow() + Life;
        var end = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var resource = Uri.EscapeDataString(audience);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{end}")));
        var token = $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={end}&skn={Uri.EscapeDataString(keyName)}";
        return new(new Token(token, "servicebus.windows.net:sastoken", expires));
    }
}
