using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

internal sealed class ListOf(IReadOnlyList<Expression> items, SequenceKind kind) : Expression
{
    public IReadOnlyList<Expression> Items => items;

    public override Value Evaluate(Run run)
    {
        var values = new Value[items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = items[i].Evaluate(run);
        }

        return new SequenceValue(values, kind);
    }
}

internal sealed class DictionaryOf(IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression
{
    public override Value Evaluate(Run run)
    {
        var dictionary = new DictionaryValue(entries.Count);
        foreach (var (key, value) in entries)
        {
            dictionary.Set(key.Evaluate(run), value.Evaluate(run));
        }

        return dictionary;
    }
}
