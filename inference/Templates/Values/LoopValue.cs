using Serverless.Inference.Templates.Evaluation;

namespace Serverless.Inference.Templates.Values;

/// <summary>The variable <c>loop</c> inside a for loop; calling it renders a recursive loop over other items.</summary>
internal sealed class LoopValue(IReadOnlyList<Value> items, int depth, Func<Run, Value, Value>? recurse) : CallableValue
{
    private static readonly Builtin Cycle = new("cycle", 0, CycleThrough, ["*values"]);
    private static readonly Builtin Changed = new("changed", 0, HasChanged, ["*values"]);

    private SequenceValue? _last;

    /// <summary>Which item is at work, from 0.</summary>
    public int Place { get; set; }

    public override string TypeName => "LoopContext";

    public override Value Call(Run run, Arguments arguments) => recurse is null
        ? throw TemplateException.Evaluation("the loop must have the 'recursive' marker to be called recursively")
        : arguments.Positional.Count == 1
            ? recurse(run, arguments.Positional[0])
            : throw TemplateException.Evaluation("loop() takes one argument, the items of the inner loop");

    public override Value? Member(string name) => name switch
    {
        "index" => IntegerValue.Of(Place + 1),
        "index0" => IntegerValue.Of(Place),
        "revindex" => IntegerValue.Of(items.Count - Place),
        "revindex0" => IntegerValue.Of(items.Count - Place - 1),
        "first" => BooleanValue.Of(Place == 0),
        "last" => BooleanValue.Of(Place == items.Count - 1),
        "length" => IntegerValue.Of(items.Count),
        "depth" => IntegerValue.Of(depth + 1),
        "depth0" => IntegerValue.Of(depth),
        "previtem" => Place > 0 ? items[Place - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Place + 1 < items.Count ? items[Place + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new BuiltinValue(Cycle, this),
        "changed" => new BuiltinValue(Changed, this),
        _ => null,
    };

    private static Value CycleThrough(Run run, Value self, BoundArguments arguments)
    {
        var values = arguments.Given.Positional;
        return values.Count == 0
            ? throw TemplateException.Evaluation("no items for cycling given")
            : values[((LoopValue)self).Place % values.Count];
    }

    private static BooleanValue HasChanged(Run run, Value self, BoundArguments arguments)
    {
        var (loop, values) = ((LoopValue)self, new SequenceValue(arguments.Given.Positional));
        var isSame = loop._last is not null && Equality.AreEqual(loop._last, values);
        loop._last = values;
        return BooleanValue.Of(!isSame);
    }
}
