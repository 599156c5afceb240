using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Serverless.Core.Settings;

/// <summary>Reads one options class from its section and refuses what its attributes do not allow, by the setting's full name.</summary>
internal sealed class SettingsReader<TOptions>(IConfiguration configuration, string section) : IConfigureOptions<TOptions>, IValidateOptions<TOptions>
    where TOptions : class
{
    private static readonly PropertyInfo[] Properties = typeof(TOptions).GetProperties(BindingFlags.Instance | BindingFlags.Public);

    public void Configure(TOptions options)
    {
        var values = configuration.GetSection(section);
        // The binder's own message tells a type's name, and neither what is allowed nor more than one mistake.
        var failures = Properties
            .Where(property => values[property.Name] is { } text && !CanRead(property.PropertyType, text))
            .Select(property => $"{section}:{property.Name} is '{values[property.Name]}', but must be {Allowed(property)}.")
            .ToArray();
        if (failures.Length > 0)
        {
            throw new OptionsValidationException(section, typeof(TOptions), failures);
        }

        values.Bind(options);
    }

    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var failures = Properties.SelectMany(property => Failures(property, property.GetValue(options))).ToList();
        if (failures.Count == 0 && options is IValidatableObject rules)
        {
            failures.AddRange(rules.Validate(new ValidationContext(options)).Select(result => Named(result.ErrorMessage!)));
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private IEnumerable<string> Failures(PropertyInfo property, object? value)
    {
        var name = $"{section}:{property.Name}";
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
        {
            var given = configuration[name] ?? Convert.ToString(value, CultureInfo.InvariantCulture);
            yield return rule is RequiredAttribute ? $"{name} is not set, and there is no default."
                : rule.ErrorMessage ?? $"{name} is '{given}', but must be {Allowed(property)}.";
        }
    }

    private string Named(string message) => message.Contains($"{section}:", StringComparison.Ordinal) ? message : $"{section}: {message}";

    private static bool CanRead(Type type, string text)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (!TypeDescriptor.GetConverter(plain).CanConvertFrom(typeof(string)) || (plain != type && text.Length == 0))
        {
            return true;
        }

        try
        {
            var value = TypeDescriptor.GetConverter(plain).ConvertFromInvariantString(text);
            return !plain.IsEnum || Enum.IsDefined(plain, value!);
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException || error.InnerException is FormatException or OverflowException)
        {
            return false;
        }
    }

    private static string Allowed(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var kind = type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a time (hours:minutes:seconds)"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(Uri) ? "an address"
            : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
            : "text";
        return property.GetCustomAttribute<RangeAttribute>() is { } range ? string.Create(CultureInfo.InvariantCulture, $"{kind} from {range.Minimum} to {range.Maximum}")
            : property.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern ? $"{kind} that matches {pattern.Pattern}"
            : kind;
    }
}
