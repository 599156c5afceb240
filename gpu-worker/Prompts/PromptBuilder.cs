using System.Buffers;
using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Core.Requests;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Templates;

namespace Serverless.GpuWorker.Prompts;

/// <summary>Turns what a caller asked into the token ids that the model reads.</summary>
internal static class PromptBuilder
{
    /// <returns>One list of token ids for each prompt, or why there is none.</returns>
    public static (IReadOnlyList<int[]> Prompts, JobError? Error) Build(Job job, ServedModel model)
    {
        try
        {
            IReadOnlyList<int[]> prompts = job.Request.Messages is { } messages
                ? [Chat(job, messages, model)]
                : [.. job.Request.Prompts!.Select(prompt => Plain(prompt, model))];
            return (prompts, prompts.Select(prompt => CheckLength(prompt, job.Request, model)).FirstOrDefault(error => error is not null));
        }
        catch (TemplateException error)
        {
            return ([], JobError.Invalid($"The model's chat template refused these messages: {error.Message}", "messages"));
        }
    }

    private static int[] Chat(Job job, IReadOnlyList<ChatMessage> messages, ServedModel model)
    {
        var template = model.Template
            ?? throw new TemplateException(TemplateFault.Unsupported, $"{model.Deployment.Name} has no chat template; use /v1/completions.");
        return model.Tokenizer.Encode(template.Render(new TemplateInput
        {
            Messages = ToArray(messages),
            Tools = job.Request.Tools,
            Variables = job.Request.TemplateVariables?.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value) ?? new Dictionary<string, JsonElement>(),
            AddGenerationPrompt = true,
            BosToken = TokenText(model, model.Config.BosToken),
            EosToken = TokenText(model, model.Config.EosTokens.Count > 0 ? model.Config.EosTokens[0] : null),
            // The date that a template prints is the day of acceptance, so a resumed job reads the same prompt.
            Now = job.AcceptedAt,
        }));
    }

    private static JsonElement ToArray(IReadOnlyList<ChatMessage> messages)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var message in messages)
            {
                message.Value.WriteTo(json);
            }

            json.WriteEndArray();
        }

        return JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 128 }).RootElement;
    }

    private static int[] Plain(TextPrompt prompt, ServedModel model)
    {
        var ids = prompt.TokenIds is { } given ? [.. given] : model.Tokenizer.Encode(prompt.Text!);
        return model.Config is { AddBos: true, BosToken: { } bos } && prompt.TokenIds is null ? [bos, .. ids]
            : ids.Length > 0 ? ids
            // A model cannot answer nothing at all; the token that begins every text stands for it.
            : [model.Config.BosToken ?? model.Config.EosTokens[0]];
    }

    private static JobError? CheckLength(int[] prompt, GenerationRequest request, ServedModel model)
    {
        var context = model.Config.ContextLength;
        var (what, param) = request.Messages is null ? ("prompt", "prompt") : ("messages", "messages");
        if (prompt.Length >= context)
        {
            return JobError.Invalid(
                $"This model's maximum context length is {context} tokens. However, your {what} resulted in {prompt.Length} tokens. Please reduce the length of the {what}.",
                param,
                "context_length_exceeded");
        }

        return request.MaxTokens is { } max && prompt.Length + max > context
            ? JobError.Invalid(
                $"This model's maximum context length is {context} tokens. However, you requested {prompt.Length + max} tokens ({prompt.Length} in the {what}, {max} in the completion). Please reduce the length of the {what} or completion.",
                param,
                "context_length_exceeded")
            : null;
    }

    private static string TokenText(ServedModel model, int? token) => token is { } id ? model.Tokenizer.Decode([id]) : "";
}
