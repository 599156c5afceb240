namespace Serverless.Bench.Serve;

/// <summary>Prompts of common words that never repeat, so that neither a prompt cache nor a prefix cache helps any server.</summary>
internal static class Prompts
{
    private static readonly string[] Words =
        ("time year people way day man thing woman life child world school state family student group country problem hand part " +
         "place case week company system program question work government number night point home water room mother area money " +
         "story fact month lot right study book eye job word business issue side kind head house service friend father power hour " +
         "game line end member law car city community name").Split(' ');

    // Common words are one token each with these models; a chat template adds about 30.
    private static readonly Random Random = new();

    public static string Next(int words)
    {
        lock (Random)
        {
            return string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[Random.Next(Words.Length)]));
        }
    }
}
