using System.CommandLine;
using System.CommandLine.Help;
using System.ComponentModel;
using System.Reflection;
using Serverless.Core.Store;
using Serverless.Functions;
using Serverless.GpuWorker;
using Serverless.Inference.Scheduling;
using Serverless.Local.Broker;
using Serverless.Local.CommandLine;

namespace Serverless.Docs.Tests;

/// <summary>A setting as the code has it.</summary>
internal sealed record Setting(string Key, Type Type, object? Default)
{
    private static readonly Type[] OneOfEachPart =
        [typeof(StoreOptions), typeof(EngineOptions), typeof(ApiOptions), typeof(WorkerOptions), typeof(BrokerOptions)];

    /// <summary>Every property of every options class: a public class that names its section.</summary>
    public static IEnumerable<Setting> OfSections() =>
        from options in OneOfEachPart.SelectMany(type => type.Assembly.GetExportedTypes())
        let section = options.GetField("Section") is { IsLiteral: true } field ? field.GetRawConstantValue() : null
        where section is not null
        let defaults = Activator.CreateInstance(options)
        from property in options.GetProperties(BindingFlags.Instance | BindingFlags.Public)
        select new Setting($"{section}:{property.Name}", property.PropertyType, property.GetValue(defaults));

    public static IEnumerable<Setting> OfCommandLine() =>
        from option in StackCommand.Create((_, _) => Task.FromResult(0)).Options
        where option is not HelpOption and not VersionOption
        select new Setting(option.Name, option.ValueType, DefaultOf(option));

    /// <summary>Whether a documented default, read as configuration is read, is this one.</summary>
    public bool HasDefault(string? documented) => Default switch
    {
        null or "" => documented is null,
        string text => text.Replace('\\', '/') == documented,
        IEnumerable<string> list => string.Join(", ", list) == documented,
        _ => documented is not null && Default.Equals(TypeDescriptor.GetConverter(Type).ConvertFromInvariantString(documented)),
    };

    private static object? DefaultOf(Option option) =>
        option.HasDefaultValue ? option.GetDefaultValue()
        : option.ValueType.IsValueType ? Activator.CreateInstance(option.ValueType)
        : null;
}
