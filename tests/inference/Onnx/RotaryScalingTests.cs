using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx;
using Serverless.Inference.Onnx.Importing;

namespace Serverless.Inference.Tests.Onnx;

public sealed class RotaryScalingTests
{
    private const double Base = 1_000_000;
    private const int HeadSize = 128;

    [Fact]
    public void AFileThatAsksForNoneHasNone()
    {
        Assert.Null(Read());
        Assert.Null(Read(("rope.scaling.type", "none")));
    }

    [Fact]
    public void LinearDividesEveryFrequency()
    {
        var scaling = Read(("rope.scaling.type", "linear"), ("rope.scaling.factor", 4f))!;

        Assert.All(Enumerable.Range(0, HeadSize / 2), i => Assert.Equal(0.125, scaling.Scale(0.5, i, HeadSize, Base)));
        Assert.Equal(1, scaling.Sharpness);
    }

    // Qwen's numbers: 32 turns end at pair 23, and one turn at pair 40, by the paper's formula worked out by hand.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(23, 1)]
    [InlineData(31, 0.6470588235294118)]
    [InlineData(40, 0.25)]
    [InlineData(63, 0.25)]
    public void YarnLeavesFastPairsAndDividesSlowOnes(int pair, double share)
    {
        var scaling = Yarn()!;

        Assert.Equal(share, scaling.Scale(1, pair, HeadSize, Base), 1e-12);
        Assert.Equal(1.1386294361119891, scaling.Sharpness, 1e-12);
    }

    [Fact]
    public void AFilesOwnFactorMakesAttentionSharperOnTop() =>
        Assert.Equal(2 * 1.1386294361119891, Yarn(("rope.scaling.attn_factor", 2f))!.Sharpness, 1e-12);

    [Theory]
    [InlineData("longrope", 4f, "'longrope' is not supported; supported are linear, yarn")]
    [InlineData("linear", 0f, "damaged (factor 0")]
    [InlineData("linear", 0.5f, "damaged (factor 0.5")]
    [InlineData("yarn", 0f, "damaged (factor 0")]
    public void AKindThatIsUnknownAndNumbersThatMakeNoSenseAreRefused(string kind, float factor, string message)
    {
        var error = Assert.Throws<ImportException>(() =>
            Read(("rope.scaling.type", kind), ("rope.scaling.factor", factor), ("rope.scaling.original_context_length", 32_768u)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TurnsThatAreTheWrongWayRoundAreRefused() =>
        Assert.Throws<ImportException>(() => Yarn(("rope.scaling.yarn_beta_fast", 1f), ("rope.scaling.yarn_beta_slow", 32f)));

    private static RotaryScaling? Yarn(params (string Key, object Value)[] more) => Read(
        [("rope.scaling.type", "yarn"), ("rope.scaling.factor", 4f), ("rope.scaling.original_context_length", 32_768u), .. more]);

    private static RotaryScaling? Read(params (string Key, object Value)[] values) => RotaryScaling.Read(
        new GgufMetadata(values.ToDictionary(value => $"qwen2.{value.Key}", value => value.Value), new Dictionary<string, long>()), "qwen2");
}
