using System.Net;
using System.Net.Sockets;
using Serverless.Local.Tests.EndToEnd.Running;

namespace Serverless.Local.Tests.EndToEnd;

public sealed class TakenPortTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("taken-port-").FullName;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TakenPortTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Theory]
    [InlineData("redis", "--redis-port")]
    [InlineData("queue", "--queue-port")]
    [InlineData("redis,queue,functions", "--urls")]
    public async Task APortThatAnotherProcessHasIsToldInOneLine(string roles, string option)
    {
        var token = TestContext.Current.CancellationToken;
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        var value = option == "--urls" ? $"http://127.0.0.1:{port}" : $"{port}";
        await using var server = ServerProcess.Start(
            Repository.Executable("Serverless.Local", "serverless"), ["--data", _data, "--roles", roles, option, value], new Dictionary<string, string>());

        Assert.Equal(1, await server.ExitAsync(token));

        Assert.Contains($"{port}", server.Log);
        Assert.DoesNotContain("   at ", server.Log);
    }
}
