using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx.Importing;

namespace Serverless.Inference.Onnx;

/// <summary>Keeps imported models, each under the digest of its file, and imports those that are missing.</summary>
public static class ModelCache
{
    private const int SpaceExhaustedOnUnix = 28;
    private const int SpaceExhaustedOnWindows = 112;

    /// <summary>
    /// Gives the imported form of a GGUF file, importing it if no one has. Processes that ask at once share the work, and
    /// one that is killed leaves nothing that looks finished.
    /// </summary>
    /// <exception cref="ImportException">The file cannot be read or used, or the cache cannot be written.</exception>
    public static async Task<ImportedModel> ImportAsync(
        string ggufPath, string cacheFolder, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            return await FindOrImportAsync(ggufPath, cacheFolder, options, progress, cancellationToken);
        }
        catch (GgufException error)
        {
            throw new ImportException($"'{ggufPath}' is damaged or not understood. {error.Message}", error);
        }
        catch (FileNotFoundException error)
        {
            throw new ImportException($"The model file '{ggufPath}' does not exist.", error);
        }
        catch (IOException error) when ((error.HResult & 0xffff) is SpaceExhaustedOnUnix or SpaceExhaustedOnWindows)
        {
            throw new ImportException($"There is no space left in '{cacheFolder}' for the imported form of '{ggufPath}'; free some or name another folder.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImportException($"'{ggufPath}' cannot be imported into '{cacheFolder}': {error.Message}", error);
        }
    }

    private static async Task<ImportedModel> FindOrImportAsync(
        string ggufPath, string cacheFolder, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cacheFolder);
        var digest = await new KnownDigests(cacheFolder).FindAsync(ggufPath, cancellationToken);
        var precision = ModelImporter.PrecisionName(options.Precision);
        var folder = Path.Combine(cacheFolder, $"{digest}-{precision}-v{ModelImporter.FormatVersion}");
        if (!Directory.Exists(folder))
        {
            using var held = await FileLock.TakeAsync(
                folder + ".lock", options.Clock, () => progress?.Report(new(0, "waiting for another process that imports this model")), cancellationToken);
            if (!Directory.Exists(folder))
            {
                await Task.Run(() => ImportInto(folder, ggufPath, digest, options, progress, cancellationToken), cancellationToken);
            }
        }

        progress?.Report(new(1, "ready"));
        return new(folder, ModelConfig.Load(folder));
    }

    // The rename is what makes the model exist; whatever an earlier attempt left under the partial name is dropped.
    private static void ImportInto(
        string folder, string ggufPath, string digest, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        var partial = folder + ".partial";
        Discard(partial);
        Directory.CreateDirectory(partial);
        try
        {
            ModelImporter.Import(ggufPath, digest, partial, options, progress, cancellationToken);
            Directory.Move(partial, folder);
        }
        finally
        {
            Discard(partial);
        }
    }

    private static void Discard(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
