namespace Serverless.Bench.Serve;

/// <summary>What one client saw of one streamed answer.</summary>
/// <param name="FirstToken">From the request to the first text.</param>
/// <param name="PromptTokens">As the server counted them.</param>
/// <param name="OutputTokens">As the server counted them, else the chunks of text.</param>
internal sealed record StreamedAnswer(TimeSpan FirstToken, int PromptTokens, int OutputTokens);
