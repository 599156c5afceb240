namespace Serverless.Inference.Tests.Tokenization;

/// <summary>Byte-pair merging as its paper says it: find the most urgent pair, merge it, start over.</summary>
internal static class NaiveMerge
{
    private static readonly Dictionary<string, int> Ranks =
        ChatVocabulary.Data.Merges.Select((pair, rank) => (pair, rank)).ToDictionary(item => item.pair, item => item.rank);

    private static readonly Dictionary<string, int> Ids =
        ChatVocabulary.Data.Tokens.Select((token, id) => (token, id)).ToDictionary(item => item.token, item => item.id);

    public static int[] Encode(string asciiWord)
    {
        var parts = asciiWord.Select(character => character.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, parts.Count - 1)
                .Where(i => Ranks.ContainsKey($"{parts[i]} {parts[i + 1]}"))
                .OrderBy(i => Ranks[$"{parts[i]} {parts[i + 1]}"]).ThenBy(i => i)
                .FirstOrDefault(-1);
            if (best < 0)
            {
                return [.. parts.Select(part => Ids[part])];
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
