using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>The work of a filter, test, method or function; self is the value in front of the bar or the dot.</summary>
internal delegate Value BuiltinWork(Run run, Value self, BoundArguments arguments);

/// <summary>A filter, test, method or function that templates can name, with the names of its parameters.</summary>
/// <param name="Name">As templates write it.</param>
/// <param name="Required">How many parameters a call must give.</param>
/// <param name="Work">Called with the arguments in their places.</param>
/// <param name="Parameters">In order; a last one that starts with a star takes any further arguments.</param>
internal sealed record Builtin(string Name, int Required, BuiltinWork Work, string[] Parameters)
{
    private readonly bool _isOpen = Parameters is [.., ['*', ..]];

    public Value Call(Run run, Value self, Arguments arguments)
    {
        run.Step(1 + Cost(self));
        return Work(run, self, new(run, Name, Bind(arguments), arguments));
    }

    private static long Cost(Value self) => self switch
    {
        TextValue text => text.Text.Length >> 4,
        SequenceValue sequence => sequence.Items.Count,
        _ => 0,
    };

    private Value?[] Bind(Arguments arguments)
    {
        var bound = new Value?[Parameters.Length];
        if (!_isOpen && arguments.Positional.Count > bound.Length)
        {
            throw TemplateException.Evaluation($"{Name}() takes at most {bound.Length} arguments, not {arguments.Positional.Count}");
        }

        for (var i = 0; i < Math.Min(bound.Length, arguments.Positional.Count); i++)
        {
            bound[i] = arguments.Positional[i];
        }

        foreach (var (name, value) in arguments.Named)
        {
            var at = Array.IndexOf(Parameters, name);
            if (at < 0 && _isOpen)
            {
                continue;
            }

            if (at < 0 || bound[at] is not null)
            {
                throw TemplateException.Evaluation(at < 0
                    ? $"{Name}() has no parameter '{name}'"
                    : $"{Name}() got '{name}' twice");
            }

            bound[at] = value;
        }

        for (var i = 0; i < Required; i++)
        {
            if (bound[i] is null)
            {
                throw TemplateException.Evaluation($"{Name}() needs its argument '{Parameters[i].TrimStart('*')}'");
            }
        }

        return bound;
    }
}
