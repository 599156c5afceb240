using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Syntax;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>Jinja's statements: what stands between <c>{%</c> and <c>%}</c>, and the bodies they enclose.</summary>
internal sealed class StatementParser
{
    private const int MaxDepth = 100;

    private readonly TokenStream _tokens;
    private readonly NameTable _names;
    private readonly ExpressionParser _expressions;
    private readonly TargetParser _targets;
    private int _depth;
    private int _loops;

    private StatementParser(TokenStream tokens, NameTable names)
    {
        (_tokens, _names) = (tokens, names);
        _expressions = new(tokens, names);
        _targets = new(tokens, names, _expressions);
    }

    public static Statement Parse(Source source, NameTable names)
    {
        var tokens = new TokenStream(source, Lexer.Read(source));
        var body = new StatementParser(tokens, names).ParseBody();
        names.Check(tokens);
        return body;
    }

    // Reads up to a tag that starts with one of the names and stands at that name; without names, up to the end.
    private Block ParseBody(params string[] ends)
    {
        if (++_depth > MaxDepth)
        {
            throw _tokens.Error("statements are nested too deeply", _tokens.Current);
        }

        var statements = new List<Statement>();
        while (_tokens.Current.Kind != TokenKind.End)
        {
            var token = _tokens.Next();
            if (token.Kind == TokenKind.Words)
            {
                statements.Add(new Words(token.Text));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                statements.Add(new Output(_tokens.LineOf(token), _expressions.ParseTuple()));
                _tokens.Expect(TokenKind.VariableEnd);
            }
            else if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text))
            {
                _depth--;
                return new(statements);
            }
            else
            {
                statements.Add(ParseStatement(ends));
                _tokens.Expect(TokenKind.BlockEnd);
            }
        }

        _depth--;
        return ends.Length == 0 ? new(statements) : throw _tokens.Unexpected($"'{{% {string.Join(" %}' or '{% ", ends)} %}}'");
    }

    // Reads a body and its end; the tag's closing is left to the caller.
    private Block ParseBodyTo(string end)
    {
        _tokens.Expect(TokenKind.BlockEnd);
        var body = ParseBody(end);
        _tokens.ExpectName(end);
        return body;
    }

    private Statement ParseStatement(string[] ends)
    {
        var token = _tokens.ExpectName();
        var line = _tokens.LineOf(token);
        switch (token.Text)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "set":
                return ParseSet(line);
            case "macro":
                return ParseMacro(line);
            case "call":
                return ParseCallBlock(line);
            case "filter":
                var filter = _expressions.Postfix.ParseBlockFilter();
                return new FilterBlock(line, filter, ParseBodyTo("endfilter"));
            case "with":
                return new Scoped(line, _targets.ParseWith(), ParseBodyTo("endwith"));
            case "generation":
                return new Scoped(line, [], ParseBodyTo("endgeneration"));
            case "break" or "continue" when _loops == 0:
                throw _tokens.Error($"'{token.Text}' outside of a loop", token);
            case "break" or "continue":
                return new Jump(token.Text == "break" ? Flow.Break : Flow.Continue);
            case "print":
                return new Output(line, _expressions.ParseTuple());
            case var name when name.StartsWith("end", StringComparison.Ordinal) || name is "else" or "elif":
                throw _tokens.Error($"unexpected '{name}'" + (ends.Length > 0 ? $", expected '{string.Join("' or '", ends)}'" : ""), token);
            default:
                throw _tokens.Unsupported($"no statement named '{token.Text}' is supported", token);
        }
    }

    private If ParseIf(int line)
    {
        var branches = new List<(Expression, Statement)>();
        do
        {
            var condition = _expressions.ParseTuple(withCondition: false);
            _tokens.Expect(TokenKind.BlockEnd);
            branches.Add((condition, ParseBody("elif", "else", "endif")));
        }
        while (_tokens.SkipName("elif"));

        var otherwise = _tokens.SkipName("else") ? ParseBodyTo("endif") : null;
        if (otherwise is null)
        {
            _tokens.ExpectName("endif");
        }

        return new(line, branches, otherwise);
    }

    private For ParseFor(int line)
    {
        var target = _targets.Parse(withMembers: false, endName: "in");
        _tokens.ExpectName("in");
        var items = _expressions.ParseTuple(withCondition: false, endName: "recursive");
        var condition = _tokens.SkipName("if") ? _expressions.Parse() : null;
        var isRecursive = _tokens.SkipName("recursive");
        _tokens.Expect(TokenKind.BlockEnd);
        _loops++;
        var body = ParseBody("endfor", "else");
        _loops--;
        var otherwise = _tokens.SkipName("else") ? ParseBodyTo("endfor") : null;
        if (otherwise is null)
        {
            _tokens.ExpectName("endfor");
        }

        return new(line, target, items, condition, body, otherwise, isRecursive, _names.NumberOf("loop"));
    }

    private Statement ParseSet(int line)
    {
        var target = _targets.Parse(withMembers: true, endName: null);
        if (_tokens.SkipOperator("="))
        {
            return new Set(line, target, _expressions.ParseTuple());
        }

        var filter = _tokens.SkipOperator("|") ? _expressions.Postfix.ParseBlockFilter() : null;
        return new SetBlock(line, target, filter, ParseBodyTo("endset"));
    }

    private Macro ParseMacro(int line)
    {
        var name = _tokens.ExpectName().Text;
        var number = _names.Assign(name);
        var parameters = _targets.ParseParameters();
        var (names, body) = ParseMacroBody("endmacro");
        return new(line, name, number, parameters, names, body);
    }

    private CallBlock ParseCallBlock(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? _targets.ParseParameters() : [];
        var start = _tokens.Current;
        var call = _expressions.Parse() as Call ?? throw _tokens.Error("expected a call", start);
        var (names, body) = ParseMacroBody("endcall");
        return new(line, parameters, names, call, body);
    }

    // A loop outside of a macro cannot be left from within it.
    private (ImplicitNames Names, Block Body) ParseMacroBody(string end)
    {
        var (outerLoops, outerUse) = (_loops, _names.StartUse());
        _loops = 0;
        var body = ParseBodyTo(end);
        _loops = outerLoops;
        return (_names.EndUse(outerUse), body);
    }
}
