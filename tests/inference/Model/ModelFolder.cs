using System.Collections.Concurrent;
using Serverless.Inference.Onnx;

namespace Serverless.Inference.Tests.Model;

/// <summary>Imports each model once for all tests, into a folder that goes with the process.</summary>
internal static class ModelFolder
{
    private static readonly Lazy<string> _folder = new(Create);
    private static readonly ConcurrentDictionary<(string Path, ModelPrecision Precision), Lazy<Task<ImportedModel>>> _models = new();

    public static Task<ImportedModel> ImportAsync(string path, ModelPrecision precision) => _models.GetOrAdd(
        (path, precision),
        key => new(() => ModelCache.ImportAsync(key.Path, _folder.Value, new() { Precision = key.Precision }, null, CancellationToken.None))).Value;

    private static string Create()
    {
        var folder = Directory.CreateTempSubdirectory("models-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
