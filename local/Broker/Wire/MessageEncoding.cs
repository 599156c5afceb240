using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Serverless.Local.Broker.State;
using Encoder = Amqp.Types.Encoder;

namespace Serverless.Local.Broker.Wire;

/// <summary>Reads what a queue must know of an encoded message, and writes it again for a receiver.</summary>
/// <remarks>
/// A message is sections in a fixed order: header, delivery annotations, message annotations | properties,
/// application properties, body, footer. What stands right of the bar is passed on byte for byte, but for a dead
/// letter, whose application properties say why it is one.
/// </remarks>
internal static class MessageEncoding
{
    private const byte Described = 0x00;
    private const byte SmallULong = 0x53;
    private const byte PropertiesCode = 0x73;
    private const byte BodyCode = 0x75;
    private const int Active = 0;
    private const int Deferred = 1;
    private const int Scheduled = 2;
    private static readonly Symbol ScheduledTime = new("x-opt-scheduled-enqueue-time");

    /// <exception cref="BrokerStateException">The bytes are not a message.</exception>
    public static (byte[] Encoded, MessageFacts Facts) Read(byte[] encoded)
    {
        try
        {
            var (head, bareStart, _) = ReadHead(encoded);
            if (head.Properties?.GetMessageId() is not { } id)
            {
                // Receivers identify a message by its id, so one that has none gets one.
                var message = Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length));
                message.Properties ??= new Properties();
                message.Properties.MessageId = Guid.NewGuid().ToString("N");
                return Read(Bytes(message.Encode()));
            }

            return (encoded, new MessageFacts
            {
                Id = $"{id}",
                ScheduledAt = head.MessageAnnotations?[ScheduledTime] is DateTime at ? new DateTimeOffset(at.ToUniversalTime()) : null,
                TimeToLive = head.Header is { Ttl: > 0 and < uint.MaxValue } header ? TimeSpan.FromMilliseconds(header.Ttl) : null,
                BareStart = bareStart,
            });
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new BrokerStateException(BrokerStateException.Decode, $"The message cannot be read: {error.Message}");
        }
    }

    /// <summary>Encodes a message anew with some of its application properties changed.</summary>
    /// <exception cref="BrokerStateException">The properties cannot be encoded.</exception>
    public static (byte[] Encoded, MessageFacts Facts) Modify(Entry entry, IEnumerable<KeyValuePair<string, object>> changes)
    {
        try
        {
            var (head, _, bodyStart) = ReadHead(entry.Encoded);
            var properties = head.ApplicationProperties ?? new ApplicationProperties();
            foreach (var (name, value) in changes)
            {
                properties[name] = value;
            }

            Described?[] sections = [head.Header, head.MessageAnnotations, head.Properties, properties];
            var encoded = Join(sections.OfType<Described>(), entry.Encoded.AsSpan(bodyStart));
            return (encoded, entry.Facts with { BareStart = ReadHead(encoded).BareStart });
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new BrokerStateException(BrokerStateException.Decode, $"The changed properties cannot be kept: {error.Message}");
        }
    }

    /// <summary>Encodes one delivery, with its count, sequence number, times and lock.</summary>
    public static byte[] Write(Delivery delivery)
    {
        var entry = delivery.Entry;
        var (head, bareStart, bodyStart) = ReadHead(delivery.Encoded);
        var annotations = head.MessageAnnotations ?? new MessageAnnotations();
        annotations[new Symbol("x-opt-sequence-number")] = entry.Sequence;
        annotations[new Symbol("x-opt-enqueued-time")] = entry.EnqueuedAt.UtcDateTime;
        annotations[new Symbol("x-opt-message-state")] = entry.State == EntryState.Scheduled ? Scheduled : entry.IsDeferred ? Deferred : Active;
        if (delivery.LockedUntil is { } until)
        {
            annotations[new Symbol("x-opt-locked-until")] = until.UtcDateTime;
        }

        var header = head.Header ?? new Header();
        header.Durable = true;
        header.DeliveryCount = (uint)Math.Max(0, delivery.Count - 1);
        List<Described> sections = [header, annotations];
        if (entry.DeadLetterReason is null && entry.DeadLetterDescription is null)
        {
            return Join(sections, delivery.Encoded.AsSpan(bareStart));
        }

        var properties = head.ApplicationProperties ?? new ApplicationProperties();
        properties["DeadLetterReason"] = entry.DeadLetterReason ?? "";
        properties["DeadLetterErrorDescription"] = entry.DeadLetterDescription ?? "";
        sections.AddRange(head.Properties is null ? [properties] : [head.Properties, properties]);
        return Join(sections, delivery.Encoded.AsSpan(bodyStart));
    }

    public static byte[] Bytes(ByteBuffer buffer) => buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();

    private static bool IsDamage(Exception error) =>
        error is AmqpException or InvalidCastException or ArgumentException or IndexOutOfRangeException or OverflowException or NotImplementedException;

    // Section by section: a message without a body would be encoded with an empty one.
    private static byte[] Join(IEnumerable<Described> sections, ReadOnlySpan<byte> rest)
    {
        var head = new ByteBuffer(256, autoGrow: true);
        foreach (var section in sections)
        {
            section.Encode(head);
        }

        var whole = new byte[head.Length + rest.Length];
        head.Buffer.AsSpan(head.Offset, head.Length).CopyTo(whole);
        rest.CopyTo(whole.AsSpan(head.Length));
        return whole;
    }

    private static (Message Head, int BareStart, int BodyStart) ReadHead(byte[] encoded)
    {
        var buffer = new ByteBuffer(encoded, 0, encoded.Length, encoded.Length);
        var head = new Message();
        var bareStart = -1;
        while (buffer.Length > 0)
        {
            var start = buffer.Offset;
            var code = encoded[start] == Described && buffer.Length > 2 && encoded[start + 1] == SmallULong ? encoded[start + 2] : (byte)0;
            if (code >= PropertiesCode && bareStart < 0)
            {
                bareStart = start;
            }

            if (code >= BodyCode)
            {
                return (head, bareStart, start);
            }

            Keep(head, Encoder.ReadDescribed(buffer, Encoder.ReadFormatCode(buffer)));
        }

        return (head, bareStart < 0 ? encoded.Length : bareStart, encoded.Length);
    }

    private static void Keep(Message head, object section)
    {
        switch (section)
        {
            case Header header:
                head.Header = header;
                break;
            case DeliveryAnnotations:
                // They are for the next hop only, which is this broker.
                break;
            case MessageAnnotations annotations:
                head.MessageAnnotations = annotations;
                break;
            case Properties properties:
                head.Properties = properties;
                break;
            case ApplicationProperties properties:
                head.ApplicationProperties = properties;
                break;
            default:
                throw new BrokerStateException(
                    BrokerStateException.Decode,
                    $"A message section '{section.GetType().Name}' is not known here; encode the sections' descriptors as small ulongs.");
        }
    }
}
