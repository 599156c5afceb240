using System.ComponentModel.DataAnnotations;

namespace Serverless.Core.Store;

/// <summary>Where the store is: exactly one of a folder, a connection string and a service address.</summary>
public sealed class StoreOptions : IValidatableObject
{
    public const string Section = "Store";

    /// <summary>A folder of this machine.</summary>
    public string? Path { get; set; }

    /// <summary>The connection string of a storage account.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>For example <c>https://name.blob.core.windows.net</c>; signs in with the process's Azure identity.</summary>
    public Uri? ServiceUri { get; set; }

    /// <summary>The container of the storage account; made when absent.</summary>
    [RegularExpression("^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$")]
    public string Container { get; set; } = "serverless";

    /// <summary>Whether a file is on the disk, and not only in the system's cache, before a write returns. The default is false.</summary>
    public bool FlushToDisk { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var given = new[] { Path, ConnectionString, ServiceUri?.ToString() }.Count(value => !string.IsNullOrWhiteSpace(value));
        if (given != 1)
        {
            yield return new(
                $"Set exactly one of {Section}:{nameof(Path)}, {Section}:{nameof(ConnectionString)} and {Section}:{nameof(ServiceUri)}; {given} are set.",
                [nameof(Path), nameof(ConnectionString), nameof(ServiceUri)]);
        }

        if (ServiceUri is { IsAbsoluteUri: false })
        {
            yield return new($"{Section}:{nameof(ServiceUri)} must be absolute, for example https://name.blob.core.windows.net.", [nameof(ServiceUri)]);
        }
    }
}
