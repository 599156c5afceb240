using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

/// <summary>A dictionary that keeps the order in which keys were first set.</summary>
internal sealed class DictionaryValue : Value
{
    // A few keys are found faster by looking at each than by hashing.
    private const int IndexFrom = 9;

    private readonly List<KeyValuePair<Value, Value>> _entries;
    private Dictionary<Value, int>? _index;

    public DictionaryValue(int capacity = 4) => _entries = new(capacity);

    public IReadOnlyList<KeyValuePair<Value, Value>> Entries => _entries;

    public override string TypeName => "dict";

    public override bool IsTrue => _entries.Count > 0;

    public Value? Find(Value key) => IndexOf(key) is >= 0 and var at ? _entries[at].Value : null;

    public Value? Find(string key)
    {
        if (_entries.Count >= IndexFrom)
        {
            return Find(TextValue.FromTemplate(key));
        }

        foreach (var (candidate, value) in _entries)
        {
            if (candidate is TextValue text && text.Text == key)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Adds or replaces; only the maker of a dictionary calls it, before anyone else sees it.</summary>
    public void Set(Value key, Value value)
    {
        if (IndexOf(key) is >= 0 and var at)
        {
            _entries[at] = new(_entries[at].Key, value);
            return;
        }

        _index?.Add(key, _entries.Count);
        _entries.Add(new(key, value));
    }

    public override void Represent(TextBuilder text)
    {
        StackGuard.Check();
        text.Append('{');
        for (var i = 0; i < _entries.Count; i++)
        {
            if (i > 0)
            {
                text.Append(", ");
            }

            _entries[i].Key.Represent(text);
            text.Append(": ");
            _entries[i].Value.Represent(text);
        }

        text.Append('}');
    }

    private int IndexOf(Value key)
    {
        if (_entries.Count >= IndexFrom)
        {
            _index ??= BuildIndex();
            return _index.TryGetValue(key, out var found) ? found : -1;
        }

        Equality.RequireHashable(key);
        for (var i = 0; i < _entries.Count; i++)
        {
            if (Equality.AreEqual(_entries[i].Key, key))
            {
                return i;
            }
        }

        return -1;
    }

    private Dictionary<Value, int> BuildIndex()
    {
        var index = new Dictionary<Value, int>(Equality.Comparer);
        for (var i = 0; i < _entries.Count; i++)
        {
            index.Add(_entries[i].Key, i);
        }

        return index;
    }
}
