using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Serverless.Local.Stack;

/// <summary>Reads the options of an embedded part from configuration, before there is a host to do it.</summary>
internal static class EmbeddedSettings
{
    /// <param name="options">The defaults; what configuration has replaces them.</param>
    /// <exception cref="OptionsValidationException">A value cannot be read or is out of its range; each failure names its setting.</exception>
    public static T Read<T>(IConfiguration settings, string section, T options)
        where T : class
    {
        try
        {
            var given = settings.GetSection(section);
            Clear(options, given);
            given.Bind(options);
        }
        catch (InvalidOperationException error)
        {
            // The binder's message has the setting's whole name and its value.
            throw new OptionsValidationException(section, typeof(T), [error.Message]);
        }

        var failures = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), failures, validateAllProperties: true)
            ? options
            : throw new OptionsValidationException(section, typeof(T), failures.Select(failure => $"{Names(section, failure)}: {failure.ErrorMessage}"));
    }

    // The binder adds to a list that is there; a list that is given shall replace it.
    private static void Clear(object options, IConfigurationSection given)
    {
        foreach (var list in options.GetType().GetProperties().Where(property => property.PropertyType == typeof(IReadOnlyList<string>)))
        {
            if (given.GetSection(list.Name).Exists())
            {
                list.SetValue(options, Array.Empty<string>());
            }
        }
    }

    private static string Names(string section, ValidationResult failure) => string.Join(", ", failure.MemberNames.Select(name => $"{section}:{name}"));
}
