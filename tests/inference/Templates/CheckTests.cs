namespace Serverless.Inference.Tests.Templates;

/// <summary>Each test that may follow <c>is</c>. Expectations are what Jinja 3.1 gives with the settings of Hugging Face's tokenizers.</summary>
public sealed class CheckTests
{
    [Theory]
    [MemberData(nameof(Cases))]
    public void ATestHoldsWhenItDoesInJinja(string template, string expected) =>
        Assert.Equal(expected, ExampleVariables.Render(template));

    public static TheoryData<string, string> Cases() => new()
    {
        { "{{ text is defined, missing is defined, map.zz is defined }}", "(True, False, False)" },
        { "{{ text is undefined, missing is undefined }}", "(False, True)" },
        { "{{ nothing is none, missing is none, 0 is none }}", "(True, False, False)" },
        { "{{ true is true, 1 is true, false is true }}", "(True, False, False)" },
        { "{{ false is false, 0 is false, nothing is false }}", "(True, False, False)" },
        { "{{ true is boolean, 0 is boolean }}", "(True, False)" },
        { "{{ 1 is integer, true is integer, 1.0 is integer, '1' is integer }}", "(True, False, False, False)" },
        { "{{ 1.0 is float, 1 is float }}", "(True, False)" },
        { "{{ 1 is number, 1.5 is number, true is number, '1' is number }}", "(True, True, True, False)" },
        { "{{ 'a' is string, 1 is string, nothing is string }}", "(True, False, False)" },
        { "{{ {} is mapping, [] is mapping, 'a' is mapping }}", "(True, False, False)" },
        { "{{ [] is sequence, 'a' is sequence, {} is sequence, 1 is sequence, nothing is sequence, (1, 2) is sequence, range(2) is sequence, missing is sequence, map.items() is sequence }}", "(True, True, True, False, False, True, True, True, False)" },
        { "{{ [] is iterable, 'a' is iterable, {} is iterable, 1 is iterable, nothing is iterable, missing is iterable, map.items() is iterable }}", "(True, True, True, False, False, True, True)" },
        { "{{ range is callable, 'a'.upper is callable, 1 is callable }}", "(True, True, False)" },
        { "{{ 'a' is escaped }}", "False" },
        { "{{ 1 is eq 1, 1 is eq 2, 1 is eq(1) }}", "(True, False, True)" },
        { "{{ 1 is equalto 1, 'a' is equalto 'b' }}", "(True, False)" },
        { "{{ 1 is ne 1, 1 is ne 2 }}", "(False, True)" },
        { "{{ 1 is lt 2, 2 is lt 1 }}", "(True, False)" },
        { "{{ 1 is lessthan 2 }}", "True" },
        { "{{ 2 is le 2, 3 is le 2 }}", "(True, False)" },
        { "{{ 2 is gt 1, 1 is gt 2 }}", "(True, False)" },
        { "{{ 2 is greaterthan 1 }}", "True" },
        { "{{ 2 is ge 2, 1 is ge 2 }}", "(True, False)" },
        { "{{ 1 is in [1, 2], 'x' is in 'abc', 'b' is in map }}", "(True, False, True)" },
        { "{{ 2 is even, 3 is even, 0 is even }}", "(True, False, True)" },
        { "{{ 2 is odd, 3 is odd, -3 is odd }}", "(False, True, True)" },
        { "{{ 9 is divisibleby 3, 9 is divisibleby(4) }}", "(True, False)" },
        { "{{ nothing is sameas none, true is sameas 1, words is sameas words }}", "(True, False, True)" },
        { "{{ 'abc' is lower, 'aBc' is lower, '1' is lower }}", "(True, False, False)" },
        { "{{ 'ABC' is upper, 'aBc' is upper }}", "(True, False)" },
        { "{{ 'upper' is filter, 'no' is filter }}", "(True, False)" },
        { "{{ 'odd' is test, 'no' is test }}", "(True, False)" },
        { "{{ 1 is not even, 2 is not odd }}", "(True, True)" },
        { "{{ [1, 2] | select('==', 1) | list, [1, 2] | select('!=', 1) | list, [1, 2] | select('<', 2) | list, [1, 2] | select('<=', 1) | list, [1, 2] | select('>', 1) | list, [1, 2] | select('>=', 2) | list }}", "([1], [2], [1], [1], [2], [2])" },
        { "{{ [1, 2] | select('equalto', 1) | list }}", "[1]" },
        { "{{ map.b is defined and map.b is not none }}", "True" },
        { "{{ 'a' is string and 'a' | length == 1 }}", "True" },
        { "{{ (4 is divisibleby 2) is true }}", "True" },
        { "{{ (1 is odd) if yes else 0 }}", "True" },
        { "{% if missing is not defined %}no{% endif %}", "no" },
        { "{% if map is mapping and map is not string %}ok{% endif %}", "ok" },
    };
}
