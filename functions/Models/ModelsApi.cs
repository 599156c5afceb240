using System.Text.Json;
using Serverless.Core.Deployments;
using Serverless.Functions.Answers;
using Serverless.Functions.Errors;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Models;

internal static class ModelsApi
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/v1/models").WithTags("Models");
        models.MapGet("", ListAsync).WithName("listModels").WithSummary("Lists the deployments that a request may name.")
            .Answers(StatusCodes.Status200OK, "The deployments.", "ModelList");
        models.MapGet("/{id}", GetAsync).WithName("retrieveModel").WithSummary("Describes one deployment.")
            .Answers(StatusCodes.Status200OK, "The deployment.", "Model");
    }

    private static async Task ListAsync(HttpContext context, IDeploymentCatalog catalog)
    {
        var deployments = await catalog.ListAsync(context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var deployment in deployments)
            {
                Write(json, deployment);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(HttpContext context, string id, IDeploymentCatalog catalog)
    {
        var deployment = await catalog.FindAsync(id, context.RequestAborted)
            ?? throw ApiException.NotFound("There is no such model. GET /v1/models lists those that there are.", "model", "model_not_found");
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, deployment));
    }

    private static void Write(Utf8JsonWriter json, Deployment deployment)
    {
        json.WriteStartObject();
        json.WriteString("id", deployment.Name);
        json.WriteString("object", "model");
        json.WriteNumber("created", deployment.CreatedAt.ToUnixTimeSeconds());
        json.WriteString("owned_by", deployment.OwnedBy);
        json.WriteNumber("context_length", deployment.ContextLength);
        json.WriteEndObject();
    }
}
