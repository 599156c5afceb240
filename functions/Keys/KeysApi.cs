using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Functions.Answers;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Keys;

internal static class KeysApi
{
    private static readonly TextParameter Tenant = new("tenant", "Whose key it is: 1 to 64 lower-case letters, digits and hyphens. Without it, the caller's tenant.") { Pattern = "^[a-z0-9-]{1,64}$" };
    private static readonly TextParameter Name = new("name", "What the key is for.") { MaxLength = 200 };
    private static readonly FlagParameter Admin = new("admin", "Whether the key may manage keys.");

    /// <summary>Every parameter of a new key.</summary>
    public static IReadOnlyList<Parameter> Known { get; } = [Tenant, Name, Admin];

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/keys").WithTags("Keys");
        keys.MapPost("", CreateAsync).WithName("createKey").WithSummary("Makes an API key; the key itself is shown in this answer only.")
            .Describe(Samples.Key, () => Schemas.Body(Known))
            .Answers(StatusCodes.Status201Created, "The key; this answer alone has its secret.", "ApiKey");
        keys.MapGet("", ListAsync).WithName("listKeys").WithSummary("Lists the keys; of each only a hash is stored.")
            .Takes(ParameterLocation.Query, "tenant", "Only the keys of this tenant.", Schemas.Text())
            .Answers(StatusCodes.Status200OK, "The keys, oldest first.", "ApiKeyList");
        keys.MapDelete("/{id}", RevokeAsync).WithName("revokeKey").WithSummary("Revokes a key for good.")
            .Answers(StatusCodes.Status200OK, "The revoked key.", "ApiKey");
    }

    private static async Task CreateAsync(HttpContext context, IKeyRing keys, IOptions<ApiOptions> options)
    {
        CheckAdministrator(context);
        var parameters = new Parameters(await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes));
        var tenant = parameters.Text(Tenant) ?? context.Caller().Tenant;
        var (record, key) = await keys.CreateAsync(tenant, parameters.Text(Name), parameters.Flag(Admin), context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status201Created, json => Write(json, record, key));
    }

    private static async Task ListAsync(HttpContext context, IKeyRing keys)
    {
        CheckAdministrator(context);
        var records = new List<KeyRecord>();
        await foreach (var record in keys.ListAsync(context.Request.Query["tenant"].FirstOrDefault(), context.RequestAborted))
        {
            records.Add(record);
        }

        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var record in records.OrderBy(record => record.CreatedAt))
            {
                Write(json, record, null);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task RevokeAsync(HttpContext context, string id, IKeyRing keys)
    {
        CheckAdministrator(context);
        var record = await keys.RevokeAsync(id, context.RequestAborted)
            ?? throw ApiException.NotFound("There is no such key. GET /v1/keys lists those that there are.", "id", "key_not_found");
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, record, null));
    }

    private static void CheckAdministrator(HttpContext context)
    {
        if (!context.Caller().Admin)
        {
            throw new ApiException(new JobError(403, "invalid_request_error", "This needs an administrator's API key.", null, "insufficient_permissions"));
        }
    }

    private static void Write(Utf8JsonWriter json, KeyRecord record, string? key)
    {
        json.WriteStartObject();
        json.WriteString("id", record.Id);
        json.WriteString("object", "api_key");
        json.WriteString("name", record.Name);
        json.WriteString("tenant", record.Tenant);
        json.WriteBoolean("admin", record.Admin);
        json.WriteString("hint", $"…{record.Hint}");
        json.WriteNumber("created_at", record.CreatedAt.ToUnixTimeSeconds());
        if (record.RevokedAt is { } revoked)
        {
            json.WriteNumber("revoked_at", revoked.ToUnixTimeSeconds());
        }
        else
        {
            json.WriteNull("revoked_at");
        }

        if (key is not null)
        {
            json.WriteString("key", key);
        }

        json.WriteEndObject();
    }
}
