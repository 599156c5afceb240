using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Serverless.Core.Jobs;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Json;

/// <summary>Reads a request's body as one JSON object, and refuses what is none.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public static async Task<JsonElement> ReadAsync(HttpContext context, int maxBytes)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new ApiException(new JobError(415, "invalid_request_error", "Send the body as Content-Type: application/json.", null, "unsupported_media_type"));
        }

        if (context.Request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        var body = await ReadAllAsync(context.Request.BodyReader, maxBytes, context.RequestAborted);
        return Parse(body);
    }

    /// <summary>Parses a body, wherever it came from.</summary>
    /// <exception cref="ApiException">It is no JSON object, or no valid text.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            throw ApiException.Invalid("The request body is not valid UTF-8.", null, "invalid_utf8");
        }

        try
        {
            var root = JsonDocument.Parse(body, Options).RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.Invalid("The request body must be a JSON object.", null, "invalid_json");
            }

            CheckText(root);
            return root;
        }
        catch (JsonException error)
        {
            throw ApiException.Invalid($"We could not parse the JSON body of your request: {error.Message}", null, "invalid_json");
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone passes the grammar but is half a character, which nothing downstream could carry.
            throw ApiException.Invalid("A string in the request body has half of a surrogate pair (such as \\ud800 alone). Send whole characters.", null, "invalid_utf8");
        }
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader, int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await ReadAsync(reader, cancellationToken);
            if (read.Buffer.Length > maxBytes)
            {
                throw TooLarge(maxBytes);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken);
        }
        catch (IOException error) when (error is not BadHttpRequestException)
        {
            // Kestrel says so of a chunk whose size no integer holds; what else is malformed has an exception of its own.
            throw ApiException.Invalid("The request body ends or is cut into chunks in a way that cannot be read.", null, "malformed_body");
        }
    }

    private static ApiException TooLarge(int maxBytes) =>
        new(new JobError(413, "invalid_request_error", $"The request body is larger than {maxBytes} bytes.", null, "request_too_large"));

    // Reading a name or a string is what finds half a character in it.
    private static void CheckText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckText(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    CheckText(item);
                }

                break;
            case JsonValueKind.String:
                element.GetString();
                break;
            default:
                break;
        }
    }
}
