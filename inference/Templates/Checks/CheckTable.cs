using System.Collections.Frozen;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Filters;
using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Checks;

/// <summary>The tests that may follow <c>is</c>.</summary>
internal static class CheckTable
{
    private static readonly FrozenDictionary<string, Builtin> All = Kinds().Concat(Comparisons()).Concat(Others())
        .ToFrozenDictionary(test => test.Name);

    public static IEnumerable<string> Names => All.Keys;

    public static Builtin? Find(string name) => All.GetValueOrDefault(name);

    private static IEnumerable<Builtin> Kinds() =>
    [
        Of("defined", value => value is not UndefinedValue),
        Of("undefined", value => value is UndefinedValue),
        Of("none", value => value is NoneValue),
        Of("true", value => value == BooleanValue.True),
        Of("false", value => value == BooleanValue.False),
        Of("boolean", value => value is BooleanValue),
        Of("integer", value => value is IntegerValue),
        Of("float", value => value is FloatValue),
        Of("number", Numbers.IsNumber),
        Of("string", value => value is TextValue),
        Of("mapping", value => value is DictionaryValue),
        Of("sequence", value => value is TextValue or DictionaryValue or UndefinedValue or SequenceValue { IsView: false }),
        Of("iterable", Iteration.IsIterable),
        Of("callable", value => value is CallableValue),
        Of("escaped", _ => false),
    ];

    private static IEnumerable<Builtin> Comparisons()
    {
        foreach (var (symbol, names) in new[]
        {
            ("==", new[] { "eq", "equalto", "==" }),
            ("!=", ["ne", "!="]),
            ("<", ["lt", "lessthan", "<"]),
            ("<=", ["le", "<="]),
            (">", ["gt", "greaterthan", ">"]),
            (">=", ["ge", ">="]),
            ("in", ["in"]),
        })
        {
            foreach (var name in names)
            {
                yield return new(name, 1, (run, self, arguments) =>
                    BooleanValue.Of(Operators.Compare(run, symbol, self, arguments[0])), ["other"]);
            }
        }
    }

    private static IEnumerable<Builtin> Others() =>
    [
        new("even", 0, (run, self, _) => BooleanValue.Of(IsDivisible(run, self, IntegerValue.Of(2))), []),
        new("odd", 0, (run, self, _) => BooleanValue.Of(Equality.AreEqual(Operators.Apply(run, "%", self, IntegerValue.Of(2)), IntegerValue.Of(1))), []),
        new("divisibleby", 1, (run, self, arguments) => BooleanValue.Of(IsDivisible(run, self, arguments[0])), ["num"]),
        new("sameas", 1, (_, self, arguments) => BooleanValue.Of(IsSame(self, arguments[0])), ["other"]),
        new("lower", 0, (run, self, _) => BooleanValue.Of(TextKinds.IsLower(run.Print(self).Text)), []),
        new("upper", 0, (run, self, _) => BooleanValue.Of(TextKinds.IsUpper(run.Print(self).Text)), []),
        new("filter", 0, (_, self, _) => BooleanValue.Of(self is TextValue name && FilterTable.Find(name.Text) is not null), []),
        new("test", 0, (_, self, _) => BooleanValue.Of(self is TextValue name && Find(name.Text) is not null), []),
    ];

    private static Builtin Of(string name, Func<Value, bool> isSo) => new(name, 0, (_, self, _) => BooleanValue.Of(isSo(self)), []);

    private static bool IsDivisible(Run run, Value self, Value by) =>
        Equality.AreEqual(Operators.Apply(run, "%", self, by), IntegerValue.Of(0));

    // Numbers and texts are compared by value: whether Python shares their objects is its own affair.
    private static bool IsSame(Value left, Value right) =>
        ReferenceEquals(left, right) || (left.GetType() == right.GetType() && left is IntegerValue or TextValue && Equality.AreEqual(left, right));
}
