using Serverless.Inference.Sampling;

namespace Serverless.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly SamplingOptions _plain = new() { Seed = 5 };
    private readonly Sampler _sampler = new();

    [Fact]
    public void ZeroTemperatureTakesTheLikeliestAndTheLowestIdAmongEquals()
    {
        var row = new float[1_000];
        (row[700], row[300], row[999]) = (3, 3, 3);

        Assert.Equal(300, Choose(row, _plain with { Temperature = 0 }));
        Assert.Equal(0, Choose(new float[77], _plain with { Temperature = 0 }));
        Assert.Equal(300, Choose(row, _plain with { Temperature = 1e-42f }));
    }

    [Fact]
    public void SeedAndPositionDecideTheTokenAlone()
    {
        var row = Logits(5_000, seed: 1);
        var forward = Enumerable.Range(0, 200).Select(position => Choose(row, _plain, position)).ToList();
        var backward = Enumerable.Range(0, 200).Reverse().Select(position => new SamplerTests().Choose(row, _plain, position)).Reverse();

        Assert.Equal(forward, backward);
        Assert.True(forward.Distinct().Count() > 50, "Positions give different tokens.");
        Assert.NotEqual(forward, Enumerable.Range(0, 200).Select(position => Choose(row, _plain with { Seed = 6 }, position)));
    }

    public static TheoryData<float, int, float, float> Cuts => new()
    {
        { 1, 0, 1, 0 }, { 0.7f, 0, 1, 0 }, { 1, 5, 1, 0 }, { 1, 0, 0.8f, 0 }, { 1, 0, 1, 0.1f },
        { 1.3f, 20, 0.9f, 0.05f }, { 1, 1_000, 0.95f, 0 }, { 1, 0, 0.01f, 0 }, { 1, 1, 1, 0 }, { 2, 0, 0.999f, 0 },
    };

    [Theory]
    [MemberData(nameof(Cuts))]
    public void TokensComeAsOftenAsAPlainComputationSays(float temperature, int topK, float topP, float minP)
    {
        const int draws = 20_000;
        var row = Logits(517, seed: 3);
        var options = _plain with { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };
        var expected = PlainProbabilities(row, options);

        var counts = new int[row.Length];
        for (var position = 0; position < draws; position++)
        {
            counts[Choose(row, options, position)]++;
        }

        for (var token = 0; token < row.Length; token++)
        {
            var spread = 5 * Math.Sqrt(draws * expected[token]);
            Assert.InRange(counts[token], (draws * expected[token]) - spread - 4, (draws * expected[token]) + spread + 4);
            Assert.True(expected[token] > 0 || counts[token] == 0, $"Token {token} was cut and came all the same.");
        }
    }

    [Fact]
    public void PenaltiesAndBiasChangeLogitsAsTheyAreDefined()
    {
        var options = _plain with
        {
            PresencePenalty = 0.5f,
            FrequencyPenalty = 0.25f,
            RepetitionPenalty = 2,
            LogitBias = new Dictionary<int, float> { [5] = 3, [1] = 1 },
        };
        var history = new TokenHistory(options, [0, 1]);
        history.Add(2);
        history.Add(2);
        history.Add(3);
        float[] row = [4, 3, 2, -1, 7, 0];

        history.Apply(row);

        // Bias first, then repetition over prompt and output, then presence and frequency over the output.
        Assert.Equal([2, 2, 1 - 1f, -2 - 0.75f, 7, 3], row);
    }

    [Fact]
    public void LogprobsAreThoseOfTheRawDistribution()
    {
        var row = Logits(2_000, seed: 8);
        var sum = row.Sum(logit => Math.Exp(logit));
        var options = _plain with { Temperature = 0.3f, TopK = 3, LogitBias = new Dictionary<int, float> { [11] = 100 } };

        var sampled = _sampler.Choose((float[])row.Clone(), options, new(options, []), 0, topLogprobs: 20);

        Assert.Equal(11, sampled.Token);
        Assert.Equal(row[11] - Math.Log(sum), sampled.Logprob!.Logprob, 1e-4);
        var top = row.Index().OrderByDescending(pair => pair.Item).ThenBy(pair => pair.Index).Take(20).ToList();
        Assert.Equal(top.Select(pair => pair.Index), sampled.Logprob.Top.Select(item => item.Token));
        Assert.All(top.Zip(sampled.Logprob.Top), pair => Assert.Equal(pair.First.Item - Math.Log(sum), pair.Second.Logprob, 1e-4));
    }

    [Fact]
    public void LogprobOfTheTokenAloneNeedsNoList()
    {
        var sampled = _sampler.Choose(Logits(100, 1), _plain, new(_plain, []), 0, topLogprobs: 0);

        Assert.Empty(sampled.Logprob!.Top);
        Assert.Null(_sampler.Choose(Logits(100, 1), _plain, new(_plain, []), 0, topLogprobs: -1).Logprob);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void LogitsThatAreNoNumbersAreAnError(float bad)
    {
        var row = Logits(300, seed: 1);
        row[123] = bad;

        var error = Assert.Throws<NotFiniteNumberException>(() => Choose(row, _plain));

        Assert.Contains("123", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LargestAreFoundWhateverTheirOrder()
    {
        float[][] rows =
        [
            Logits(3_000, seed: 4), [.. Enumerable.Range(0, 3_000).Select(i => (float)i)],
            [.. Enumerable.Range(0, 3_000).Select(i => -(float)i)], new float[3_000], [-0f, 0f, -1],
        ];
        var list = new CandidateList();
        foreach (var row in rows)
        {
            foreach (var count in new[] { 1, 2, 20, 500, 5_000 })
            {
                list.TakeLargest(row, count);
                var expected = row.Index().OrderByDescending(pair => pair.Item).ThenBy(pair => pair.Index).Take(count);
                Assert.Equal(expected.Select(pair => (pair.Index, pair.Item)), list.Items.ToArray().Select(item => (item.Token, item.Logit)));
            }
        }
    }

    private static float[] Logits(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 12) - 6))];
    }

    private int Choose(float[] row, SamplingOptions options, int position = 0) =>
        _sampler.Choose((float[])row.Clone(), options, new(options, []), position, -1).Token;

    private static double[] PlainProbabilities(float[] row, SamplingOptions options)
    {
        var order = row.Index().OrderByDescending(pair => pair.Item).ThenBy(pair => pair.Index).Select(pair => pair.Index).ToList();
        var weights = row.Select(logit => Math.Exp((logit - row.Max()) / options.Temperature)).ToArray();
        var kept = order.Take(options.TopK == 0 ? row.Length : options.TopK).ToList();
        var (total, sum) = (kept.Sum(token => weights[token]), 0.0);
        var result = new double[row.Length];
        foreach (var token in kept)
        {
            if (sum > 0 && (sum >= options.TopP * total || weights[token] < options.MinP))
            {
                break;
            }

            sum += result[token] = weights[token];
        }

        return [.. result.Select(weight => weight / sum)];
    }
}
