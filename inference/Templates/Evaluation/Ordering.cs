using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Python's <c>&lt;</c>, and a sort that keeps the order of equals.</summary>
internal static class Ordering
{
    /// <summary>Below zero where left comes first; null where one is not a number; an error for types Python cannot order.</summary>
    public static int? Compare(Value left, Value right, string operation = "<")
    {
        if (left is TextValue a && right is TextValue b)
        {
            return PythonCharacters.Compare(a.Text, b.Text);
        }

        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
        {
            return Numbers.Compare(left, right);
        }

        if (left is SequenceValue x && right is SequenceValue y && x.IsTuple == y.IsTuple && !x.IsView && !y.IsView)
        {
            return CompareItems(x.Items, y.Items, operation);
        }

        throw (left as UndefinedValue ?? right as UndefinedValue)?.Error() ?? TemplateException.Evaluation(
            $"'{operation}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
    }

    /// <summary>Sorts by keys that stand at the same places as the items; stable in both directions.</summary>
    public static IReadOnlyList<Value> Sort(Run run, IReadOnlyList<Value> items, IReadOnlyList<Value> keys, bool descending)
    {
        var order = Enumerable.Range(0, items.Count).ToArray();
        MergeSort(order, new int[order.Length], 0, order.Length, (i, j) =>
        {
            run.Step();
            return descending ? Compare(keys[i], keys[j]) < 0 : Compare(keys[j], keys[i]) < 0;
        });
        return [.. order.Select(i => items[i])];
    }

    private static int? CompareItems(IReadOnlyList<Value> left, IReadOnlyList<Value> right, string operation)
    {
        StackGuard.Check();
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!Equality.AreEqual(left[i], right[i]))
            {
                return Compare(left[i], right[i], operation);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    // Array.Sort is not stable, and wraps what a comparison throws.
    private static void MergeSort(int[] order, int[] spare, int start, int end, Func<int, int, bool> isAfter)
    {
        if (end - start < 2)
        {
            return;
        }

        var middle = (start + end) / 2;
        MergeSort(order, spare, start, middle, isAfter);
        MergeSort(order, spare, middle, end, isAfter);
        var (left, right) = (start, middle);
        for (var at = start; at < end; at++)
        {
            var takesRight = left == middle || (right < end && isAfter(order[left], order[right]));
            spare[at] = takesRight ? order[right++] : order[left++];
        }

        Array.Copy(spare, start, order, start, end - start);
    }
}
