using System.Buffers.Text;
using System.Security.Cryptography;

namespace Serverless.Local.Redis;

/// <summary>The embedded Redis's folder, held by one process at a time: <c>password</c>, <c>lock</c> and <c>data/</c>.</summary>
internal sealed class RedisFolder : IDisposable
{
    private readonly string _root;
    private readonly FileStream _lock;

    public RedisFolder(string root)
    {
        _root = Path.GetFullPath(root);
        Directory.CreateDirectory(_root);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _lock = Own(Path.Combine(_root, "lock"));
        Directory.CreateDirectory(Data);
    }

    public string Data => Path.Combine(_root, "data");

    public RedisLog Log => new(Data);

    /// <summary>Whether a process died while it read the data: a damaged log can end it in a way that nothing in it can catch.</summary>
    public bool KilledItsReader => File.Exists(ReadingMark);

    private string ReadingMark => Path.Combine(_root, "reading");

    public void BeginReading() => File.WriteAllBytes(ReadingMark, []);

    public void EndReading() => File.Delete(ReadingMark);

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

    public void Dispose() => _lock.Dispose();

    /// <returns>Where the data is now.</returns>
    public string MoveDataAside()
    {
        var aside = NextAside();
        Directory.Move(Data, aside);
        Directory.CreateDirectory(Data);
        return aside;
    }

    /// <returns>A folder that does not exist yet, for what cannot be read.</returns>
    public string NextAside()
    {
        for (var number = 1; ; number++)
        {
            var aside = Path.Combine(_root, $"unreadable-{number}");
            if (!Directory.Exists(aside))
            {
                return aside;
            }
        }
    }

    // The system gives the file back when its holder dies, however that happens.
    private static FileStream Own(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"Another Redis uses the data folder '{Path.GetDirectoryName(path)}'. Stop it, or choose another folder.", error);
        }
    }
}
