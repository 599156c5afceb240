namespace Serverless.Inference.Templates.Lexing;

internal enum TokenKind
{
    /// <summary>Words between tags.</summary>
    Words,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    Text,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A piece of a template; the place is an index into the source.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Place)
{
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    public bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    public string Describe() => Kind switch
    {
        TokenKind.End => "end of template",
        TokenKind.Words => "text",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.VariableEnd => "end of print statement",
        _ => $"'{Text}'",
    };
}
