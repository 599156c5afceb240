using Serverless.Inference.Execution;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Execution;

/// <summary>Writes each token as a number and a space; a stop string is such a number.</summary>
internal sealed class FakeText(SequenceRequest request) : IChoiceText
{
    public bool Stopped { get; private set; }

    public string Append(int token)
    {
        Stopped |= request.Stop.Contains($"{token}");
        return Stopped ? "" : $"{token} ";
    }

    public string Flush() => Stopped ? "" : ".";
}
