namespace Serverless.Inference.Tests.Templates;

/// <summary>Each function that needs no definition, and the objects that they make. Expectations are what Jinja 3.1 gives with the settings of Hugging Face's tokenizers.</summary>
public sealed class FunctionTests
{
    [Theory]
    [MemberData(nameof(Cases))]
    public void AFunctionGivesWhatJinjaGives(string template, string expected) =>
        Assert.Equal(expected, ExampleVariables.Render(template));

    public static TheoryData<string, string> Cases() => new()
    {
        { "{{ range(4) | list }}{{ range(2, 5) | list }}{{ range(5, 0, -2) | list }}{{ range(0) | list }}", "[0, 1, 2, 3][2, 3, 4][5, 3, 1][]" },
        { "{{ range(3) }}{{ range(1, 3) }}{{ range(0, 9, 2)[1] }}{{ range(3) | length }}", "range(0, 3)range(1, 3)23" },
        { "{{ dict() }}{{ dict(a=1) }}{{ dict([('k', 'v')]) }}{{ dict(map, z=1) }}", "{}{'a': 1}{'k': 'v'}{'b': 1, 'a': 2, 'C': 3, 'z': 1}" },
        { "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b is defined }}", "1False" },
        { "{% set ns = namespace({'a': 5}, b=6) %}{{ ns.a }}{{ ns.b }}{{ ns['a'] }}", "565" },
        { "{% set c = cycler('a', 'b') %}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.next() }}{% set _ = c.reset() %}{{ c.current }}", "aabaa" },
        { "{% set j = joiner(' | ') %}{% for n in numbers %}{{ j() }}{{ n }}{% endfor %}", "3 | 1 | 2 | 3" },
        { "{% set j = joiner() %}{{ j() }}a{{ j() }}b", "a, b" },
        { "{{ strftime_now('%Y-%m-%d %H:%M:%S') }}", "2026-01-02 03:04:05" },
        { "{{ strftime_now('%d %b %Y') }}", "02 Jan 2026" },
        { "{{ strftime_now('%A %B %j %y %p %I %a %%') }}", "Friday January 002 26 AM 03 Fri %" },
        { "{{ strftime_now('%d.%m.%y') }}", "02.01.26" },
        { "{% if not yes %}{{ raise_exception('never') }}{% endif %}fine", "fine" },
        { "{{ namespace is callable }}{{ range is defined }}{{ raise_exception is defined }}{{ strftime_now is defined }}", "TrueTrueTrueTrue" },
    };
}
