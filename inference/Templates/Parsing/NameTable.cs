using Serverless.Inference.Templates.Functions;
using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Syntax;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>Numbers a template's names, and finds calls of what is defined nowhere before anything is rendered.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _assigned = ["loop", "caller", "varargs", "kwargs"];
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<(Token Token, string Name, bool IsMember)> _called = [];

    public IReadOnlyDictionary<string, int> Numbers => _numbers;

    public int NumberOf(string name)
    {
        if (!_numbers.TryGetValue(name, out var number))
        {
            number = _numbers.Count;
            _numbers.Add(name, number);
        }

        return number;
    }

    public Name Read(string name)
    {
        _used.Add(name);
        return new(name, NumberOf(name), FunctionTable.Find(name));
    }

    public int Assign(string name)
    {
        _assigned.Add(name);
        return NumberOf(name);
    }

    /// <summary>Starts to watch which names a macro's body reads; gives what was watched outside.</summary>
    public HashSet<string> StartUse()
    {
        var outer = _used;
        _used = new(StringComparer.Ordinal);
        return outer;
    }

    /// <summary>Says which implicit names the body read, and goes on watching outside.</summary>
    public ImplicitNames EndUse(HashSet<string> outer)
    {
        var used = _used;
        _used = outer;
        return new(
            NumberOf("caller"), NumberOf("varargs"), NumberOf("kwargs"),
            used.Contains("caller"), used.Contains("varargs"), used.Contains("kwargs"));
    }

    /// <summary>Notes a member that the template itself makes, which may hold a macro.</summary>
    public void AssignMember(string name) => _members.Add(name);

    public void NoteCall(Token token, Expression callee)
    {
        if (callee is Name name)
        {
            _called.Add((token, name.Text, false));
        }
        else if (callee is Dot dot)
        {
            _called.Add((token, dot.Member, true));
        }
    }

    public void Check(TokenStream tokens)
    {
        foreach (var (token, name, isMember) in _called)
        {
            if (isMember && !MethodTable.Knows(name) && !_members.Contains(name))
            {
                throw tokens.Unsupported($"no method named '{name}' is supported", token);
            }

            if (!isMember && !_assigned.Contains(name) && FunctionTable.Find(name) is null)
            {
                throw tokens.Unsupported($"no function named '{name}' is supported, and the template defines none", token);
            }
        }
    }
}
