using Serverless.Inference.Templates;

namespace Serverless.Inference.Tests.Templates;

/// <summary>What would take all time, memory or stack ends as an error. Without the limits most of these would not end at all.</summary>
public sealed class TemplateLimitTests
{
    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(10 ** 9) }}")]
    [InlineData("{{ 'x' * 10 ** 9 }}")]
    [InlineData("{{ 'x' * 10 ** 30 }}")]
    [InlineData("{{ [1] * 10 ** 9 }}")]
    [InlineData("{% for a in range(100000) %}{{ 'x' * 1000 }}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xx') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}")]
    [InlineData("{% set ns = namespace(a=[]) %}{% for i in range(100000) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{{ 10 ** (10 ** 10) }}")]
    [InlineData("{{ 'a' | center(10 ** 9) }}")]
    [InlineData("{{ 'a'.ljust(10 ** 9) }}")]
    [InlineData("{{ 'a'.zfill(10 ** 9) }}")]
    [InlineData("{{ 'a\nb' | indent(10 ** 9) }}")]
    [InlineData("{{ '%999999999d' % 1 }}")]
    [InlineData("{{ '{:999999999}'.format(1) }}")]
    [InlineData("{{ [1] | batch(10 ** 9, 0) | list }}")]
    [InlineData("{{ [1] | slice(10 ** 9) | list }}")]
    [InlineData("{{ map | tojson(indent=10 ** 9) }}")]
    public void ABombIsDefused(string template)
    {
        var error = Assert.Throws<TemplateException>(() => ExampleVariables.Render(template));

        Assert.Equal(TemplateFault.Limit, error.Fault);
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "1", "]", " }}")]
    [InlineData("{{ ", "{1: ", "1", "}", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "- ", "1", "", " }}")]
    [InlineData("{{ ", "1 + ", "1", "", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", "", " }}")]
    [InlineData("{{ x", "", "", ".a", " }}")]
    [InlineData("{{ x", "", "", " | d", " }}")]
    [InlineData("", "{% if 1 %}", "x", "{% endif %}", "")]
    public void ATemplateThatIsNestedWithoutEndIsRefused(string start, string open, string inside, string close, string end)
    {
        var template = start + string.Concat(Enumerable.Repeat(open, 20_000)) + inside + string.Concat(Enumerable.Repeat(close, 20_000)) + end;

        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template));
        Assert.True(error.Fault is TemplateFault.Syntax or TemplateFault.Limit);
    }

    [Fact]
    public void TheCallerSetsTheLimits()
    {
        var template = ChatTemplate.Parse("{% for n in numbers %}{{ n }}{% endfor %}");

        Assert.Equal("3123", template.Render(ExampleVariables.Input).Text);
        Assert.Throws<TemplateException>(() => template.Render(ExampleVariables.Input, new() { MaxCharacters = 3 }));
        Assert.Throws<TemplateException>(() => template.Render(ExampleVariables.Input, new() { MaxSteps = 3 }));
    }
}
