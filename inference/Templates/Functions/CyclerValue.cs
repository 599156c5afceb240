using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Functions;

/// <summary><c>cycler('odd', 'even')</c>: <c>next()</c> goes around, <c>current</c> stays, <c>reset()</c> starts over.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> items) : CallableValue
{
    private static readonly Builtin Next = new("next", 0, (_, self, _) => ((CyclerValue)self).Advance(), []);
    private static readonly Builtin Reset = new("reset", 0, (_, self, _) => ((CyclerValue)self).StartOver(), []);

    private int _place;

    public override string TypeName => "Cycler";

    public override Value Call(Run run, Arguments arguments) => throw TemplateException.Evaluation("'Cycler' object is not callable");

    public override Value? Member(string name) => name switch
    {
        "next" => new BuiltinValue(Next, this),
        "reset" => new BuiltinValue(Reset, this),
        "current" => items[_place],
        _ => null,
    };

    private Value Advance()
    {
        var current = items[_place];
        _place = (_place + 1) % items.Count;
        return current;
    }

    private NoneValue StartOver()
    {
        _place = 0;
        return NoneValue.None;
    }
}

/// <summary><c>joiner(', ')</c>: nothing at the first call, the separator at each further one.</summary>
internal sealed class JoinerValue(Value separator) : CallableValue
{
    private bool _isUsed;

    public override string TypeName => "Joiner";

    public override Value Call(Run run, Arguments arguments)
    {
        var between = _isUsed ? separator : TextValue.Empty;
        _isUsed = true;
        return between;
    }
}
