using System.Collections.Frozen;
using Serverless.Inference.Templates.Evaluation;

namespace Serverless.Inference.Templates.Filters;

/// <summary>The filters that a template may name.</summary>
internal static class FilterTable
{
    private static readonly FrozenDictionary<string, Builtin> All = TextFilters.All
        .Concat(ConversionFilters.All).Concat(NumberFilters.All).Concat(SequenceFilters.All)
        .Concat(OrderFilters.All).Concat(SelectionFilters.All)
        .ToFrozenDictionary(filter => filter.Name);

    public static IEnumerable<string> Names => All.Keys;

    public static Builtin? Find(string name) => All.GetValueOrDefault(name);
}
