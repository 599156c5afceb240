using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

/// <summary>The one thing a template can change: <c>namespace(found=false)</c>, then <c>{% set ns.found = true %}</c>.</summary>
internal sealed class NamespaceValue : Value
{
    private readonly Dictionary<string, Value> _members = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public Value? Find(string name) => _members.GetValueOrDefault(name);

    public void Set(string name, Value value) => _members[name] = value;

    // Its members may hold the namespace itself, so they are not printed.
    public override void Represent(TextBuilder text) => text.Append("<Namespace>");
}
