using System.Globalization;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Syntax;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>
/// Jinja's expressions by rising precedence: 1. inline if; 2. or, and, not; 3. comparisons; 4. + and -; 5. ~;
/// 6. * / // %; 7. **; 8. signs; 9. literals, then 10. what follows one: members, calls, filters, tests (PostfixParser).
/// </summary>
internal sealed class ExpressionParser
{
    private const int MaxDepth = 200;

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly TokenStream _tokens;
    private readonly NameTable _names;
    private readonly PostfixParser _postfix;
    private int _depth;
    private int _chained;

    public ExpressionParser(TokenStream tokens, NameTable names)
    {
        (_tokens, _names) = (tokens, names);
        _postfix = new(tokens, names, this);
    }

    public PostfixParser Postfix => _postfix;

    // 1.
    public Expression Parse()
    {
        if (++_depth > MaxDepth)
        {
            throw _tokens.Error("the expression is nested too deeply", _tokens.Current);
        }

        StackGuard.Check();
        var outerChain = _chained;
        var expression = ParseOr();
        while (_tokens.SkipName("if"))
        {
            var condition = ParseOr();
            var otherwise = _tokens.SkipName("else") ? Parse() : null;
            expression = Chain(new Conditional(condition, expression, otherwise));
        }

        (_depth, _chained) = (_depth - 1, outerChain);
        return expression;
    }

    /// <summary>An expression, or a tuple where commas follow; the inline if can be left to the statement.</summary>
    public Expression ParseTuple(bool withCondition = true, string? endName = null, bool inParentheses = false)
    {
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd(endName))
        {
            items.Add(withCondition ? Parse() : ParseOr());
            if (!_tokens.SkipOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (!isTuple && items.Count == 1)
        {
            return items[0];
        }

        return isTuple || inParentheses ? new ListOf(items, SequenceKind.Tuple) : throw _tokens.Unexpected("an expression");
    }

    private bool IsTupleEnd(string? endName) =>
        _tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || _tokens.Current.IsOperator(")")
        || (endName is not null && _tokens.Current.IsName(endName));

    // A long chain of operators is a deep tree, although nothing in it is nested.
    public T Chain<T>(T expression)
        where T : Expression =>
        ++_chained <= 1000 ? expression : throw _tokens.Error("the expression is too long", _tokens.Current);

    // 2.
    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (_tokens.SkipName("or"))
        {
            left = Chain(new Or(left, ParseAnd()));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (_tokens.SkipName("and"))
        {
            left = Chain(new And(left, ParseNot()));
        }

        return left;
    }

    private Expression ParseNot() => _tokens.SkipName("not") ? Chain(new Not(Nested(ParseNot))) : ParseComparison();

    // 3.
    private Expression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (ComparisonSymbol() is { } symbol)
        {
            rest.Add((symbol, ParseSum()));
        }

        return rest.Count == 0 ? first : new Comparison(first, rest);
    }

    private string? ComparisonSymbol()
    {
        if (_tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(_tokens.Current.Text))
        {
            return _tokens.Next().Text;
        }

        if (_tokens.SkipName("in"))
        {
            return "in";
        }

        if (!_tokens.Current.IsName("not") || !_tokens.Following.IsName("in"))
        {
            return null;
        }

        _tokens.Next();
        _tokens.Next();
        return "not in";
    }

    // 4.
    private Expression ParseSum() => ParseLeft(ParseConcatenation, "+", "-");

    // 5.
    private Expression ParseConcatenation()
    {
        var parts = new List<Expression> { ParseProduct() };
        while (_tokens.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return parts.Count == 1 ? parts[0] : new Concatenation(parts);
    }

    // 6.
    private Expression ParseProduct() => ParseLeft(ParsePower, "*", "/", "//", "%");

    // 7.
    private Expression ParsePower() => ParseLeft(() => ParseUnary(withFilters: true), "**");

    private Expression ParseLeft(Func<Expression> operand, params string[] symbols)
    {
        var left = operand();
        while (_tokens.Current.Kind == TokenKind.Operator && symbols.Contains(_tokens.Current.Text))
        {
            var symbol = _tokens.Next().Text;
            left = Chain(new Binary(symbol, left, operand()));
        }

        return left;
    }

    // 8.
    private Expression ParseUnary(bool withFilters)
    {
        var expression = _tokens.SkipOperator("-") ? Chain(new Negation(Nested(() => ParseUnary(false))))
            : _tokens.SkipOperator("+") ? Chain(new Plus(Nested(() => ParseUnary(false))))
            : ParsePrimary();
        expression = _postfix.ParseMembers(expression);
        return withFilters ? _postfix.ParseFilters(expression) : expression;
    }

    private static Expression Nested(Func<Expression> parse)
    {
        StackGuard.Check();
        return parse();
    }

    // 9.
    public Expression ParsePrimary()
    {
        var token = _tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                _tokens.Next();
                return Constant(token.Text) ?? (Expression)_names.Read(token.Text);
            case TokenKind.Text:
                return new Literal(TextValue.FromTemplate(ParseTexts()));
            case TokenKind.Integer:
                _tokens.Next();
                return new Literal(IntegerValue.Of(Numbers.Parse(token.Text, 0)
                    ?? throw _tokens.Error("the number is too long", token)));
            case TokenKind.Float:
                _tokens.Next();
                return new Literal(new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                _tokens.Next();
                var tuple = ParseTuple(inParentheses: true);
                _tokens.ExpectOperator(")");
                return tuple;
            case TokenKind.Operator when token.Text == "[":
                return new ListOf(ParseItems("[", "]", Parse), SequenceKind.List);
            case TokenKind.Operator when token.Text == "{":
                return new DictionaryOf(ParseItems("{", "}", ParseEntry));
            default:
                throw _tokens.Unexpected("an expression");
        }
    }

    private static Literal? Constant(string name) => name switch
    {
        "true" or "True" => new(BooleanValue.True),
        "false" or "False" => new(BooleanValue.False),
        "none" or "None" => new(NoneValue.None),
        _ => null,
    };

    private string ParseTexts()
    {
        var text = new System.Text.StringBuilder();
        while (_tokens.Current.Kind == TokenKind.Text)
        {
            text.Append(_tokens.Next().Text);
        }

        return text.ToString();
    }

    private List<T> ParseItems<T>(string open, string close, Func<T> parse)
    {
        var items = new List<T>();
        _tokens.ExpectOperator(open);
        while (!_tokens.Current.IsOperator(close))
        {
            items.Add(parse());
            if (!_tokens.SkipOperator(","))
            {
                break;
            }
        }

        _tokens.ExpectOperator(close);
        return items;
    }

    private (Expression, Expression) ParseEntry()
    {
        var key = Parse();
        if (key is Literal { Value: TextValue name })
        {
            _names.AssignMember(name.Text);
        }

        _tokens.ExpectOperator(":");
        return (key, Parse());
    }
}
