using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

internal sealed class NoneValue : Value
{
    public static readonly NoneValue None = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;

    public override void Represent(TextBuilder text) => text.Append("None");
}

internal sealed class BooleanValue : Value
{
    public static readonly BooleanValue True = new();
    public static readonly BooleanValue False = new();

    public override string TypeName => "bool";

    public override bool IsTrue => ReferenceEquals(this, True);

    public static BooleanValue Of(bool value) => value ? True : False;

    public override void Represent(TextBuilder text) => text.Append(IsTrue ? "True" : "False");
}

/// <summary>A missing variable or member: prints nothing, is false and empty, and refuses everything else.</summary>
internal sealed class UndefinedValue(string reason) : Value
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public static UndefinedValue Variable(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Member(Value owner, string member) =>
        new($"'{owner.TypeName} object' has no attribute '{member}'");

    public TemplateException Error() => TemplateException.Evaluation(reason);

    public override void Represent(TextBuilder text) => text.Append("Undefined");

    public override void Print(TextBuilder text)
    {
    }
}
