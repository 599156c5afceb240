using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Core.Store;
using Serverless.Functions;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.Generation;
using Serverless.Functions.Hosting;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Jobs;
using Serverless.Functions.Keys;
using Serverless.Functions.Models;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Requests;
using Serverless.Functions.Webhooks;

namespace Microsoft.Extensions.DependencyInjection;

public static class FunctionsApi
{
    /// <summary>Adds the HTTP API on top of core's services. Bad settings stop the start.</summary>
    public static WebApplicationBuilder AddFunctionsApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<ApiOptions>(ApiOptions.Section);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<CallReader>().AddSingleton<Acceptance>().AddSingleton<JobAnswer>().AddSingleton<GenerationDoor>().AddSingleton<GenerationEndpoint>();
        builder.Services.AddSingleton<KeyedAcceptance>().AddSingleton<IdempotencyReader>().AddSingleton(services => new IdempotencyKeys(
            services.GetRequiredService<IBlobStore>(),
            services.GetRequiredService<IJobStore>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<IOptions<ApiOptions>>().Value.IdempotencyLifetime));
        builder.Services.AddOpenApi(options => options.DescribeCommon());
        builder.Services.AddRouting();
        builder.AddWebhooksApi();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A body's limit is the API's own, which answers with OpenAI's error.
            kestrel.Limits.MaxRequestBodySize = null;
            // Before any endpoint is added: it applies to those that follow.
            kestrel.ConfigureEndpointDefaults(EarlyRefusals.Explain);
        });
        builder.AddCustomHandlerPort();
        return builder;
    }

    /// <summary>Maps every route of the API.</summary>
    public static WebApplication MapFunctionsApi(this WebApplication app)
    {
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<AuthenticationMiddleware>();
        app.UseRouting();
        var routes = app.MapGroup("").WithHead();
        routes.MapGet("/", () => Results.Text("Serverless inference. See /docs.\n")).ExcludeFromDescription();
        routes.MapGet("/healthz", () => Results.Text("ok\n")).WithTags("Health").WithName("health").WithSummary("Answers 200 when the API is ready; it needs no key.")
            .Answers(StatusCodes.Status200OK, "The API is ready.");
        routes.MapGeneration();
        routes.MapModels();
        routes.MapJobs();
        routes.MapKeys();
        routes.MapWebhooks();
        routes.MapDeliveries();
        routes.MapDeliverWebhook();
        routes.MapOpenApi();
        routes.MapScalarApiReference("/docs", options => options.WithTitle("Serverless inference").DisableDefaultFonts());
        return app;
    }
}
