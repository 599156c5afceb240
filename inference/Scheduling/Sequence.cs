using System.Runtime.InteropServices;

namespace Serverless.Inference.Scheduling;

/// <summary>One run of tokens on its way through the model: what it consists of and how far it is computed.</summary>
internal sealed class Sequence
{
    private readonly List<int> _tokens;
    private readonly List<BlockKey> _keys = [];
    private readonly BlockKey _root;

    /// <param name="id">Who it is, for messages.</param>
    /// <param name="prompt">At least one token.</param>
    /// <param name="maxNewTokens">The most tokens after the prompt.</param>
    /// <param name="cacheScope">Sequences share blocks only inside one scope.</param>
    /// <param name="leader">An earlier choice of the same job, whose prompt this one waits for and shares.</param>
    public Sequence(
        string id,
        IReadOnlyList<int> prompt,
        int maxNewTokens,
        string cacheScope = "",
        Sequence? leader = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(prompt.Count);
        Id = id;
        PromptTokens = prompt.Count;
        MaxLength = prompt.Count + maxNewTokens;
        Leader = leader;
        _root = BlockKey.Root(cacheScope);
        _tokens = [.. prompt];
    }

    public string Id { get; }

    public int PromptTokens { get; }

    /// <summary>Prompt and output together, in tokens, at the most.</summary>
    public int MaxLength { get; }

    public Sequence? Leader { get; }

    public int Length => _tokens.Count;

    public int GeneratedTokens => Length - PromptTokens;

    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Blocks of the cache that it holds, in the order of its tokens.</summary>
    public List<int> Blocks { get; } = [];

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int Computed { get; set; }

    /// <summary>Prompt tokens that came from the prefix cache when it first ran.</summary>
    public int? CachedPromptTokens { get; set; }

    /// <summary>Full blocks that have been made known to the pool.</summary>
    public int Published { get; set; }

    /// <summary>Its place in the order of arrival.</summary>
    public long Arrival { get; set; }

    public SequenceState State { get; set; }

    public int Pending => Length - Computed;

    public void Append(int token) => _tokens.Add(token);

    /// <summary>The key of full block <paramref name="index"/>.</summary>
    public BlockKey Key(int index)
    {
        while (_keys.Count <= index)
        {
            var previous = _keys.Count == 0 ? _root : _keys[^1];
            _keys.Add(previous.Then(Tokens.Slice(_keys.Count * BlockPool.BlockSize, BlockPool.BlockSize)));
        }

        return _keys[index];
    }
}

internal enum SequenceState
{
    Waiting,
    Running,
    Ended,
}
