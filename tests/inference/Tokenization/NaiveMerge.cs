using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>Byte-pair merging as its paper says it: find the most urgent pair, merge it, start over.</summary>
internal static class NaiveMerge
{
    public static int[] Encode(TokenizerData data, string asciiWord)
    {
        var ranks = data.Merges.Select((pair, rank) => (pair, rank)).ToDictionary(item => item.pair, item => item.rank);
        var parts = asciiWord.Select(character => character.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, parts.Count - 1)
                .Where(i => ranks.ContainsKey($"{parts[i]} {parts[i + 1]}"))
                .OrderBy(i => ranks[$"{parts[i]} {parts[i + 1]}"]).ThenBy(i => i)
                .FirstOrDefault(-1);
            if (best < 0)
            {
                var ids = data.Tokens.Select((token, id) => (token, id)).ToDictionary(item => item.token, item => item.id);
                return [.. parts.Select(part => ids[part])];
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
