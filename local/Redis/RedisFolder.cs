using System.Buffers.Text;
using System.Security.Cryptography;

namespace Serverless.Local.Redis;

/// <summary>The embedded Redis's folder: <c>password</c> and <c>data/</c>.</summary>
internal sealed class RedisFolder
{
    private readonly string _root;

    public RedisFolder(string root)
    {
        _root = Path.GetFullPath(root);
        Directory.CreateDirectory(_root);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.CreateDirectory(Data);
    }

    public string Data => Path.Combine(_root, "data");

    public bool HasData => Directory.EnumerateFileSystemEntries(Data).Any();

    /// <summary>The password of every start in this folder: 256 bits of chance, made at the first.</summary>
    public string ReadOrMakePassword()
    {
        var path = Path.Combine(_root, "password");
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: >= 32 } password)
        {
            return password;
        }

        password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var temporary = path + ".new";
        File.WriteAllText(temporary, password);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.Move(temporary, path, overwrite: true);
        return password;
    }

    /// <returns>Where the data is now.</returns>
    public string MoveDataAside()
    {
        for (var number = 1; ; number++)
        {
            var aside = Path.Combine(_root, $"unreadable-{number}");
            if (!Directory.Exists(aside))
            {
                Directory.Move(Data, aside);
                Directory.CreateDirectory(Data);
                return aside;
            }
        }
    }
}
