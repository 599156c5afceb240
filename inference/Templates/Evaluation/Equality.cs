using System.Numerics;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Python's <c>==</c> and <c>hash</c>: 1, 1.0 and True are the same key.</summary>
internal static class Equality
{
    public static IEqualityComparer<Value> Comparer { get; } = new KeyComparer();

    // Lists that hold one another twice over are small in memory and endless to walk.
    private const int MaxComparisons = 1_000_000;

    public static bool AreEqual(Value left, Value right)
    {
        var comparisons = 0;
        return AreEqual(left, right, ref comparisons);
    }

    private static bool AreEqual(Value left, Value right, ref int comparisons)
    {
        if (++comparisons > MaxComparisons)
        {
            throw TemplateException.Limit($"two values take more than {MaxComparisons} comparisons");
        }

        if (left is TextValue a && right is TextValue b)
        {
            return a.Text == b.Text;
        }

        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
        {
            return Numbers.AsInteger(left) is { } i && Numbers.AsInteger(right) is { } j
                ? i == j
                : Numbers.Compare(left, right) == 0;
        }

        StackGuard.Check();
        return (left, right) switch
        {
            (SequenceValue x, SequenceValue y) => AreEqual(x, y, ref comparisons),
            (DictionaryValue x, DictionaryValue y) => AreEqual(x, y, ref comparisons),
            (UndefinedValue, UndefinedValue) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    public static void RequireHashable(Value key)
    {
        if (key is DictionaryValue || (key is SequenceValue sequence && !sequence.IsTuple && sequence.Kind != SequenceKind.Range))
        {
            throw TemplateException.Evaluation($"unhashable type: '{key.TypeName}'");
        }

        if (key is SequenceValue tuple)
        {
            StackGuard.Check();
            foreach (var item in tuple.Items)
            {
                RequireHashable(item);
            }
        }
    }

    private static bool AreEqual(SequenceValue left, SequenceValue right, ref int comparisons)
    {
        if (left.Items.Count != right.Items.Count || left.TypeName != right.TypeName)
        {
            return false;
        }

        for (var i = 0; i < left.Items.Count; i++)
        {
            if (!AreEqual(left.Items[i], right.Items[i], ref comparisons))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqual(DictionaryValue left, DictionaryValue right, ref int comparisons)
    {
        if (left.Entries.Count != right.Entries.Count)
        {
            return false;
        }

        foreach (var (key, value) in left.Entries)
        {
            if (right.Find(key) is not { } other || !AreEqual(value, other, ref comparisons))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class KeyComparer : IEqualityComparer<Value>
    {
        public bool Equals(Value? x, Value? y) => x is not null && y is not null && AreEqual(x, y);

        public int GetHashCode(Value key)
        {
            RequireHashable(key);
            return key switch
            {
                TextValue text => text.Text.GetHashCode(StringComparison.Ordinal),
                SequenceValue tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
                FloatValue { Number: var number } when number != Math.Floor(number) || double.IsInfinity(number) => number.GetHashCode(),
                FloatValue { Number: var number } => new BigInteger(number).GetHashCode(),
                _ when Numbers.AsInteger(key) is { } whole => whole.GetHashCode(),
                _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key),
            };
        }
    }
}
