using Serverless.Inference.Templates.Lexing;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>The tokens of a template, read one after the other.</summary>
internal sealed class TokenStream(Source source, IReadOnlyList<Token> tokens)
{
    private int _at;

    public Token Current => tokens[_at];

    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Next() => tokens[_at < tokens.Count - 1 ? _at++ : _at];

    public bool SkipName(string name) => SkipIf(Current.IsName(name));

    public bool SkipOperator(string symbol) => SkipIf(Current.IsOperator(symbol));

    public Token ExpectName() => Current.Kind == TokenKind.Name ? Next() : throw Unexpected("a name");

    public Token ExpectName(string name) => Current.IsName(name) ? Next() : throw Unexpected($"'{name}'");

    public Token ExpectOperator(string symbol) => Current.IsOperator(symbol) ? Next() : throw Unexpected($"'{symbol}'");

    public void Expect(TokenKind kind)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(new Token(kind, "", 0).Describe());
        }

        Next();
    }

    public TemplateException Unexpected(string expected) =>
        source.SyntaxError($"expected {expected}, got {Current.Describe()}", Current.Place);

    public TemplateException Error(string reason, Token token) => source.SyntaxError(reason, token.Place);

    public TemplateException Unsupported(string reason, Token token) => source.Error(TemplateFault.Unsupported, reason, token.Place);

    public int LineOf(Token token) => source.LineOf(token.Place);

    private bool SkipIf(bool holds)
    {
        if (holds)
        {
            Next();
        }

        return holds;
    }
}
