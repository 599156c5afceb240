using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Serverless.Functions;

/// <summary>Where a request's time went, for the headers <c>server-timing</c> and <c>openai-processing-ms</c>.</summary>
internal sealed class ServerTiming
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly StringBuilder _text = new();
    private long _last;

    private ServerTiming() => _last = _begin;

    /// <summary>Begins to count; the headers are written with whatever answer the request gets.</summary>
    public static void Start(HttpContext context)
    {
        var timing = new ServerTiming();
        context.Features.Set(timing);
        context.Response.OnStarting(() =>
        {
            timing.Write(context.Response.Headers);
            return Task.CompletedTask;
        });
    }

    /// <summary>Names the time since the last lap.</summary>
    public void Lap(string name)
    {
        var now = Stopwatch.GetTimestamp();
        Add(name, Stopwatch.GetElapsedTime(_last, now));
        _last = now;
    }

    public void Add(string name, TimeSpan duration)
    {
        _text.Append(_text.Length > 0 ? ", " : "")
            .Append(CultureInfo.InvariantCulture, $"{name};dur={Math.Max(0, duration.TotalMilliseconds):F2}");
    }

    private void Write(IHeaderDictionary headers)
    {
        if (_text.Length > 0)
        {
            headers["server-timing"] = _text.ToString();
        }

        headers["openai-processing-ms"] = ((long)Stopwatch.GetElapsedTime(_begin).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
    }
}
