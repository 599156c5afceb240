using System.Globalization;
using Serverless.Functions.Json;
using Serverless.Functions.Requests;
using Serverless.Inference.Sampling;
using Serverless.Inference.Scheduling;

namespace Serverless.Functions.Tests.Requests;

/// <summary>The API and the engine each have the limits of sampling, and neither knows the other: what the one lets in, the other takes.</summary>
public sealed class EngineLimitsTests
{
    private const int Vocabulary = 100;

    private static readonly SamplingOptions _plain = new() { Seed = 1 };

    private static readonly Dictionary<string, Func<float, SamplingOptions>> _numbers = new()
    {
        ["temperature"] = value => _plain with { Temperature = value },
        ["top_p"] = value => _plain with { TopP = value },
        ["top_k"] = value => _plain with { TopK = (int)value },
        ["min_p"] = value => _plain with { MinP = value },
        ["presence_penalty"] = value => _plain with { PresencePenalty = value },
        ["frequency_penalty"] = value => _plain with { FrequencyPenalty = value },
        ["repetition_penalty"] = value => _plain with { RepetitionPenalty = value },
    };

    public static TheoryData<string> Numbers => [.. SamplingReader.Known.OfType<NumberParameter>().Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void TheEngineTakesTheWholeOfARange(string name)
    {
        var range = SamplingReader.Known.OfType<NumberParameter>().Single(one => one.Name == name);
        float[] values = [range.IsAboveLeast ? float.BitIncrement(range.Least) : range.Least, range.Default, (range.Least + range.Most) / 2, range.Most];
        Assert.All(values, value => Assert.Empty(_numbers[name](value).Problems(Vocabulary)));
    }

    /// <summary>Where the two end at the same value, or the engine would fail, the API must be the one that says so.</summary>
    [Theory]
    [MemberData(nameof(Numbers))]
    public void TheApiRefusesWhatTheEngineWould(string name)
    {
        var range = SamplingReader.Known.OfType<NumberParameter>().Single(one => one.Name == name);
        for (var value = -1_000f; value <= 1_000; value += 0.25f)
        {
            var isLetIn = value >= range.Least && value <= range.Most && !(range.IsAboveLeast && value <= range.Least);
            Assert.True(!isLetIn || !_numbers[name](value).Problems(Vocabulary).Any(), $"{name}={value.ToString(CultureInfo.InvariantCulture)} is let in, and the engine refuses it.");
        }
    }

    [Fact]
    public void EveryNumberOfTheEnginesOptionsHasItsParameter()
    {
        var ofEngine = typeof(SamplingOptions).GetProperties().Where(property => property.PropertyType == typeof(float) || property.PropertyType == typeof(int)).Select(property => property.Name);
        var ofApi = SamplingReader.Known.Where(one => _numbers.ContainsKey(one.Name)).Select(one => string.Concat(one.Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])));
        Assert.Equal(ofEngine.Order(StringComparer.Ordinal), ofApi.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TheDefaultsAreTheSame()
    {
        Assert.All(SamplingReader.Known.OfType<NumberParameter>(), one => Assert.Equal(_plain, _numbers[one.Name](one.Default)));
        Assert.Equal(_plain, _numbers["top_k"](SamplingReader.Known.OfType<IntegerParameter>().Single(one => one.Name == "top_k").Default!.Value));
    }

    [Fact]
    public void TopKIsTakenFromEndToEnd()
    {
        var range = SamplingReader.Known.OfType<IntegerParameter>().Single(one => one.Name == "top_k");
        Assert.Empty((_plain with { TopK = range.Least }).Problems(Vocabulary));
        Assert.Empty((_plain with { TopK = range.Most }).Problems(Vocabulary));
        Assert.NotEmpty((_plain with { TopK = range.Least - 1 }).Problems(Vocabulary));
    }

    [Fact]
    public void ABiasHasTheSameBounds()
    {
        var bias = SamplingReader.Known.Single(one => one.Name == "logit_bias").Schema().AdditionalProperties!;
        var (least, most) = (float.Parse(bias.Minimum!, CultureInfo.InvariantCulture), float.Parse(bias.Maximum!, CultureInfo.InvariantCulture));

        Assert.Empty(Biased(least).Concat(Biased(most)));
        Assert.NotEmpty(Biased(float.BitDecrement(least)));
        Assert.NotEmpty(Biased(float.BitIncrement(most)));
    }

    [Fact]
    public void AsManyAlternativesAreReportedAsMayBeAsked()
    {
        Assert.Equal(SequenceRequest.MaxTopLogprobs, ChatReader.Known.OfType<IntegerParameter>().Single(one => one.Name == "top_logprobs").Most);
        Assert.InRange(CompletionReader.Known.OfType<IntegerParameter>().Single(one => one.Name == "logprobs").Most, 0, SequenceRequest.MaxTopLogprobs);
    }

    private static IEnumerable<string> Biased(float bias) => (_plain with { LogitBias = new Dictionary<int, float> { [Vocabulary - 1] = bias } }).Problems(Vocabulary);
}
