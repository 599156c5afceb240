using System.Text.Json;
using Microsoft.OpenApi;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Requests;

/// <summary>Reads what is particular to <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatReader
{
    private static readonly ShapedParameter Modalities = new("modalities", "Text only.", () => Schemas.List(Schemas.OneOf("text")));
    private static readonly TextParameter FormatType = new("type", "Text only, in this version.") { Values = ["text"], IsRequired = true };
    private static readonly ShapedParameter Format = new("response_format", "The form of the answer.", () => Schemas.Body(FormatType));
    private static readonly ShapedParameter ToolChoice = new("tool_choice", "Whether the model sees the tools.", () => Schemas.OneOf("auto", "none"));
    private static readonly ShapedParameter ToolList = new("tools", "OpenAI's tool definitions, for the model's chat template.", ToolsSchema);
    private static readonly ShapedParameter Variables = new("chat_template_kwargs", "Variables for the model's chat template, such as enable_thinking.", () => new OpenApiSchema { Type = JsonSchemaType.Object });
    private static readonly FlagParameter WithLogprobs = new("logprobs", "Reports the log-probability of each token.");
    private static readonly IntegerParameter TopLogprobs = new("top_logprobs", 0, 20, null, "The number of alternatives to report at each position; needs logprobs.");

    /// <summary>What OpenAI knows and this model does not serve.</summary>
    private static readonly string[] Unserved = ["audio", "functions", "function_call", "prediction", "web_search_options", "reasoning_effort", "verbosity"];

    /// <summary>Every parameter that this reader knows.</summary>
    public static IReadOnlyList<Parameter> Known { get; } =
        [MessageReader.Messages, ToolList, ToolChoice, Format, Modalities, Variables, WithLogprobs, TopLogprobs];

    public static GenerationRequest Read(Parameters parameters, GenerationRequest request)
    {
        foreach (var name in Unserved)
        {
            parameters.Refuse(name, "this model gives text only, and takes tools as 'tools'.");
        }

        CheckModalities(parameters);
        CheckFormat(parameters);
        return request with
        {
            Messages = MessageReader.Read(parameters),
            Tools = Tools(parameters),
            TemplateVariables = TemplateVariables(parameters),
            TopLogprobs = Logprobs(parameters),
        };
    }

    private static void CheckModalities(Parameters parameters)
    {
        if (parameters.Find(Modalities) is { } value
            && (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString() != "text")))
        {
            throw ApiException.Invalid("'modalities' takes [\"text\"] only.", "modalities", "invalid_value");
        }
    }

    private static void CheckFormat(Parameters parameters)
    {
        if (parameters.Find(Format) is not { } format)
        {
            return;
        }

        if (format.ValueKind != JsonValueKind.Object)
        {
            throw Parameters.WrongType("response_format", "an object", format);
        }

        if (new Parameters(format, "response_format.").Text(FormatType.Name) is not { } type || !FormatType.Values.Contains(type))
        {
            throw ApiException.Invalid("'response_format' takes {\"type\":\"text\"} only in this version.", "response_format", "unsupported_parameter");
        }
    }

    private static JsonElement? Tools(Parameters parameters)
    {
        var choice = parameters.Find(ToolChoice);
        if (choice is { } wanted && (wanted.ValueKind != JsonValueKind.String || wanted.GetString() is not ("auto" or "none")))
        {
            throw ApiException.Invalid("'tool_choice' takes 'auto' or 'none' in this version; a forced choice is not supported.", "tool_choice", "unsupported_parameter");
        }

        if (parameters.Find(ToolList) is not { } tools)
        {
            return null;
        }

        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw Parameters.WrongType("tools", "an array of objects", tools);
        }

        if (tools.EnumerateArray().Any(tool => tool.ValueKind != JsonValueKind.Object
            || !tool.TryGetProperty("function", out var function) || function.ValueKind != JsonValueKind.Object
            || !function.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String))
        {
            throw ApiException.Invalid("Each of 'tools' is an object {\"type\":\"function\",\"function\":{\"name\":…}}.", "tools", "invalid_value");
        }

        return tools.GetArrayLength() == 0 || choice?.GetString() == "none" ? null : tools;
    }

    private static JsonElement? TemplateVariables(Parameters parameters) => parameters.Find(Variables) is not { } variables ? null
        : variables.ValueKind == JsonValueKind.Object ? variables
        : throw Parameters.WrongType("chat_template_kwargs", "an object", variables);

    private static int? Logprobs(Parameters parameters)
    {
        var wanted = parameters.Flag(WithLogprobs);
        var top = parameters.Integer(TopLogprobs);
        return top is not null && !wanted
            ? throw ApiException.Invalid("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs", "invalid_value")
            : wanted ? top ?? 0 : null;
    }

    private static OpenApiSchema ToolsSchema() => Schemas.List(Schemas.Object(
        ("type?", Schemas.Text()),
        ("function", Schemas.Object(
            ("name", Schemas.Text()),
            ("description?", new OpenApiSchema()),
            ("parameters?", new OpenApiSchema { Description = "A JSON schema." })))));
}
