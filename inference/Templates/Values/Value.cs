using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

/// <summary>What an expression of a template evaluates to; immutable, but for namespaces and half-read generators.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, for error messages.</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => true;

    /// <summary>Writes what Python's <c>repr</c> gives.</summary>
    public abstract void Represent(TextBuilder text);

    /// <summary>Writes what Python's <c>str</c> gives.</summary>
    public virtual void Print(TextBuilder text) => Represent(text);
}
