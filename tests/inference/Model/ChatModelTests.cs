using System.Text.Json;
using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Model;

public sealed class ChatModelTests
{
    private const double MostDivergence = 0.014;

    [Fact]
    public async Task TheUnquantisedModelGivesTheReferencesTokens()
    {
        var model = await ModelFolder.ImportAsync(FixtureFolder.ChatModel, ModelPrecision.Full);
        using var runner = new StepRunner(model);
        foreach (var chat in Fixture("smollm2-greedy.json").EnumerateArray())
        {
            var greedy = Integers(chat.GetProperty("greedy"));
            var (tokens, _) = runner.Greedy(Integers(chat.GetProperty("prompt")), greedy.Length, model.Config.EosTokens.Contains);
            Assert.Equal(greedy, tokens);
        }
    }

    [Fact]
    public async Task TheQuantisedModelStillKnowsTheCapitalOfFrance()
    {
        var model = await ModelFolder.ImportAsync(FixtureFolder.ChatModel, ModelPrecision.Quantised);
        using var runner = new StepRunner(model);
        var chat = Fixture("smollm2-greedy.json")[0];
        var greedy = Integers(chat.GetProperty("greedy"));
        var (tokens, _) = runner.Greedy(Integers(chat.GetProperty("prompt")), greedy.Length, model.Config.EosTokens.Contains);
        Assert.Equal(greedy, tokens);
    }

    [Fact]
    public async Task TheQuantisedModelStaysCloseToTheReference()
    {
        using var runner = new StepRunner(await ModelFolder.ImportAsync(FixtureFolder.ChatModel, ModelPrecision.Quantised));
        var (divergence, positions) = (0.0, 0);
        foreach (var window in Fixture("smollm2-logprobs.json").GetProperty("windows").EnumerateArray())
        {
            var logits = runner.RunEveryPosition(runner.Sequence(Integers(window.GetProperty("tokens"))));
            foreach (var (row, (top, logprobs)) in logits.Zip(window.GetProperty("top").EnumerateArray().Zip(window.GetProperty("logprobs").EnumerateArray())))
            {
                divergence += Divergence(row, Integers(top), [.. logprobs.EnumerateArray().Select(value => value.GetDouble())]);
                positions++;
            }
        }

        Assert.InRange(divergence / positions, 0, MostDivergence);
    }

    // Kullback-Leibler divergence over the listed tokens and all others taken as one.
    private static double Divergence(float[] logits, int[] tokens, double[] reference)
    {
        var max = (double)logits.Max();
        var logSum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        var (sum, rest, restOfModel) = (0.0, 1.0, 1.0);
        for (var i = 0; i < tokens.Length; i++)
        {
            var (wanted, found) = (reference[i], logits[tokens[i]] - logSum);
            sum += Math.Exp(wanted) * (wanted - found);
            rest -= Math.Exp(wanted);
            restOfModel -= Math.Exp(found);
        }

        return rest > 1e-9 && restOfModel > 1e-9 ? sum + (rest * Math.Log(rest / restOfModel)) : sum;
    }

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static JsonElement Fixture(string name) => JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.File(name))).RootElement;
}
