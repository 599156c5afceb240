using Microsoft.Extensions.DependencyInjection.Extensions;
using Scalar.AspNetCore;
using Serverless.Functions;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.Generation;
using Serverless.Functions.Hosting;
using Serverless.Functions.Jobs;
using Serverless.Functions.Keys;
using Serverless.Functions.Models;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Requests;
using Serverless.Functions.Webhooks;

namespace Microsoft.Extensions.DependencyInjection;

public static class FunctionsApi
{
    // Load balancers ask with either.
    private static readonly string[] Probes = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds the HTTP API on top of core's services. Bad settings stop the start.</summary>
    public static WebApplicationBuilder AddFunctionsApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<CallReader>().AddSingleton<Acceptance>().AddSingleton<JobAnswer>().AddSingleton<GenerationDoor>();
        builder.Services.AddOpenApi(options => options.AddBearer());
        builder.Services.AddRouting();
        builder.AddWebhooksApi();
        builder.AddCustomHandlerPort();
        // A body's limit is the API's own, which answers with OpenAI's error.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        return builder;
    }

    /// <summary>Maps every route of the API.</summary>
    public static WebApplication MapFunctionsApi(this WebApplication app)
    {
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<AuthenticationMiddleware>();
        app.UseRouting();
        app.MapMethods("/", Probes, () => Results.Text("Serverless inference. See /docs.\n")).ExcludeFromDescription();
        app.MapMethods("/healthz", Probes, () => Results.Text("ok\n")).WithTags("Health").WithName("health").WithSummary("Answers 200 when the API is ready; it needs no key.");
        app.MapGeneration();
        app.MapModels();
        app.MapJobs();
        app.MapKeys();
        app.MapWebhooks();
        app.MapDeliveries();
        app.MapDeliverWebhook();
        app.MapOpenApi();
        app.MapScalarApiReference("/docs", options => options.WithTitle("Serverless inference").DisableDefaultFonts());
        return app;
    }
}
