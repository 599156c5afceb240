using System.Text.Json;
using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Model;

/// <summary>Models with random weights, small enough to be computed in plain double precision as well.</summary>
/// <remarks>
/// Logits are compared in two steps. Ours are those of the plain code up to the rounding of float32. The references were
/// made by models that had been converted to bfloat16 as a whole, their rotary frequencies included, while a file holds
/// the frequencies' base and both of us compute with the exact ones: that moves logits by up to 0.034. With the
/// frequencies rounded in the same way the plain code gives the references' logits in all four digits.
/// </remarks>
public sealed class TinyModelTests
{
    private const double Float32 = 2e-5;
    private const double FourDigits = 6e-5;
    private const double MostDivergence = 0.003;

    public static TheoryData<string> Keys => [.. Reference().EnumerateObject().Select(model => model.Name).Where(key => Find(key) is not null)];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task TheUnquantisedModelGivesTheReferencesTokens(string key)
    {
        var reference = Reference().GetProperty(key);
        using var runner = new StepRunner(await ModelFolder.ImportAsync(Find(key)!, ModelPrecision.Full));
        var greedy = Integers(reference.GetProperty("greedy"));

        Assert.Equal(greedy, runner.Greedy(Integers(reference.GetProperty("prompt")), greedy.Length).Tokens);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task TheUnquantisedModelGivesThePlainCodesLogits(string key)
    {
        var prompt = Integers(Reference().GetProperty(key).GetProperty("prompt"));
        using var runner = new StepRunner(await ModelFolder.ImportAsync(Find(key)!, ModelPrecision.Full));
        using var file = GgufFile.Open(Find(key)!);

        var logits = runner.Run((runner.Sequence(prompt), 0, prompt.Length))[0];

        Assert.InRange(Distance(new PlainDecoder(file).Logits(prompt), logits), 0, Float32);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void ThePlainCodeGivesTheReferencesLogits(string key)
    {
        var reference = Reference().GetProperty(key);
        var prompt = Integers(reference.GetProperty("prompt"));
        var wanted = reference.GetProperty("lastLogits").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        using var file = GgufFile.Open(Find(key)!);
        var plain = new PlainDecoder(file);

        // A reference that was made with the exact frequencies is as good.
        Assert.InRange(Math.Min(Distance(plain.Logits(prompt, BFloat16), wanted), Distance(plain.Logits(prompt), wanted)), 0, FourDigits);
    }

    // It lies between 0.0006 and 0.0018. Random weights give nearly even odds, which rounding disturbs less than a trained model's.
    [Theory]
    [MemberData(nameof(Keys))]
    public async Task TheQuantisedModelStaysCloseToTheUnquantised(string key)
    {
        var reference = Reference().GetProperty(key);
        int[] tokens = [.. Integers(reference.GetProperty("prompt")), .. Integers(reference.GetProperty("greedy"))];
        using var full = new StepRunner(await ModelFolder.ImportAsync(Find(key)!, ModelPrecision.Full));
        using var quantised = new StepRunner(await ModelFolder.ImportAsync(Find(key)!, ModelPrecision.Quantised));

        var expected = full.RunEveryPosition(full.Sequence(tokens));
        var actual = quantised.RunEveryPosition(quantised.Sequence(tokens));

        Assert.InRange(expected.Zip(actual, Divergence).Average(), 0, MostDivergence);
    }

    // Kullback-Leibler divergence, in nats.
    private static double Divergence(float[] expected, float[] actual)
    {
        var (wanted, found) = (LogSoftmax(expected), LogSoftmax(actual));
        return wanted.Zip(found, (p, q) => Math.Exp(p) * (p - q)).Sum();
    }

    private static double[] LogSoftmax(float[] logits)
    {
        var max = (double)logits.Max();
        var logSum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - logSum)];
    }

    private static double Distance(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max();
    }

    private static double BFloat16(double value)
    {
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000);
    }

    private static string? Find(string key) =>
        Directory.GetFiles(FixtureFolder.File("tiny-models"), $"{key}.*.gguf").SingleOrDefault();

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static JsonElement Reference() =>
        JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.File("tiny-models/reference.json"))).RootElement;
}
