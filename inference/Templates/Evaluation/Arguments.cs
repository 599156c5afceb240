using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>What a call passes, by place and by name.</summary>
internal sealed record Arguments(IReadOnlyList<Value> Positional, IReadOnlyList<KeyValuePair<string, Value>> Named)
{
    public static readonly Arguments None = new([], []);

    public Value? Find(string name)
    {
        foreach (var (key, value) in Named)
        {
            if (key == name)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The call that a filter such as <c>map('join', ', ')</c> makes: the arguments after the first.</summary>
    public Arguments SkipFirst() => new([.. Positional.Skip(1)], Named);
}
