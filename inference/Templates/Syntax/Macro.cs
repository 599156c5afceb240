using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary>A parameter of a macro; its default is evaluated at each call that leaves it out.</summary>
internal sealed record Parameter(string Name, int Number, Expression? Default);

/// <summary>The names that a macro's body has beside its parameters, by number.</summary>
internal sealed record ImplicitNames(int Caller, int VarArgs, int KwArgs, bool UsesCaller, bool UsesVarArgs, bool UsesKwArgs);

/// <summary><c>{% macro name(parameters) %}...{% endmacro %}</c></summary>
internal sealed class Macro(int line, string name, int number, IReadOnlyList<Parameter> parameters, ImplicitNames names, Statement body)
    : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Scope.Set(number, new MacroValue(name, parameters, names, body, run.Scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(parameters) macro(arguments) %}...{% endcall %}</c></summary>
internal sealed class CallBlock(int line, IReadOnlyList<Parameter> parameters, ImplicitNames names, Call call, Statement body)
    : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        call.EvaluateWith(run, new MacroValue("caller", parameters, names, body, run.Scope)).Print(run.Output);
        return Flow.Next;
    }
}

/// <summary>A macro together with the variables around its definition.</summary>
internal sealed class MacroValue(
    string name, IReadOnlyList<Parameter> parameters, ImplicitNames names, Statement body, Scope around) : CallableValue
{
    public override string TypeName => "Macro";

    public override Value? Member(string member) => member switch
    {
        "name" => TextValue.FromTemplate(name),
        "arguments" => new SequenceValue([.. parameters.Select(parameter => TextValue.FromTemplate(parameter.Name))], SequenceKind.Tuple),
        "caller" => BooleanValue.Of(names.UsesCaller),
        "catch_varargs" => BooleanValue.Of(names.UsesVarArgs),
        "catch_kwargs" => BooleanValue.Of(names.UsesKwArgs),
        _ => null,
    };

    public override Value Call(Run run, Arguments arguments) =>
        run.Capture(new Invocation(this, arguments), new(around));

    private Flow Invoke(Run run, Arguments arguments)
    {
        var scope = run.Scope;
        for (var i = 0; i < parameters.Count; i++)
        {
            var given = i < arguments.Positional.Count ? arguments.Positional[i] : arguments.Find(parameters[i].Name);
            scope.Set(parameters[i].Number, given ?? parameters[i].Default?.Evaluate(run)
                ?? new UndefinedValue($"parameter '{parameters[i].Name}' was not provided"));
        }

        BindRest(scope, arguments);
        return body.Render(run);
    }

    private void BindRest(Scope scope, Arguments arguments)
    {
        if (names.UsesCaller && parameters.All(parameter => parameter.Number != names.Caller))
        {
            scope.Set(names.Caller, arguments.Find("caller") ?? new UndefinedValue("no caller defined"));
        }

        var more = arguments.Positional.Skip(parameters.Count).ToArray();
        if (more.Length > 0 && !names.UsesVarArgs)
        {
            throw TemplateException.Evaluation($"macro '{name}' takes not more than {parameters.Count} argument(s)");
        }

        if (names.UsesVarArgs)
        {
            scope.Set(names.VarArgs, SequenceValue.Tuple(more));
        }

        var named = new DictionaryValue();
        for (var i = 0; i < arguments.Named.Count; i++)
        {
            AddNamed(named, arguments, i);
        }

        if (names.UsesKwArgs)
        {
            scope.Set(names.KwArgs, named);
        }
    }

    private void AddNamed(DictionaryValue named, Arguments arguments, int at)
    {
        var (key, value) = arguments.Named[at];
        var place = 0;
        while (place < parameters.Count && parameters[place].Name != key)
        {
            place++;
        }

        if (place < arguments.Positional.Count && place < parameters.Count)
        {
            throw TemplateException.Evaluation($"macro '{name}' got multiple values for argument '{key}'");
        }

        if (place < parameters.Count || (key == "caller" && names.UsesCaller))
        {
            return;
        }

        if (!names.UsesKwArgs)
        {
            throw TemplateException.Evaluation(key == "caller"
                ? $"macro '{name}' was invoked with a call block, but never uses caller()"
                : $"macro '{name}' takes no keyword argument '{key}'");
        }

        named.Set(TextValue.FromTemplate(key), value);
    }

    private sealed class Invocation(MacroValue macro, Arguments arguments) : Statement(0)
    {
        public override Flow Render(Run run) => macro.Invoke(run, arguments);
    }
}
