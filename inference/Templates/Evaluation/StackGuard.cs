using System.Runtime.CompilerServices;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Turns nesting that is too deep for the thread's stack into an error instead of a crash.</summary>
internal static class StackGuard
{
    public static void Check()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateException.Limit("values or expressions are nested too deeply");
        }
    }
}
