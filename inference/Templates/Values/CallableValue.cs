using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

/// <summary>A value that can be called: a function, a method, a macro, a loop.</summary>
internal abstract class CallableValue : Value
{
    public override string TypeName => "function";

    public abstract Value Call(Run run, Arguments arguments);

    /// <summary>A member such as <c>loop.index</c>, or null where there is none of that name.</summary>
    public virtual Value? Member(string name) => null;

    public override void Represent(TextBuilder text) => text.Append($"<{TypeName}>");
}

/// <summary>One of our own functions, or a method together with the value it belongs to.</summary>
internal sealed class BuiltinValue(Builtin builtin, Value self) : CallableValue
{
    public override Value Call(Run run, Arguments arguments) => builtin.Call(run, self, arguments);

    public override void Represent(TextBuilder text) => text.Append($"<built-in method {builtin.Name}>");
}
