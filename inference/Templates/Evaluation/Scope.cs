using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Variables by number (the parser numbers every name), and the scope around them.</summary>
internal sealed class Scope(Scope? parent)
{
    private int[] _names = [];
    private Value[] _values = [];
    private int _count;

    public Value? Find(int name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            for (var i = 0; i < scope._count; i++)
            {
                if (scope._names[i] == name)
                {
                    return scope._values[i];
                }
            }
        }

        return null;
    }

    public void Set(int name, Value value)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_names[i] == name)
            {
                _values[i] = value;
                return;
            }
        }

        if (_count == _names.Length)
        {
            var size = Math.Max(4, _count * 2);
            Array.Resize(ref _names, size);
            Array.Resize(ref _values, size);
        }

        (_names[_count], _values[_count]) = (name, value);
        _count++;
    }

    private Scope? Parent { get; } = parent;
}
