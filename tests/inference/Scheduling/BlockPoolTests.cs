using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Scheduling;

public sealed class BlockPoolTests
{
    [Fact]
    public void EveryBlockIsGivenOutOnceAndThenThePoolSaysNo()
    {
        var pool = new BlockPool(5);

        var taken = Enumerable.Range(0, 5).Select(_ => Take(pool)).ToHashSet();

        Assert.Equal([0, 1, 2, 3, 4], taken.Order());
        Assert.False(pool.TryTake(out _));
        Assert.Null(pool.FindLeak(taken));
    }

    [Fact]
    public void FreeCachedBlocksAreFoundUntilTheyAreNeededTheLeastRecentlyUsedFirst()
    {
        var pool = new BlockPool(3);
        var (old, young) = (Key(1), Key(2));
        var (first, second) = (Take(pool), Take(pool));
        pool.Publish(first, old);
        pool.Publish(second, young);
        pool.Release(first);
        pool.Release(second);

        Assert.True(pool.TryShare(old, out var shared));
        Assert.Equal(first, shared);
        pool.Release(shared);

        // The block without a key goes first, then the one whose last use is longest ago.
        Assert.Equal(2, Take(pool));
        Assert.Equal(second, Take(pool));
        Assert.False(pool.TryShare(young, out _));
        Assert.True(pool.TryShare(old, out _));
        Assert.False(pool.TryTake(out _));
    }

    [Fact]
    public void SharedBlockIsFreeOnlyWhenItsLastHolderLetsGo()
    {
        var pool = new BlockPool(1);
        var block = Take(pool);
        pool.Publish(block, Key(1));
        Assert.True(pool.TryShare(Key(1), out _));

        pool.Release(block);
        Assert.Equal(0, pool.Free);
        pool.Release(block);

        Assert.Equal(1, pool.Free);
    }

    [Fact]
    public void SecondBlockOfEqualContentStaysUnknown()
    {
        var pool = new BlockPool(2);
        var (first, second) = (Take(pool), Take(pool));
        pool.Publish(first, Key(1));
        pool.Publish(second, Key(1));

        Assert.Equal(1, pool.Cached);
        Assert.True(pool.TryShare(Key(1), out var shared));
        Assert.Equal(first, shared);
    }

    [Fact]
    public void MisuseIsNamed()
    {
        var pool = new BlockPool(2);
        var block = Take(pool);
        pool.Publish(block, Key(1));

        Assert.Contains("is free", Assert.Throws<InvalidOperationException>(() => pool.Release(1 - block)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => pool.Publish(block, Key(2)));
        Assert.Contains("1 holders on the books and 0 in fact", pool.FindLeak([]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomUseNeverLosesABlockNorGivesOneToTwoOwners(int seed)
    {
        var random = new Random(seed);
        var pool = new BlockPool(12);
        var holds = new List<int>();
        var contents = new Dictionary<int, int>();
        for (var step = 0; step < 20_000; step++)
        {
            switch (random.Next(4))
            {
                case 0 when pool.TryTake(out var block):
                    Assert.DoesNotContain(block, holds);
                    contents.Remove(block);
                    holds.Add(block);
                    break;
                case 1 when holds.Count > 0:
                    var held = holds[random.Next(holds.Count)];
                    pool.Publish(held, Key(contents.TryGetValue(held, out var known) ? known : contents[held] = random.Next(20)));
                    break;
                case 2:
                    var wanted = random.Next(20);
                    if (pool.TryShare(Key(wanted), out var shared))
                    {
                        Assert.Equal(wanted, contents[shared]);
                        holds.Add(shared);
                    }

                    break;
                case 3 when holds.Count > 0:
                    var last = random.Next(holds.Count);
                    pool.Release(holds[last]);
                    holds.RemoveAt(last);
                    break;
            }

            Assert.Null(pool.FindLeak(holds));
        }
    }

    [Fact]
    public void KeyDependsOnScopeHistoryAndEveryToken()
    {
        int[] tokens = [.. Enumerable.Range(0, BlockPool.BlockSize)];
        int[] other = [.. tokens];
        other[31]++;
        var root = BlockKey.Root("a");
        BlockKey[] keys = [root.Then(tokens), root.Then(other), root.Then(tokens).Then(tokens), BlockKey.Root("b").Then(tokens), root];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], BlockKey.Root("a").Then(tokens));
    }

    private static BlockKey Key(int number) => new((ulong)number, 0, 0, 0);

    private static int Take(BlockPool pool)
    {
        Assert.True(pool.TryTake(out var block));
        return block;
    }
}
