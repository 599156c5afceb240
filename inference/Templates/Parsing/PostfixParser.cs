using System.Globalization;
using Serverless.Inference.Templates.Checks;
using Serverless.Inference.Templates.Filters;
using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Syntax;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>What may follow a value: members, subscripts, calls, filters and tests.</summary>
internal sealed class PostfixParser(TokenStream tokens, NameTable names, ExpressionParser expressions)
{
    public Expression ParseMembers(Expression owner)
    {
        while (true)
        {
            if (tokens.SkipOperator("."))
            {
                owner = expressions.Chain(ParseDot(owner));
            }
            else if (tokens.Current.IsOperator("["))
            {
                owner = expressions.Chain(ParseSubscript(owner));
            }
            else if (tokens.Current.IsOperator("("))
            {
                owner = expressions.Chain(ParseCall(owner));
            }
            else
            {
                return owner;
            }
        }
    }

    public Expression ParseFilters(Expression subject)
    {
        while (true)
        {
            if (tokens.SkipOperator("|"))
            {
                subject = expressions.Chain(ParseFilter(subject));
            }
            else if (tokens.SkipName("is"))
            {
                subject = expressions.Chain(ParseTest(subject));
            }
            else if (tokens.Current.IsOperator("("))
            {
                subject = expressions.Chain(ParseCall(subject));
            }
            else
            {
                return subject;
            }
        }
    }

    /// <summary>The filter chain of a block, whose subject is what the block writes.</summary>
    public Filter ParseBlockFilter()
    {
        var filter = ParseFilter(null);
        while (tokens.SkipOperator("|"))
        {
            filter = expressions.Chain(ParseFilter(filter));
        }

        return filter;
    }

    private Expression ParseDot(Expression owner)
    {
        var token = tokens.Next();
        return token.Kind switch
        {
            TokenKind.Name => new Dot(owner, token.Text),
            TokenKind.Integer when int.TryParse(token.Text, CultureInfo.InvariantCulture, out var place) =>
                new Bracket(owner, new Literal(IntegerValue.Of(place))),
            _ => throw tokens.Error($"expected a name or number after the dot, got {token.Describe()}", token),
        };
    }

    private Expression ParseSubscript(Expression owner)
    {
        var open = tokens.Next();
        var keys = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            var start = tokens.Current.IsOperator(":") ? null : expressions.Parse();
            if (tokens.SkipOperator(":"))
            {
                var slice = ParseSlice(owner, start);
                tokens.ExpectOperator("]");
                return keys.Count == 0 ? slice : throw tokens.Unsupported("a slice beside other keys is not supported", open);
            }

            keys.Add(start!);
            if (!tokens.SkipOperator(","))
            {
                break;
            }
        }

        tokens.ExpectOperator("]");
        return keys.Count == 0
            ? throw tokens.Error("expected a key between the brackets", open)
            : new Bracket(owner, keys.Count == 1 ? keys[0] : new ListOf(keys, SequenceKind.Tuple));
    }

    private Slice ParseSlice(Expression owner, Expression? start)
    {
        var stop = ParseBound();
        return new(owner, start, stop, tokens.SkipOperator(":") ? ParseBound() : null);
    }

    private Expression? ParseBound() =>
        tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") || tokens.Current.IsOperator(",") ? null : expressions.Parse();

    public Call ParseCall(Expression callee)
    {
        names.NoteCall(tokens.Current, callee);
        return new(callee, ParseArguments());
    }

    private Filter ParseFilter(Expression? subject)
    {
        var token = tokens.ExpectName();
        var filter = FilterTable.Find(token.Text)
            ?? throw tokens.Unsupported($"no filter named '{token.Text}' is supported", token);
        var arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.None;
        CheckNamed(filter.Name, arguments, token);
        return new(subject, filter, arguments);
    }

    // map('upper') and select('odd') name a filter or test in a string.
    private void CheckNamed(string filter, ArgumentList arguments, Token token)
    {
        var place = SelectionFilters.PlaceOfName(filter);
        if (place < 0 || place >= arguments.Positional.Count || arguments.Positional[place] is not Literal { Value: TextValue name })
        {
            return;
        }

        var isKnown = filter == "map" ? FilterTable.Find(name.Text) is not null : CheckTable.Find(name.Text) is not null;
        if (!isKnown)
        {
            throw tokens.Unsupported($"no {(filter == "map" ? "filter" : "test")} named '{name.Text}' is supported", token);
        }
    }

    private Expression ParseTest(Expression subject)
    {
        var isNegated = tokens.SkipName("not");
        var token = tokens.ExpectName();
        var test = CheckTable.Find(token.Text)
            ?? throw tokens.Unsupported($"no test named '{token.Text}' is supported", token);
        var arguments = tokens.Current.IsOperator("(") ? ParseArguments()
            : StartsArgument(tokens.Current) ? new([ParseMembers(expressions.ParsePrimary())], [], null, null)
            : ArgumentList.None;
        Expression expression = new Test(subject, test, arguments);
        return isNegated ? new Not(expression) : expression;
    }

    private bool StartsArgument(Token token)
    {
        if (token.IsName("is"))
        {
            throw tokens.Error("tests cannot be chained with 'is'", token);
        }

        return token.Kind switch
        {
            TokenKind.Name => token.Text is not ("else" or "or" or "and" or "if"),
            TokenKind.Text or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => token.Text is "[" or "{",
            _ => false,
        };
    }

    private ArgumentList ParseArguments()
    {
        var open = tokens.ExpectOperator("(");
        var (positional, named) = (new List<Expression>(), new List<KeyValuePair<string, Expression>>());
        Expression? morePositional = null;
        Expression? moreNamed = null;
        while (!tokens.Current.IsOperator(")"))
        {
            var isLast = moreNamed is not null;
            if (tokens.SkipOperator("*"))
            {
                isLast |= morePositional is not null;
                morePositional = expressions.Parse();
            }
            else if (tokens.SkipOperator("**"))
            {
                moreNamed = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                var name = tokens.Next().Text;
                tokens.Next();
                names.AssignMember(name);
                named.Add(new(name, expressions.Parse()));
            }
            else
            {
                isLast |= morePositional is not null || named.Count > 0;
                positional.Add(expressions.Parse());
            }

            if (isLast)
            {
                throw tokens.Error("the arguments of the call are out of order", open);
            }

            if (!tokens.SkipOperator(","))
            {
                break;
            }
        }

        tokens.ExpectOperator(")");
        return new(positional, named, morePositional, moreNamed);
    }
}
