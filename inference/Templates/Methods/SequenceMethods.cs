using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

internal static class SequenceMethods
{
    public static readonly Builtin[] All =
    [
        new("count", 1, (_, self, arguments) => Count(self, arguments[0]), ["value"]),
        new("index", 1, (_, self, arguments) => Index(self, arguments[0]), ["value"]),
        new("copy", 0, (_, self, _) => self, []),
    ];

    private static IntegerValue Count(Value self, Value value) =>
        IntegerValue.Of(((SequenceValue)self).Items.Count(item => Equality.AreEqual(item, value)));

    private static IntegerValue Index(Value self, Value value)
    {
        var items = ((SequenceValue)self).Items;
        for (var i = 0; i < items.Count; i++)
        {
            if (Equality.AreEqual(items[i], value))
            {
                return IntegerValue.Of(i);
            }
        }

        throw TemplateException.Evaluation("the value is not in the list");
    }
}
