using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Jinja's two ways to a member: a dot asks for the method first, a bracket for the item first.</summary>
internal static class Members
{
    /// <summary><c>owner.name</c></summary>
    public static Value Dot(Value owner, string name)
    {
        RequireDefined(owner);
        return Attribute(owner, name)
            ?? (owner is DictionaryValue dictionary ? dictionary.Find(name) : null)
            ?? UndefinedValue.Member(owner, name);
    }

    /// <summary><c>owner[key]</c></summary>
    public static Value Bracket(Value owner, Value key)
    {
        RequireDefined(owner);
        return Item(owner, key)
            ?? (key is TextValue name ? Attribute(owner, name.Text) : null)
            ?? new UndefinedValue($"'{owner.TypeName} object' has no element {Describe(key)}");
    }

    /// <summary>Follows a path such as <c>function.name</c>, as filters take it; a missing step gives the default, where there is one.</summary>
    public static Value Path(Value owner, Value path, Value? otherwise)
    {
        if (path is not TextValue text)
        {
            return OrElse(Bracket(owner, path), otherwise);
        }

        foreach (var part in text.Text.Split('.'))
        {
            var isNumber = part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit);
            var key = isNumber
                ? (Value)IntegerValue.Of(int.Parse(part, System.Globalization.CultureInfo.InvariantCulture))
                : TextValue.FromTemplate(part);
            owner = OrElse(Bracket(owner, key), otherwise);
        }

        return owner;
    }

    public static void RequireDefined(Value value)
    {
        if (value is UndefinedValue undefined)
        {
            throw undefined.Error();
        }
    }

    private static Value OrElse(Value value, Value? otherwise) => value is UndefinedValue ? otherwise ?? value : value;

    private static Value? Attribute(Value owner, string name) => owner switch
    {
        NamespaceValue space => space.Find(name),
        CallableValue callable => callable.Member(name),
        SequenceValue { Kind: SequenceKind.Group } group when name is "grouper" or "list" => group.Items[name == "grouper" ? 0 : 1],
        _ => MethodTable.Find(owner, name),
    };

    private static Value? Item(Value owner, Value key)
    {
        if (owner is DictionaryValue dictionary)
        {
            return key is DictionaryValue or SequenceValue { IsTuple: false } ? null : dictionary.Find(key);
        }

        if (Numbers.AsInteger(key) is not { } index || Iteration.Length(owner) is not { } length
            || owner is SequenceValue { IsView: true })
        {
            return null;
        }

        var place = index < 0 ? index + length : index;
        return place < 0 || place >= length ? null : At(owner, (int)place);
    }

    private static Value At(Value owner, int place)
    {
        if (owner is not TextValue text)
        {
            return ((SequenceValue)owner).Items[place];
        }

        var unit = text.UnitOf(place);
        return text.Slice(unit, unit + 1 < text.Text.Length && char.IsSurrogatePair(text.Text, unit) ? 2 : 1);
    }

    private static string Describe(Value key) => key switch
    {
        TextValue text => $"'{text.Text}'",
        _ when Numbers.AsInteger(key) is { } number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => $"of type '{key.TypeName}'",
    };
}
