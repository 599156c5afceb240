using System.Text.Json;

namespace Serverless.Core.Prompts;

/// <summary>Writes callers' JSON so that equal meaning gives equal bytes.</summary>
/// <remarks>
/// A template reads a message's properties by name, so their order is nothing. It prints tools and arguments as they
/// were sent, so there order and the spelling of numbers shape the prompt and stay.
/// </remarks>
internal static class CanonicalJson
{
    private const string Printed = "arguments";

    /// <summary>Writes with every object's properties in ordinal order; the last of equal names counts, and null is absent.</summary>
    public static void WriteSorted(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var properties = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var property in element.EnumerateObject())
                {
                    properties[property.Name] = property.Value;
                }

                writer.WriteStartObject();
                foreach (var (name, value) in properties.Where(pair => pair.Value.ValueKind != JsonValueKind.Null))
                {
                    writer.WritePropertyName(name);
                    if (name == Printed)
                    {
                        WriteAsSent(writer, value);
                    }
                    else
                    {
                        WriteSorted(writer, value);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                WriteAsSent(writer, element);
                break;
        }
    }

    /// <summary>Writes without white space and otherwise as sent.</summary>
    public static void WriteAsSent(Utf8JsonWriter writer, JsonElement? element)
    {
        if (element is not { ValueKind: not JsonValueKind.Undefined } value)
        {
            writer.WriteNullValue();
            return;
        }

        value.WriteTo(writer);
    }
}
