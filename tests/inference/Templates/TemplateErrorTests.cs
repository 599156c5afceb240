using Serverless.Inference.Templates;

namespace Serverless.Inference.Tests.Templates;

public sealed class TemplateErrorTests
{
    [Theory]
    [InlineData("a\n{{ 1 + }}", 2, 8)]
    [InlineData("{% if yes %}", 1, 13)]
    [InlineData("{{ 'abc }}", 1, 4)]
    [InlineData("\n{{ x", 2, 3)]
    [InlineData("{# x", 1, 1)]
    [InlineData("{% raw %}x", 1, 1)]
    [InlineData("{% endif %}", 1, 4)]
    [InlineData("{% break %}", 1, 4)]
    [InlineData("{{ (1 }}", 1, 7)]
    [InlineData("{{ 1 $ 2 }}", 1, 6)]
    [InlineData("{% set loop = 1 %}", 1, 8)]
    [InlineData("{{ '\\xZZ' }}", 1, 7)]
    public void AMistakeIsRefusedWithItsPlace(string template, int line, int column)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template));

        Assert.Equal((TemplateFault.Syntax, line, column), (error.Fault, error.Line, error.Column));
        Assert.Contains($"line {line}, column {column}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n\n  {{ x | nofilter }}", "nofilter", 3)]
    [InlineData("{{ words | map('nofilter') }}", "nofilter", 1)]
    [InlineData("{{ x is notest }}", "notest", 1)]
    [InlineData("{{ words | select('notest') }}", "notest", 1)]
    [InlineData("{% nostatement %}", "nostatement", 1)]
    [InlineData("\n{{ nofunction() }}", "nofunction", 2)]
    [InlineData("{{ 'a'.nomethod() }}", "nomethod", 1)]
    public void AnUnknownNameIsRefusedBeforeAnythingIsRendered(string template, string name, int line)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template));

        Assert.Equal((TemplateFault.Unsupported, line), (error.Fault, error.Line));
        Assert.True(error.Column > 0);
        Assert.Contains(name, error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n{{ missing.a }}", 2)]
    [InlineData("{{ 1 + 'a' }}", 1)]
    [InlineData("{{ 1 // 0 }}", 1)]
    [InlineData("{{ words.append(1) }}", 1)]
    [InlineData("{{ map.update({}) }}", 1)]
    [InlineData("{{ 1 < 'a' }}", 1)]
    [InlineData("{% for x in 5 %}{% endfor %}", 1)]
    [InlineData("\n\n{% set a, b = 1, 2, 3 %}", 3)]
    [InlineData("{{ nothing.upper() }}", 1)]
    [InlineData("{{ {[1]: 2} }}", 1)]
    public void AnExpressionThatFailsSaysInWhichLine(string template, int line)
    {
        var error = Assert.Throws<TemplateException>(() => ExampleVariables.Render(template));

        Assert.Equal((TemplateFault.Evaluation, line), (error.Fault, error.Line));
    }

    [Fact]
    public void ATemplateThatRefusesItsInputGivesItsOwnWords()
    {
        var error = Assert.Throws<TemplateException>(() => ExampleVariables.Render("{{ raise_exception('no ' ~ 'tools') }}"));

        Assert.Equal((TemplateFault.Raised, "no tools"), (error.Fault, error.Reason));
    }
}
