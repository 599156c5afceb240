using Serverless.Inference.Templates.Checks;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

/// <summary>Filters that put each item through another filter or test.</summary>
internal static class SelectionFilters
{
    public static readonly Builtin[] All =
    [
        new("map", 0, Map, ["*args"]),
        new("select", 0, (run, self, arguments) => Select(run, self, arguments.Given, null, keeps: true), ["*args"]),
        new("reject", 0, (run, self, arguments) => Select(run, self, arguments.Given, null, keeps: false), ["*args"]),
        new("selectattr", 0, (run, self, arguments) => SelectByMember(run, self, arguments.Given, keeps: true), ["*args"]),
        new("rejectattr", 0, (run, self, arguments) => SelectByMember(run, self, arguments.Given, keeps: false), ["*args"]),
    ];

    /// <summary>Which argument of such a filter names a test or a filter, so that the parser can check it; -1 for none.</summary>
    public static int PlaceOfName(string filter) => filter switch
    {
        "map" or "select" or "reject" => 0,
        "selectattr" or "rejectattr" => 1,
        _ => -1,
    };

    private static GeneratorValue Map(Run run, Value self, BoundArguments arguments)
    {
        var given = arguments.Given;
        Func<Value, Value> change;
        if (given.Positional.Count == 0 && given.Find("attribute") is { } path)
        {
            var otherwise = given.Find("default");
            change = item => Members.Path(item, path, otherwise);
        }
        else if (given.Positional.Count > 0 && given.Positional[0] is TextValue name)
        {
            var filter = FilterTable.Find(name.Text) ?? throw TemplateException.Evaluation($"No filter named '{name.Text}'.");
            var rest = given.SkipFirst();
            change = item => filter.Call(run, item, rest);
        }
        else
        {
            throw TemplateException.Evaluation("map requires a filter argument");
        }

        return new([.. Items(run, self).Select(change)]);
    }

    private static GeneratorValue SelectByMember(Run run, Value self, Arguments given, bool keeps) =>
        given.Positional.Count > 0
            ? Select(run, self, given.SkipFirst(), given.Positional[0], keeps)
            : throw TemplateException.Evaluation("Missing parameter for attribute name");

    private static GeneratorValue Select(Run run, Value self, Arguments given, Value? path, bool keeps)
    {
        Func<Value, bool> isChosen = static value => value.IsTrue;
        if (given.Positional.Count > 0)
        {
            var name = (given.Positional[0] as TextValue)?.Text;
            var test = (name is null ? null : CheckTable.Find(name)) ?? throw TemplateException.Evaluation($"No test named '{name}'.");
            var rest = given.SkipFirst();
            isChosen = value => test.Call(run, value, rest).IsTrue;
        }

        return new([.. Items(run, self).Where(item =>
            isChosen(path is null ? item : Members.Path(item, path, null)) == keeps)]);
    }

    // Jinja asks whether there is anything before it looks what it is: None counts as empty.
    private static IReadOnlyList<Value> Items(Run run, Value self) => self.IsTrue ? Iteration.Items(run, self) : [];
}
