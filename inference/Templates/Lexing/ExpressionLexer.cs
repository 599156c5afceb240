using System.Text;
using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Lexing;

/// <summary>Reads the inside of one tag, up to its closing; a closing inside brackets is not one.</summary>
internal sealed class ExpressionLexer
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Source _source;
    private readonly string _text;
    private readonly string _closing;
    private readonly int _start;
    private readonly Stack<char> _open = new();
    private int _at;

    public ExpressionLexer(Source source, int start, string closing)
    {
        (_source, _text, _closing) = (source, source.Text, closing);
        _start = _at = start;
    }

    /// <summary>Where the closing starts, its sign included.</summary>
    public int End => _at;

    public void Read(List<Token> tokens)
    {
        while (true)
        {
            while (_at < _text.Length && PythonCharacters.IsSpace(_text[_at]))
            {
                _at++;
            }

            if (_at == _text.Length)
            {
                throw _source.SyntaxError($"a tag is never closed; add '{_closing}'", _start);
            }

            if (_open.Count == 0 && IsClosing())
            {
                return;
            }

            tokens.Add(ReadToken());
        }
    }

    private bool IsClosing()
    {
        var isSigned = _text[_at] == '-' || (_text[_at] == '+' && _closing == "%}");
        return string.CompareOrdinal(_text, isSigned ? _at + 1 : _at, _closing, 0, _closing.Length) == 0;
    }

    private Token ReadToken()
    {
        var (place, first) = (_at, _text[_at]);
        if (char.IsAsciiDigit(first))
        {
            return NumberReader.Read(_text, ref _at);
        }

        if (IsNamePart(first))
        {
            while (_at < _text.Length && IsNamePart(_text[_at]))
            {
                _at++;
            }

            return new(TokenKind.Name, _text[place.._at].Normalize(NormalizationForm.FormKC), place);
        }

        if (first is '"' or '\'')
        {
            return new(TokenKind.Text, ReadText(first), place);
        }

        foreach (var symbol in Operators)
        {
            if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) == 0)
            {
                Balance(symbol[0]);
                _at += symbol.Length;
                return new(TokenKind.Operator, symbol, place);
            }
        }

        throw _source.SyntaxError($"unexpected character '{first}'", place);
    }

    private void Balance(char symbol)
    {
        switch (symbol)
        {
            case '(' or '[' or '{':
                _open.Push(symbol switch { '(' => ')', '[' => ']', _ => '}' });
                break;
            case ')' or ']' or '}' when !_open.TryPop(out var expected) || expected != symbol:
                throw _source.SyntaxError($"unexpected '{symbol}'{(expected == '\0' ? "" : $", expected '{expected}'")}", _at);
        }
    }

    private string ReadText(char quote)
    {
        var first = ++_at;
        while (_at < _text.Length && _text[_at] != quote)
        {
            _at += _text[_at] == '\\' ? 2 : 1;
        }

        if (_at >= _text.Length)
        {
            throw _source.SyntaxError("a string is never closed", first - 1);
        }

        return StringEscapes.Decode(_source, _text[first.._at++], first);
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_';
}
