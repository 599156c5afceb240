using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Execution;

/// <summary>Text of whole characters, up to the first stop string.</summary>
internal sealed class ChoiceText(Tokenizer tokenizer, IReadOnlyList<string> stops) : IChoiceText
{
    private readonly IncrementalDetokenizer _characters = new(tokenizer);
    private readonly StopMatcher _stops = new(stops);

    public bool Stopped => _stops.Stopped;

    public string Append(int token) => _stops.Append(_characters.Append(token));

    public string Flush() => _stops.Append(_characters.Flush()) + _stops.Flush();
}
