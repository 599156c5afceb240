using System.Globalization;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Our messages as AMQP messages and back.</summary>
internal static class MessageMapping
{
    private static readonly Symbol ScheduledTime = new("x-opt-scheduled-enqueue-time");
    private static readonly Symbol SequenceNumber = new("x-opt-sequence-number");
    private static readonly Symbol EnqueuedTime = new("x-opt-enqueued-time");
    private static readonly Symbol LockedUntil = new("x-opt-locked-until");

    /// <exception cref="ArgumentException">The id or a property is not one that a queue takes.</exception>
    public static Message ToAmqp(QueueMessage message)
    {
        if (message.Id is not { Length: > 0 and <= 128 })
        {
            throw new ArgumentException("A message's id must have 1 to 128 characters.", nameof(message));
        }

        var amqp = new Message
        {
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = message.Id, ReplyTo = message.ReplyTo, Subject = message.Subject },
            BodySection = new Data { Binary = message.Body.ToArray() },
        };
        if (message.ContentType is { } type)
        {
            amqp.Properties.ContentType = type;
        }

        if (message.CorrelationId is { } correlation)
        {
            amqp.Properties.CorrelationId = correlation;
        }

        if (message.TimeToLive is { } life)
        {
            amqp.Header.Ttl = (uint)Math.Clamp(life.TotalMilliseconds, 1, uint.MaxValue - 1);
        }

        if (message.ScheduledAt is { } at)
        {
            amqp.MessageAnnotations = new MessageAnnotations { [ScheduledTime] = at.UtcDateTime };
        }

        if (message.Properties.Count > 0)
        {
            amqp.ApplicationProperties = new ApplicationProperties();
            foreach (var (name, value) in message.Properties)
            {
                amqp.ApplicationProperties[name] = PropertyValue(name, value);
            }
        }

        return amqp;
    }

    public static ReceivedMessage FromAmqp(Message amqp, object? delivery)
    {
        var annotations = amqp.MessageAnnotations;
        return new ReceivedMessage
        {
            Message = new QueueMessage
            {
                Id = Text(amqp.Properties?.GetMessageId()) ?? "",
                Body = Body(amqp.BodySection),
                ContentType = amqp.Properties?.ContentType,
                CorrelationId = Text(amqp.Properties?.GetCorrelationId()),
                ReplyTo = amqp.Properties?.ReplyTo,
                Subject = amqp.Properties?.Subject,
                TimeToLive = amqp.Header is { Ttl: > 0 and < uint.MaxValue } header ? TimeSpan.FromMilliseconds(header.Ttl) : null,
                Properties = Properties(amqp.ApplicationProperties),
            },
            DeliveryCount = (int)Math.Min(int.MaxValue - 1, amqp.Header?.DeliveryCount ?? 0) + 1,
            LockedUntil = Time(annotations?[LockedUntil]),
            EnqueuedAt = Time(annotations?[EnqueuedTime]),
            SequenceNumber = annotations?[SequenceNumber] is long number ? number : 0,
            LockToken = amqp.DeliveryTag is { Length: 16 } tag ? new Guid(tag) : Guid.Empty,
            Delivery = delivery,
        };
    }

    private static object PropertyValue(string name, object value) => value switch
    {
        string or bool or byte or sbyte or short or ushort or int or uint or long or ulong or float or double or char or Guid => value,
        DateTimeOffset at => at.UtcDateTime,
        DateTime at => at.ToUniversalTime(),
        _ => throw new ArgumentException($"The property '{name}' is a {value.GetType().Name}; a queue takes strings, booleans, numbers, dates and guids.", nameof(value)),
    };

    private static Dictionary<string, object> Properties(ApplicationProperties? amqp)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        if (amqp is null)
        {
            return properties;
        }

        foreach (var (key, value) in amqp.Map)
        {
            if (Text(key) is { } name && value is not null)
            {
                properties[name] = value;
            }
        }

        return properties;
    }

    // Other senders may put text or a value where ours put bytes; the reader gets its text.
    private static ReadOnlyMemory<byte> Body(RestrictedDescribed? section) => section switch
    {
        DataList list => Enumerable.Range(0, list.Count).SelectMany(i => list[i].Binary).ToArray(),
        Data data => data.Binary,
        AmqpValue { Value: byte[] bytes } => bytes,
        AmqpValue { Value: { } value } => Encoding.UTF8.GetBytes(Text(value) ?? ""),
        _ => ReadOnlyMemory<byte>.Empty,
    };

    private static string? Text(object? value) => value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(object? value) => value is DateTime time ? new(time.ToUniversalTime()) : default;
}
