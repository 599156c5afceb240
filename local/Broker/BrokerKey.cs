using System.Security.Cryptography;

namespace Serverless.Local.Broker;

/// <summary>The broker's one shared access key, made once and kept in its data folder.</summary>
internal sealed class BrokerKey
{
    public const string Name = "RootManageSharedAccessKey";

    private BrokerKey(string value) => Value = value;

    public string Value { get; }

    public static BrokerKey LoadOrMake(string folder)
    {
        var path = Path.Combine(folder, "broker.key");
        if (File.Exists(path))
        {
            return new(File.ReadAllText(path).Trim());
        }

        // Named when it is whole: a start that is killed here must not leave an empty key.
        var temporary = path + ".new";
        var key = new BrokerKey(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(key.Value);
        }

        File.Move(temporary, path);
        return key;
    }
}
