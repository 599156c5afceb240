namespace Serverless.Core.Jobs;

/// <summary>Why a request was refused or a job did not succeed, in OpenAI's terms.</summary>
/// <param name="Status">The HTTP status that this error answers with.</param>
/// <param name="Type">For example <c>invalid_request_error</c> or <c>server_error</c>.</param>
/// <param name="Message">What was wrong and what to do.</param>
/// <param name="Param">The parameter at fault, when there is one.</param>
/// <param name="Code">For example <c>context_length_exceeded</c>.</param>
public sealed record JobError(int Status, string Type, string Message, string? Param = null, string? Code = null)
{
    /// <summary>The code of a job that was taken back at the door; its caller was told that nothing was accepted.</summary>
    public const string NotAccepted = "not_accepted";

    public static JobError Invalid(string message, string? param = null, string? code = null) =>
        new(400, "invalid_request_error", message, param, code);

    public static JobError Server(string message, string? code = null) => new(500, "server_error", message, null, code);
}
