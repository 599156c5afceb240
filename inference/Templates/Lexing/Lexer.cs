using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Lexing;

/// <summary>
/// Cuts a template into words and tags with Jinja's <c>trim_blocks</c> and <c>lstrip_blocks</c>:
/// 1. words up to the next tag; 2. their end trimmed as the tag says; 3. the tag; 4. what it swallows after itself.
/// </summary>
internal sealed class Lexer
{
    private readonly Source _source;
    private readonly string _text;
    private readonly List<Token> _tokens = [];
    private int _at;
    private bool _isLineStart = true;

    private Lexer(Source source) => (_source, _text) = (source, source.Text);

    public static IReadOnlyList<Token> Read(Source source)
    {
        var lexer = new Lexer(source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (NextTag() is >= 0 and var tag)
        {
            var kind = _text[tag + 1];
            var sign = tag + 2 < _text.Length && _text[tag + 2] is '-' or '+' ? _text[tag + 2] : ' ';
            AddWords(_at, tag, sign, canStripLine: kind != '{');
            _at = tag + (sign == ' ' ? 2 : 3);
            if (kind == '#')
            {
                SkipComment(tag);
            }
            else if (kind == '{')
            {
                ReadTag(tag, TokenKind.VariableBegin, TokenKind.VariableEnd, "}}");
            }
            else if (!TryReadRaw(tag))
            {
                ReadTag(tag, TokenKind.BlockBegin, TokenKind.BlockEnd, "%}");
            }

            _isLineStart = _at > 0 && _text[_at - 1] == '\n';
        }

        Add(TokenKind.Words, _text[_at..], _at);
        _tokens.Add(new(TokenKind.End, "", _text.Length));
    }

    private int NextTag()
    {
        for (var at = _at; ; at++)
        {
            at = _text.IndexOf('{', at);
            if (at < 0 || at + 1 >= _text.Length)
            {
                return -1;
            }

            if (_text[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }
    }

    private void AddWords(int start, int end, char sign, bool canStripLine)
    {
        var words = _text[start..end];
        if (sign == '-')
        {
            words = TrimEnd(words);
        }
        else if (sign != '+' && canStripLine)
        {
            var line = words.LastIndexOf('\n') + 1;
            if ((line > 0 || _isLineStart) && TrimEnd(words).Length <= line)
            {
                words = words[..line];
            }
        }

        Add(TokenKind.Words, words, start);
    }

    private void ReadTag(int tag, TokenKind begin, TokenKind end, string closing)
    {
        _tokens.Add(new(begin, "", tag));
        var expression = new ExpressionLexer(_source, _at, closing);
        expression.Read(_tokens);
        _tokens.Add(new(end, "", expression.End));
        _at = expression.End;
        AfterClosing(trimsLineBreak: begin == TokenKind.BlockBegin);
    }

    // Stands at the closing's optional sign.
    private void AfterClosing(bool trimsLineBreak)
    {
        var sign = _text[_at] is '-' or '+' ? _text[_at] : ' ';
        _at += sign == ' ' ? 2 : 3;
        if (sign == '-')
        {
            SkipSpace();
        }
        else if (sign != '+' && trimsLineBreak && _at < _text.Length && _text[_at] == '\n')
        {
            _at++;
        }
    }

    private void SkipComment(int tag)
    {
        var close = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (close < 0)
        {
            throw _source.SyntaxError("a comment is never closed; add '#}'", tag);
        }

        _at = close > _at && _text[close - 1] is '-' or '+' ? close - 1 : close;
        AfterClosing(trimsLineBreak: true);
    }

    private bool TryReadRaw(int tag)
    {
        var start = _at;
        if (!SkipWord("raw"))
        {
            _at = start;
            return false;
        }

        if (Follows("-%}"))
        {
            _at += 3;
            SkipSpace();
        }
        else if (Follows("%}"))
        {
            _at += 2;
        }
        else
        {
            _at = start;
            return false;
        }

        ReadRawWords(tag);
        return true;
    }

    private void ReadRawWords(int tag)
    {
        var start = _at;
        _isLineStart = start > 0 && _text[start - 1] == '\n';
        for (var open = _text.IndexOf("{%", start, StringComparison.Ordinal); open >= 0; open = _text.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            _at = open + 2;
            var sign = _at < _text.Length && _text[_at] is '-' or '+' ? _text[_at++] : ' ';
            if (SkipWord("endraw") && (Follows("%}") || Follows("-%}") || Follows("+%}")))
            {
                AddWords(start, open, sign, canStripLine: true);
                AfterClosing(trimsLineBreak: true);
                return;
            }
        }

        throw _source.SyntaxError("a raw block is never closed; add '{% endraw %}'", tag);
    }

    private bool SkipWord(string word)
    {
        SkipSpace();
        if (!Follows(word))
        {
            return false;
        }

        _at += word.Length;
        SkipSpace();
        return true;
    }

    private bool Follows(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    private void SkipSpace()
    {
        while (_at < _text.Length && PythonCharacters.IsSpace(_text[_at]))
        {
            _at++;
        }
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && PythonCharacters.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    private void Add(TokenKind kind, string text, int place)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new(kind, text, place));
        }
    }
}
