using System.Numerics;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

internal static class NumberFilters
{
    public static readonly Builtin[] All =
    [
        new("abs", 0, (_, self, _) => Absolute(self), []),
        new("round", 0, (_, self, arguments) => Round(self, arguments), ["precision", "method"]),
        new("sum", 0, Sum, ["attribute", "start"]),
    ];

    private static Value Absolute(Value self) => self switch
    {
        FloatValue { Number: var number } => new FloatValue(Math.Abs(number)),
        _ when Numbers.AsInteger(self) is { } whole => IntegerValue.Of(BigInteger.Abs(whole)),
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw TemplateException.Evaluation($"bad operand type for abs(): '{self.TypeName}'"),
    };

    private static Value Round(Value self, BoundArguments arguments)
    {
        Members.RequireDefined(self);
        var method = arguments.Find(1) is null ? "common" : arguments.Text(1).Text;
        if (!Numbers.IsNumber(self) || method is not ("common" or "ceil" or "floor"))
        {
            throw TemplateException.Evaluation(Numbers.IsNumber(self)
                ? "method must be common, ceil or floor"
                : $"type {self.TypeName} doesn't define __round__ method");
        }

        var places = Math.Clamp(arguments.Integer(0, 0), -400, 400);
        if (method == "common")
        {
            return self is FloatValue { Number: var number } ? new FloatValue(FloatFormat.Round(number, places)) : RoundWhole(self, places);
        }

        var scale = Math.Pow(10, places);
        var scaled = Numbers.AsFloat(self) * scale;
        return new FloatValue((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale);
    }

    // Python rounds a whole number to tens, hundreds and so on, and leaves it whole.
    private static IntegerValue RoundWhole(Value self, int places)
    {
        var whole = Numbers.AsInteger(self)!.Value;
        if (places >= 0)
        {
            return IntegerValue.Of(whole);
        }

        var unit = BigInteger.Pow(10, -places);
        var quotient = BigInteger.DivRem(BigInteger.Abs(whole), unit, out var rest);
        var half = (rest * 2).CompareTo(unit);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return IntegerValue.Of(quotient * unit * whole.Sign);
    }

    private static Value Sum(Run run, Value self, BoundArguments arguments)
    {
        var total = arguments.Find(1) ?? IntegerValue.Of(0);
        if (total is TextValue)
        {
            throw TemplateException.Evaluation("sum() can't sum strings; use join");
        }

        foreach (var item in Iteration.Items(run, self))
        {
            run.Step();
            total = Operators.Apply(run, "+", total, arguments.Some(0) is { } path ? Members.Path(item, path, null) : item);
        }

        return total;
    }
}
