using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void FinishedSequenceLeavesAndTheNextOneJoinsMidFlight()
    {
        var scheduler = new Scheduler(maxSequences: 2, maxTokensPerStep: 8, new BlockPool(8));
        var (essay, word, next) = (Add(scheduler, "essay", 4, 9), Add(scheduler, "word", 2, 1), Add(scheduler, "next", 2, 1));

        Step(scheduler);
        var second = Step(scheduler);

        Assert.Equal(SequenceState.Ended, word.State);
        Assert.Equal([new(essay, 4, 1, true), new(next, 0, 2, true)], second.Slices);
    }

    [Fact]
    public void DecodesGoFirstAndPromptsShareTheRestOfTheBudget()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 10, new BlockPool(64));
        var decoding = Add(scheduler, "decoding", 3, 20);
        Step(scheduler);
        var (first, second) = (Add(scheduler, "first", 12, 5), Add(scheduler, "second", 9, 5));

        Assert.Equal([new(decoding, 3, 1, true), new(first, 0, 9, false)], Step(scheduler).Slices);
        Assert.Equal([new(decoding, 4, 1, true), new(first, 9, 3, true), new(second, 0, 6, false)], Step(scheduler).Slices);
        Assert.Equal([new(decoding, 5, 1, true), new(first, 12, 1, true), new(second, 6, 3, true)], Step(scheduler).Slices);
    }

    [Fact]
    public void LargeRequestIsNotOvertakenForEver()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 64, new BlockPool(4));
        Add(scheduler, "small", 20, 10);
        Step(scheduler);
        var large = Add(scheduler, "large", 120, 5);
        var late = Add(scheduler, "late", 5, 5);

        while (large.State == SequenceState.Waiting)
        {
            Assert.Equal(SequenceState.Waiting, late.State);
            Step(scheduler);
        }

        RunDry(scheduler);
        Assert.Equal(SequenceState.Ended, late.State);
    }

    [Fact]
    public void YoungestGivesWayAndGoesBackToItsPlaceInLine()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 64, new BlockPool(4));
        var (old, young) = (Add(scheduler, "old", 33, 60), Add(scheduler, "young", 31, 60));
        var waiting = Add(scheduler, "waiting", 65, 1);
        while (scheduler.Preemptions == 0)
        {
            Step(scheduler);
        }

        Assert.Equal((SequenceState.Running, SequenceState.Waiting), (old.State, young.State));
        Assert.Empty(young.Blocks);
        Assert.Equal(0, young.Computed);
        Step(scheduler);
        Assert.Equal(SequenceState.Waiting, waiting.State);
        RunDry(scheduler);
    }

    [Fact]
    public void EqualPrefixesShareBlocksInOneScopeOnly()
    {
        var pool = new BlockPool(32);
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 512, pool);
        Add(scheduler, "a", 100, 1);
        Step(scheduler);
        var same = Add(scheduler, "b", 100, 3);
        var other = Add(scheduler, "c", 100, 3, scope: "another");

        var plan = Step(scheduler);

        Assert.Equal([new(same, 96, 4, true), new(other, 0, 100, true)], plan.Slices);
        Assert.Equal((96, 0), (same.CachedPromptTokens, other.CachedPromptTokens));
    }

    [Fact]
    public void LastTokenOfAWhollyCachedPromptIsComputed()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 512, new BlockPool(32));
        Add(scheduler, "a", 64, 2);
        RunDry(scheduler);
        var again = Add(scheduler, "b", 64, 2);

        Assert.Equal([new(again, 32, 32, true)], Step(scheduler).Slices);
    }

    [Fact]
    public void FollowersWaitForTheirLeadersPromptAndLetOthersPass()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 40, new BlockPool(32));
        var leader = Add(scheduler, "leader", 70, 3);
        var follower = Add(scheduler, "follower", 70, 3, leader: leader);
        var stranger = Add(scheduler, "stranger", 3, 3, seed: 9);

        Assert.Equal([new(leader, 0, 40, false)], Step(scheduler).Slices);
        Assert.Equal((SequenceState.Waiting, SequenceState.Running), (follower.State, stranger.State));
        Step(scheduler);
        Step(scheduler);

        Assert.Equal(64, follower.CachedPromptTokens);
        Assert.Equal(leader.Blocks.Take(2), follower.Blocks.Take(2));
    }

    [Fact]
    public void FollowerOfALeaderThatLeftComputesThePromptItself()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 40, new BlockPool(32));
        var leader = Add(scheduler, "leader", 70, 3);
        var follower = Add(scheduler, "follower", 70, 3, leader: leader);
        Step(scheduler);

        scheduler.Retire(leader);
        RunDry(scheduler);

        Assert.Equal(SequenceState.Ended, follower.State);
    }

    [Fact]
    public void SequenceThatCanNeverFitIsRefusedWithTheNumbers()
    {
        var scheduler = new Scheduler(maxSequences: 8, maxTokensPerStep: 64, new BlockPool(4));

        var error = Assert.Throws<ArgumentException>(() => Add(scheduler, "a", 100, 30));

        Assert.Contains("needs 130 tokens (100 prompt and up to 30 output), 5 blocks", error.Message, StringComparison.Ordinal);
        Assert.Null(scheduler.Refuse(Sequence("b", 100, 29)));
        Assert.False(scheduler.HasWork);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomWorkKeepsEveryPromiseOfThePlanAndGivesEveryBlockBack(int seed)
    {
        var random = new Random(seed);
        var pool = new BlockPool(20);
        var scheduler = new Scheduler(maxSequences: 6, maxTokensPerStep: 48, pool);
        var all = new List<Sequence>();
        for (var step = 0; step < 1_500 || scheduler.HasWork; step++)
        {
            Assert.True(step < 50_000, "The scheduler makes no progress.");
            if (step < 1_500 && random.Next(4) == 0)
            {
                all.Add(Add(scheduler, $"s{step}", random.Next(1, 150), random.Next(1, 90), $"{random.Next(2)}", seed: random.Next(4)));
            }

            if (random.Next(15) == 0 && all.Find(sequence => sequence.State != SequenceState.Ended) is { } cancelled)
            {
                scheduler.Retire(cancelled);
            }

            var plan = Step(scheduler);
            Assert.InRange(plan.Slices.Count, 0, 6);
            Assert.InRange(plan.Tokens, 0, 48);
            Assert.Equal(plan.Slices.Count, plan.Slices.DistinctBy(slice => slice.Sequence).Count());
            Assert.Null(scheduler.FindLeak());
        }

        Assert.Equal(20, pool.Free);
        Assert.True(scheduler.Preemptions > 0, "The test is meant to run short of memory.");
    }

    private static Sequence Sequence(
        string id, int length, int maxNewTokens, string scope = "", Sequence? leader = null, int seed = 1)
    {
        var random = new Random(seed);
        return new(id, [.. Enumerable.Range(0, length).Select(_ => random.Next(1_000))], maxNewTokens, scope, leader);
    }

    private static Sequence Add(
        Scheduler scheduler, string id, int length, int maxNewTokens, string scope = "", Sequence? leader = null, int seed = 1)
    {
        var sequence = Sequence(id, length, maxNewTokens, scope, leader, seed);
        scheduler.Add(sequence);
        return sequence;
    }

    // The model is not under test: every row samples token 7.
    private static StepPlan Step(Scheduler scheduler)
    {
        var plan = scheduler.PlanStep();
        foreach (var (sequence, start, count, _) in plan.Slices)
        {
            Assert.Equal(sequence.Computed, start);
            Assert.InRange(start + count, 1, Math.Min(sequence.Length, sequence.Blocks.Count * BlockPool.BlockSize));
        }

        scheduler.Commit(plan);
        foreach (var slice in plan.Slices.Where(slice => slice.WantsLogits))
        {
            slice.Sequence.Append(7);
            if (slice.Sequence.Length == slice.Sequence.MaxLength)
            {
                scheduler.Retire(slice.Sequence);
            }
        }

        return plan;
    }

    private static void RunDry(Scheduler scheduler)
    {
        for (var steps = 0; scheduler.HasWork; steps++)
        {
            Assert.True(steps < 10_000, "The scheduler makes no progress.");
            Assert.False(Step(scheduler).IsEmpty);
        }
    }
}
