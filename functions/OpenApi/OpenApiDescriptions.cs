using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Serverless.Functions.OpenApi;

/// <summary>Describes what the routes' signatures do not show: bodies that are read and written by hand, headers, and the API key.</summary>
internal static class OpenApiDescriptions
{
    private const string Json = "application/json";
    private const string Events = "text/event-stream";

    /// <summary>Adds a JSON request body with an example.</summary>
    /// <param name="builder">The route.</param>
    /// <param name="example">A body that works.</param>
    /// <param name="body">What a body may be; an object by default.</param>
    /// <param name="isRequired">Whether there is always a body.</param>
    public static TBuilder Describe<TBuilder>(this TBuilder builder, string example, Func<OpenApiSchema>? body = null, bool isRequired = true)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = isRequired,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Json] = new() { Schema = body?.Invoke() ?? new OpenApiSchema { Type = JsonSchemaType.Object }, Example = JsonNode.Parse(example) },
                },
            };
            return Task.CompletedTask;
        });

    /// <summary>Says what a status answers.</summary>
    /// <param name="builder">The route.</param>
    /// <param name="status">The status.</param>
    /// <param name="description">When it is answered.</param>
    /// <param name="schema">The JSON body, a name of <see cref="AnswerSchemas"/>.</param>
    /// <param name="events">What the data of each server-sent event is, when the answer may be a stream.</param>
    /// <param name="headers">Headers beyond those of every answer, names of <see cref="AnswerHeaders"/>.</param>
    public static TBuilder Answers<TBuilder>(
        this TBuilder builder, int status, string description, string? schema = null, string? events = null, params string[] headers)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            var content = new Dictionary<string, OpenApiMediaType>();
            if (schema is not null)
            {
                content[Json] = new() { Schema = Schemas.Named(schema, context.Document) };
            }

            if (events is not null)
            {
                content[Events] = new() { Schema = Schemas.Named(events, context.Document) };
            }

            operation.Responses ??= [];
            if (operation.Responses.TryGetValue("200", out var inferred) && inferred.Headers is not { Count: > 0 })
            {
                // What is inferred of a handler that writes its answer itself says nothing.
                operation.Responses.Remove("200");
            }

            operation.Responses[$"{status}"] = new OpenApiResponse
            {
                Description = description,
                Content = content,
                Headers = AnswerHeaders.References([.. AnswerHeaders.Everywhere, .. headers], context.Document),
            };
            return Task.CompletedTask;
        });

    /// <summary>Adds a parameter that the route reads from its query or headers by hand.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder builder, ParameterLocation place, string name, string description, OpenApiSchema schema)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter { In = place, Name = name, Description = description, Schema = schema });
            return Task.CompletedTask;
        });

    /// <summary>Adds what is common to all routes.</summary>
    public static void DescribeCommon(this OpenApiOptions options)
    {
        options.AddOperationTransformer((operation, context, _) =>
        {
            operation.Responses ??= [];
            operation.Responses["default"] = new OpenApiResponse
            {
                Description = "The request is refused, or it failed: 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500 or 503.",
                Content = new Dictionary<string, OpenApiMediaType> { [Json] = new() { Schema = Schemas.Named("Error", context.Document) } },
                Headers = AnswerHeaders.References([.. AnswerHeaders.Everywhere, "retry-after"], context.Document),
            };
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Serverless inference";
            document.Info.Description = "An OpenAI-compatible API. Send an API key as Authorization: Bearer sk-….";
            // The address in the request may be one behind a proxy. Without any, a reader takes the one it has the document from.
            document.Servers = [];
            foreach (var path in document.Paths.Values)
            {
                path.Operations?.Remove(HttpMethod.Head);
            }

            foreach (var (name, schema) in AnswerSchemas.All())
            {
                document.AddComponent(name, schema);
            }

            foreach (var (name, header) in AnswerHeaders.All())
            {
                document.AddComponent(name, header);
            }

            document.AddComponent("bearer", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        });
    }
}
