using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace Serverless.Functions.Hosting;

/// <summary>Serves as an Azure Functions custom handler when the Functions host has started this process.</summary>
internal static class CustomHandler
{
    private const string Port = "FUNCTIONS_CUSTOMHANDLER_PORT";

    /// <summary>Whether the Functions host has started this process and hands it the messages of its triggers.</summary>
    public static bool IsCustomHandler(this IConfiguration configuration) => configuration[Port] is { Length: > 0 };

    /// <summary>Listens on loopback only, at the port that the host gave, whatever else the inherited environment says.</summary>
    public static void AddCustomHandlerPort(this WebApplicationBuilder builder)
    {
        if (builder.Configuration[Port] is not { Length: > 0 } text)
        {
            return;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            throw new OptionsValidationException("", typeof(CustomHandler), [$"{Port} is '{text}', but must be a port from 1 to 65535."]);
        }

        builder.WebHost.PreferHostingUrls(false);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // In place of the endpoints that the section Kestrel may name.
            kestrel.Configure();
            kestrel.Listen(IPAddress.Loopback, port);
        });
    }
}
