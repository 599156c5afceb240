using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Serverless.Functions.OpenApi;

/// <summary>Describes what the routes' signatures do not show: bodies that are read by hand, and the API key.</summary>
internal static class OpenApiDescriptions
{
    /// <summary>Adds a JSON request body with an example.</summary>
    public static TBuilder Describe<TBuilder>(this TBuilder builder, string example)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new()
                    {
                        Schema = new OpenApiSchema { Type = JsonSchemaType.Object },
                        Example = JsonNode.Parse(example),
                    },
                },
            };
            return Task.CompletedTask;
        });

    public static void AddBearer(this OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "Serverless inference";
        document.Info.Description = "An OpenAI-compatible API. Send an API key as Authorization: Bearer sk-….";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
        return Task.CompletedTask;
    });
}
