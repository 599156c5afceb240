namespace Serverless.Core.Tests.Webhooks;

/// <summary>Ends the process before or after one of the steps that others can see: a write to the store, a message, its completion.</summary>
internal sealed class Killer
{
    private int _left;
    private bool _after;

    public bool HasKilled { get; private set; }

    /// <param name="step">The step from now, 1 is the next.</param>
    /// <param name="after">Whether the step itself still happens.</param>
    public void At(int step, bool after) => (_left, _after) = (step, after);

    public async Task<T> AroundAsync<T>(Func<Task<T>> step)
    {
        var now = --_left == 0;
        if (now && !_after)
        {
            throw Kill();
        }

        var done = await step();
        return now ? throw Kill() : done;
    }

    private KilledException Kill()
    {
        HasKilled = true;
        return new KilledException();
    }
}

/// <summary>The process ends here: nobody catches this, and nothing after it happens.</summary>
internal sealed class KilledException() : Exception("The process was killed.");
