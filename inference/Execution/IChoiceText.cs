namespace Serverless.Inference.Execution;

/// <summary>Turns one sequence's tokens into text that is safe to show.</summary>
internal interface IChoiceText
{
    /// <summary>True once a stop string has appeared; the text before it has been given.</summary>
    bool Stopped { get; }

    /// <summary>Takes a token and gives the text that is now certain.</summary>
    string Append(int token);

    /// <summary>Gives what was held back, when nothing more comes.</summary>
    string Flush();
}
