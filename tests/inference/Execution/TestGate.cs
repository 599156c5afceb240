namespace Serverless.Inference.Tests.Execution;

/// <summary>Holds a thread up while it is closed. It opens for good when nobody opens it in time, and the test then fails.</summary>
internal sealed class TestGate
{
    private readonly object _lock = new();
    private bool _open = true;

    public void Set() => Change(true);

    public void Reset() => Change(false);

    public void Pass()
    {
        lock (_lock)
        {
            while (!_open)
            {
                Assert.True(Monitor.Wait(_lock, TimeSpan.FromSeconds(20)), "A test kept the gate closed.");
            }
        }
    }

    private void Change(bool open)
    {
        lock (_lock)
        {
            _open = open;
            Monitor.PulseAll(_lock);
        }
    }
}
