using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Serverless.Core.Requests;

namespace Serverless.Core.Prompts;

/// <summary>The name of an answer: a SHA-256 over everything that shapes it, the tenant and the model's bytes included.</summary>
public static class PromptKey
{
    // Part of the hashed form; a change of that form changes the version.
    private const int Version = 2;

    // The writer itself would put the same replacement for every half of a surrogate pair.
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <returns>64 hexadecimal digits, or null when the answer is not determined: a temperature above 0 and no seed.</returns>
    /// <param name="tenant">Answers are never shared between tenants.</param>
    /// <param name="deployment">The deployment's name.</param>
    /// <param name="modelDigest">The deployment's digest of model and precision.</param>
    /// <param name="request">The request; parameters that equal their default count as absent.</param>
    /// <param name="seed">The caller's seed; it has no part in the answer at temperature 0.</param>
    public static string? For(string tenant, string deployment, string modelDigest, GenerationRequest request, ulong? seed)
    {
        if (request.Temperature > 0 && seed is null)
        {
            return null;
        }

        var canonical = new ArrayBufferWriter<byte>(2048);
        try
        {
            using var writer = new Utf8JsonWriter(canonical, new() { MaxDepth = 256, SkipValidation = true });
            writer.WriteStartArray();
            writer.WriteNumberValue(Version);
            writer.WriteStringValue(tenant);
            writer.WriteStringValue(deployment);
            writer.WriteStringValue(modelDigest);
            WriteInput(writer, request);
            WriteSampling(writer, request);
            writer.WriteNumberValue(request.Temperature > 0 ? seed!.Value : 0);
            writer.WriteEndArray();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // Text with half a surrogate pair has no UTF-8 form, and so no key.
            return null;
        }

        return Convert.ToHexStringLower(SHA256.HashData(canonical.WrittenSpan));
    }

    private static void WriteInput(Utf8JsonWriter writer, GenerationRequest request)
    {
        writer.WriteStartArray();
        foreach (var message in request.Messages ?? [])
        {
            WriteText(writer, message.Role);
            CanonicalJson.WriteSorted(writer, message.Value);
        }

        writer.WriteEndArray();
        writer.WriteStartArray();
        foreach (var prompt in request.Prompts ?? [])
        {
            WriteText(writer, prompt.Text);
            writer.WriteStartArray();
            foreach (var id in prompt.TokenIds ?? [])
            {
                writer.WriteNumberValue(id);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        CanonicalJson.WriteAsSent(writer, request.Tools);
        CanonicalJson.WriteAsSent(writer, request.TemplateVariables);
    }

    private static void WriteSampling(Utf8JsonWriter writer, GenerationRequest request)
    {
        writer.WriteNumberValue(request.MaxTokens ?? -1);
        writer.WriteNumberValue(request.ChoicesPerPrompt);
        WriteFloat(writer, request.Temperature);
        WriteFloat(writer, request.TopP);
        writer.WriteNumberValue(request.TopK);
        WriteFloat(writer, request.MinP);
        WriteFloat(writer, request.PresencePenalty);
        WriteFloat(writer, request.FrequencyPenalty);
        WriteFloat(writer, request.RepetitionPenalty);
        writer.WriteStartArray();
        foreach (var (token, bias) in (request.LogitBias ?? new Dictionary<int, float>()).Where(pair => pair.Value != 0).OrderBy(pair => pair.Key))
        {
            writer.WriteNumberValue(token);
            WriteFloat(writer, bias);
        }

        writer.WriteEndArray();
        writer.WriteStartArray();
        foreach (var stop in request.Stop)
        {
            WriteText(writer, stop);
        }

        writer.WriteEndArray();
        writer.WriteBooleanValue(request.IgnoreEos);
        writer.WriteNumberValue(request.TopLogprobs ?? -1);
    }

    private static void WriteText(Utf8JsonWriter writer, string? text)
    {
        _ = Strict.GetByteCount(text ?? "");
        writer.WriteStringValue(text);
    }

    // Adding zero turns -0 into 0.
    private static void WriteFloat(Utf8JsonWriter writer, float value) => writer.WriteNumberValue(value + 0f);
}
