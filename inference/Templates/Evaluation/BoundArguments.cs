using System.Numerics;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>A call's arguments in the places of the parameters, and as they were given.</summary>
internal readonly struct BoundArguments(Run run, string owner, Value?[] places, Arguments given)
{
    public Arguments Given => given;

    /// <summary>A required argument.</summary>
    public Value this[int place] => places[place]
        ?? throw TemplateException.Evaluation($"{owner}() needs one more argument");

    public Value? Find(int place) => place < places.Length ? places[place] : null;

    /// <summary>An argument that is neither left out nor None.</summary>
    public Value? Some(int place) => Find(place) is { } value and not NoneValue ? value : null;

    public bool Flag(int place, bool otherwise) => Find(place)?.IsTrue ?? otherwise;

    public TextValue Text(int place) => this[place] is TextValue text
        ? text
        : throw TemplateException.Evaluation($"{owner}() wants a str, not '{this[place].TypeName}'");

    /// <summary>The argument as Python's <c>str</c> prints it.</summary>
    public TextValue Printed(int place, string otherwise) => Find(place) is { } value
        ? run.Print(value)
        : TextValue.FromTemplate(otherwise);

    /// <summary>A whole number; one beyond 32 bits counts as the nearest that is not, as for slicing.</summary>
    public int Integer(int place, int otherwise) => Find(place) switch
    {
        null => otherwise,
        { } value => Number(value),
    };

    /// <summary>As <see cref="Integer"/>, with None the same as leaving it out.</summary>
    public int IntegerOrNone(int place, int otherwise) => Some(place) is { } value ? Number(value) : otherwise;

    private int Number(Value value) => Numbers.AsInteger(value) is { } number
        ? (int)BigInteger.Max(int.MinValue, BigInteger.Min(int.MaxValue, number))
        : throw TemplateException.Evaluation($"{owner}() wants a whole number, not '{value.TypeName}'");
}
