using System.Text.RegularExpressions;
using Serverless.Inference.Templates.Checks;
using Serverless.Inference.Templates.Filters;
using Serverless.Inference.Templates.Functions;
using Serverless.Inference.Templates.Methods;

namespace Serverless.Inference.Tests.Templates;

/// <summary>A filter, test, function or method that no case uses would be one whose result nobody has compared.</summary>
public sealed class TemplateCoverageTests
{
    [Fact]
    public void EveryFilterHasACase() => AssertUsed(FilterTable.Names, FilterTests.Cases(), name => $@"\|\s*{Regex.Escape(name)}\b");

    [Fact]
    public void EveryTestHasACase() => AssertUsed(
        CheckTable.Names, CheckTests.Cases(), name => $@"is (not )?{Regex.Escape(name)}(?!\w)|select\('{Regex.Escape(name)}'");

    [Fact]
    public void EveryFunctionHasACase() => AssertUsed(FunctionTable.Names, FunctionTests.Cases(), name => $@"\b{name}\(");

    [Fact]
    public void EveryMethodHasACase() => AssertUsed(MethodTable.Names, MethodTests.Cases(), name => $@"\.{name}\(");

    private static void AssertUsed(IEnumerable<string> names, TheoryData<string, string> cases, Func<string, string> pattern)
    {
        var templates = cases.Select(row => row.Data.Item1).ToArray();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains(templates, template => Regex.IsMatch(template, pattern(name))));
    }
}
