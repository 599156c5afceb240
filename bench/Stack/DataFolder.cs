namespace Serverless.Bench.Stack;

/// <summary>A new data folder for one stack, removed after it; imported models are kept between runs.</summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly string Root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "serverless-bench");

    public static string Models { get; } = System.IO.Path.Combine(Root, "models");

    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(Root, Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
