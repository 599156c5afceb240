using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Requests;

/// <summary>Reads the messages of a chat; text parts become one string, everything else stays as the caller sent it.</summary>
internal static class MessageReader
{
    private const int MaxMessages = 4096;
    private static readonly string[] Contents = ["content", "tool_calls", "function_call"];
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    public static readonly ShapedParameter Messages = new("messages", "The chat, oldest message first.", Schema) { IsRequired = true };

    public static IReadOnlyList<ChatMessage> Read(Parameters parameters)
    {
        if (parameters.Find(Messages) is not { } messages)
        {
            throw ApiException.Invalid("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
        }

        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw Parameters.WrongType("messages", "an array of objects", messages);
        }

        var count = messages.GetArrayLength();
        if (count is 0 or > MaxMessages)
        {
            throw ApiException.Invalid($"'messages' takes 1 to {MaxMessages} messages, but got {count}.", "messages", "invalid_value");
        }

        return [.. messages.EnumerateArray().Select(Message)];
    }

    private static ChatMessage Message(JsonElement message, int index)
    {
        var name = $"messages[{index}]";
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw Parameters.WrongType(name, "an object", message);
        }

        if (!message.TryGetProperty("role", out var role))
        {
            throw ApiException.Invalid($"Missing required parameter: '{name}.role'.", $"{name}.role", "missing_required_parameter");
        }

        if (role.ValueKind != JsonValueKind.String)
        {
            throw Parameters.WrongType($"{name}.role", "a string", role);
        }

        if (!Roles.Contains(role.GetString()))
        {
            throw ApiException.Invalid($"Invalid value for '{name}.role': expected one of {string.Join(", ", Roles)}.", $"{name}.role", "invalid_value");
        }

        var hasCalls = message.TryGetProperty("tool_calls", out _) || message.TryGetProperty("function_call", out _);
        if (!message.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
        {
            return hasCalls ? new ChatMessage(role.GetString()!, message)
                : throw ApiException.Invalid($"Missing required parameter: '{name}.content'.", $"{name}.content", "missing_required_parameter");
        }

        return content.ValueKind switch
        {
            JsonValueKind.String => new ChatMessage(role.GetString()!, message),
            JsonValueKind.Array => new ChatMessage(role.GetString()!, WithContent(message, JoinParts(content, name))),
            _ => throw Parameters.WrongType($"{name}.content", "a string or an array of parts", content),
        };
    }

    private static string JoinParts(JsonElement parts, string name)
    {
        var texts = parts.EnumerateArray().Select((part, index) =>
        {
            var where = $"{name}.content[{index}]";
            if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
            {
                throw ApiException.Invalid($"'{where}' must be an object with a 'type'.", where, "invalid_type");
            }

            if (type.GetString() != "text")
            {
                throw ApiException.Invalid($"'{where}' is a part of type that this model cannot read; it reads only 'text'.", $"{where}.type", "unsupported_content");
            }

            return part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()
                : throw ApiException.Invalid($"'{where}.text' must be a string.", $"{where}.text", "invalid_type");
        });
        return string.Concat(texts);
    }

    private static OpenApiSchema Schema()
    {
        var part = Schemas.Object(("type", Schemas.OneOf("text")), ("text", Schemas.Text()));
        var message = Schemas.Object(
            ("role", Schemas.OneOf(Roles)),
            ("content?", Schemas.Any(Schemas.Text(), Schemas.List(part), Schemas.Null())),
            ("name?", new OpenApiSchema()),
            ("tool_calls?", new OpenApiSchema { Description = "A message that has them needs no content." }),
            ("tool_call_id?", new OpenApiSchema()));
        message.AnyOf = [.. Contents.Select(name => new OpenApiSchema { Required = new HashSet<string> { name } })];
        var messages = Schemas.List(message);
        (messages.MinItems, messages.MaxItems) = (1, MaxMessages);
        return messages;
    }

    private static JsonElement WithContent(JsonElement message, string content)
    {
        var copy = JsonObject.Create(message)!;
        copy["content"] = content;
        return JsonSerializer.SerializeToElement(copy, JsonNodeContext.Default.JsonObject);
    }
}
