using System.Text.Json;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;

namespace Serverless.Functions.Requests;

/// <summary>Reads what is particular to <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatReader
{
    public static GenerationRequest Read(Parameters parameters, GenerationRequest request)
    {
        foreach (var name in new[] { "audio", "functions", "function_call", "prediction", "web_search_options", "reasoning_effort", "verbosity" })
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
        if (parameters.Find("modalities") is { } value
            && (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString() != "text")))
        {
            throw ApiException.Invalid("'modalities' takes [\"text\"] only.", "modalities", "invalid_value");
        }
    }

    private static void CheckFormat(Parameters parameters)
    {
        if (parameters.Find("response_format") is not { } format)
        {
            return;
        }

        if (format.ValueKind != JsonValueKind.Object)
        {
            throw Parameters.WrongType("response_format", "an object", format);
        }

        if (new Parameters(format, "response_format.").Text("type") is not "text")
        {
            throw ApiException.Invalid("'response_format' takes {\"type\":\"text\"} only in this version.", "response_format", "unsupported_parameter");
        }
    }

    private static JsonElement? Tools(Parameters parameters)
    {
        var choice = parameters.Find("tool_choice");
        if (choice is { } wanted && (wanted.ValueKind != JsonValueKind.String || wanted.GetString() is not ("auto" or "none")))
        {
            throw ApiException.Invalid("'tool_choice' takes 'auto' or 'none' in this version; a forced choice is not supported.", "tool_choice", "unsupported_parameter");
        }

        if (parameters.Find("tools") is not { } tools)
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

    /// <summary>Variables for the model's chat template, such as <c>enable_thinking</c>.</summary>
    private static JsonElement? TemplateVariables(Parameters parameters) => parameters.Find("chat_template_kwargs") is not { } variables ? null
        : variables.ValueKind == JsonValueKind.Object ? variables
        : throw Parameters.WrongType("chat_template_kwargs", "an object", variables);

    private static int? Logprobs(Parameters parameters)
    {
        var wanted = parameters.Flag("logprobs") ?? false;
        var top = parameters.Integer("top_logprobs", 0, 20);
        return top is not null && !wanted
            ? throw ApiException.Invalid("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs", "invalid_value")
            : wanted ? top ?? 0 : null;
    }
}
