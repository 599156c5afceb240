using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Serverless.Core.Settings;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Settings are checked before anything starts, and a bad one is a line for its reader, without a stack trace.</summary>
public static class SettingsExtensions
{
    /// <summary>Adds an options class that is read from its section. <see cref="CheckSettings"/> and the host's start refuse bad values.</summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        if (!services.Any(service => service.ServiceType == typeof(SettingsReader<TOptions>)))
        {
            services.AddSingleton(provider => new SettingsReader<TOptions>(provider.GetRequiredService<IConfiguration>(), section));
            services.AddSingleton<IConfigureOptions<TOptions>>(provider => provider.GetRequiredService<SettingsReader<TOptions>>());
            services.AddSingleton<IValidateOptions<TOptions>>(provider => provider.GetRequiredService<SettingsReader<TOptions>>());
        }

        return services.AddOptions<TOptions>().ValidateOnStart();
    }

    /// <summary>Checks every setting; the host itself would only do so with a stack trace in the log.</summary>
    /// <exception cref="OptionsValidationException">Some are bad; the message has a sentence for each.</exception>
    public static void CheckSettings(this IHost host)
    {
        try
        {
            host.Services.GetService<IStartupValidator>()?.Validate();
        }
        catch (AggregateException errors) when (errors.InnerExceptions.All(error => error is OptionsValidationException))
        {
            throw new OptionsValidationException("", typeof(object), errors.InnerExceptions.SelectMany(error => ((OptionsValidationException)error).Failures));
        }
    }

    /// <summary>Builds a host and runs it until it is stopped.</summary>
    /// <returns>The exit code: 1 when a setting is bad, and the reason is on standard error.</returns>
    public static async Task<int> RunHostAsync(Func<IHost> build)
    {
        try
        {
            using var host = build();
            host.CheckSettings();
            await host.RunAsync();
            return 0;
        }
        catch (OptionsValidationException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}
