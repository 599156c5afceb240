using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Syntax;

namespace Serverless.Inference.Templates.Parsing;

/// <summary>The names that a statement sets: targets of for and set, parameters of macros, variables of with.</summary>
internal sealed class TargetParser(TokenStream tokens, NameTable names, ExpressionParser expressions)
{
    /// <summary>One target or several between commas.</summary>
    public Target Parse(bool withMembers, string? endName)
    {
        var targets = new List<Target>();
        do
        {
            if (targets.Count > 0 && (tokens.Current.IsOperator("=") || tokens.Current.IsOperator(")")
                || (endName is not null && tokens.Current.IsName(endName))))
            {
                return new TupleTarget(targets);
            }

            targets.Add(ParseOne(withMembers));
        }
        while (tokens.SkipOperator(","));

        return targets.Count == 1 ? targets[0] : new TupleTarget(targets);
    }

    public List<(Target, Expression)> ParseWith()
    {
        var variables = new List<(Target, Expression)>();
        while (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var target = Parse(withMembers: false, endName: null);
            tokens.ExpectOperator("=");
            variables.Add((target, expressions.Parse()));
        }

        return variables;
    }

    public List<Parameter> ParseParameters()
    {
        var parameters = new List<Parameter>();
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            var token = tokens.ExpectName();
            var number = AssignName(token);
            var byDefault = tokens.SkipOperator("=") ? expressions.Parse() : null;
            if (byDefault is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw tokens.Error("a parameter without a default follows one with a default", token);
            }

            parameters.Add(new(token.Text, number, byDefault));
            if (!tokens.SkipOperator(","))
            {
                break;
            }
        }

        tokens.ExpectOperator(")");
        return parameters;
    }

    private Target ParseOne(bool withMembers)
    {
        if (tokens.SkipOperator("("))
        {
            var inner = Parse(withMembers, endName: null);
            tokens.ExpectOperator(")");
            return inner;
        }

        var token = tokens.ExpectName();
        if (!withMembers || !tokens.SkipOperator("."))
        {
            return new VariableTarget(AssignName(token));
        }

        var member = tokens.ExpectName().Text;
        names.AssignMember(member);
        return new MemberTarget(names.Read(token.Text), member);
    }

    private int AssignName(Token token) => token.Text is "true" or "false" or "none" or "True" or "False" or "None" or "loop"
        ? throw tokens.Error($"'{token.Text}' cannot be assigned to", token)
        : names.Assign(token.Text);
}
