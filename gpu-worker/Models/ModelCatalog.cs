using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.GpuWorker.Models;

/// <summary>The models that ship, by deployment name: <c>models/catalog.json</c>.</summary>
public static class ModelCatalog
{
    private const string FileName = "catalog.json";

    /// <summary>Finds the file of a shipped model.</summary>
    /// <exception cref="FileNotFoundException">There is no catalog, or the model is not in it.</exception>
    public static string FindFile(string name)
    {
        var folder = FindFolder();
        using var stream = File.OpenRead(Path.Combine(folder, FileName));
        var entries = JsonSerializer.Deserialize(stream, CatalogJson.Default.IReadOnlyListCatalogEntry) ?? [];
        var entry = entries.FirstOrDefault(entry => entry.Name == name)
            ?? throw new FileNotFoundException(
                $"The model catalog has no '{name}'; it has {string.Join(", ", entries.Select(entry => entry.Name))}. Set Worker:ModelFile to a GGUF file to serve another model.");
        return Path.Combine(folder, entry.File);
    }

    // The models lie beside the binaries when published, and in the repository when run from it.
    private static string FindFolder()
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Environment.CurrentDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var models = Path.Combine(folder.FullName, "models");
                if (File.Exists(Path.Combine(models, FileName)))
                {
                    return models;
                }
            }
        }

        throw new FileNotFoundException($"No models/{FileName} was found above {AppContext.BaseDirectory} or the current folder. Set Worker:ModelFile to a GGUF file.");
    }
}

/// <param name="Name">The deployment's name.</param>
/// <param name="File">The GGUF file, relative to the catalog.</param>
/// <param name="License">The model's licence.</param>
/// <param name="Source">Who made the model.</param>
internal sealed record CatalogEntry(string Name, string File, string License, string Source);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<CatalogEntry>))]
internal sealed partial class CatalogJson : JsonSerializerContext;
