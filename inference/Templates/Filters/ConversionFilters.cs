using System.Numerics;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

/// <summary>Filters that make a value of another kind.</summary>
internal static class ConversionFilters
{
    public static readonly Builtin[] All =
    [
        new("string", 0, (run, self, _) => run.Print(self), []),
        new("list", 0, (run, self, _) => new SequenceValue(Iteration.Items(run, self)), []),
        new("int", 0, ToInteger, ["default", "base"]),
        new("float", 0, ToFloat, ["default"]),
        new("default", 0, Default, ["default_value", "boolean"]),
        new("d", 0, Default, ["default_value", "boolean"]),
        new("items", 0, (_, self, _) => Items(self), []),
        new("attr", 1, (_, self, arguments) => Attribute(self, arguments), ["name"]),
        new("tojson", 0, ToJson, ["ensure_ascii", "indent", "separators", "sort_keys"]),
    ];

    private static Value Default(Run run, Value self, BoundArguments arguments) =>
        self is UndefinedValue || (arguments.Flag(1, false) && !self.IsTrue)
            ? arguments.Find(0) ?? TextValue.Empty
            : self;

    private static Value ToInteger(Run run, Value self, BoundArguments arguments)
    {
        var otherwise = arguments.Find(0) ?? IntegerValue.Of(0);
        switch (self)
        {
            case IntegerValue or BooleanValue:
                return IntegerValue.Of(Numbers.AsInteger(self)!.Value);
            case FloatValue { Number: var number }:
                return double.IsFinite(number) ? IntegerValue.Of(new BigInteger(number)) : otherwise;
            case TextValue text when Numbers.Parse(text.Text, arguments.Integer(1, 10)) is { } whole:
                return IntegerValue.Of(whole);
            case TextValue text when Numbers.ParseFloat(text.Text) is { } parsed && double.IsFinite(parsed):
                return IntegerValue.Of(new BigInteger(parsed));
            case UndefinedValue undefined:
                throw undefined.Error();
            default:
                return otherwise;
        }
    }

    private static Value ToFloat(Run run, Value self, BoundArguments arguments) => self switch
    {
        _ when Numbers.IsNumber(self) => new FloatValue(Numbers.AsFloat(self)),
        TextValue text when Numbers.ParseFloat(text.Text) is { } number => new FloatValue(number),
        UndefinedValue undefined => throw undefined.Error(),
        _ => arguments.Find(0) ?? new FloatValue(0),
    };

    private static GeneratorValue Items(Value self) => self switch
    {
        UndefinedValue => new([]),
        DictionaryValue => new(DictionaryMethods.Items(self).Items),
        _ => throw TemplateException.Evaluation("Can only get item pairs from a mapping."),
    };

    private static Value Attribute(Value self, BoundArguments arguments)
    {
        Members.RequireDefined(self);
        return self is DictionaryValue && MethodTable.Find(self, arguments.Text(0).Text) is null
            ? UndefinedValue.Member(self, arguments.Text(0).Text)
            : Members.Dot(self, arguments.Text(0).Text);
    }

    private static TextValue ToJson(Run run, Value self, BoundArguments arguments)
    {
        var indent = arguments.Some(1) switch
        {
            null => null,
            TextValue text => text.Text,
            _ => Spaces(run, arguments.Integer(1, 0)),
        };
        var (item, key) = (indent is null ? ", " : ",", ": ");
        if (arguments.Some(2) is { } separators)
        {
            (item, key) = separators is SequenceValue { Items: [TextValue first, TextValue second] }
                ? (first.Text, second.Text)
                : throw TemplateException.Evaluation("tojson() wants two separators, both str");
        }

        var json = run.NewText();
        new JsonFormat(arguments.Flag(0, false), indent, item, key, arguments.Flag(3, false)).Write(json, self);
        return json.ToText();
    }

    private static string Spaces(Run run, int count)
    {
        run.CheckLength(count);
        return new(' ', Math.Max(0, count));
    }
}
