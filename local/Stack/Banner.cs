using Spectre.Console;

namespace Serverless.Local.Stack;

/// <summary>Says where the API is and how to try it.</summary>
internal static class Banner
{
    public static void Write(string address, string key, string? queue, string data)
    {
        AnsiConsole.MarkupLineInterpolated($"[bold]Ready.[/] {address}  ([link]{address}/docs[/])");
        Console.WriteLine($"API key  {key}");
        if (queue is not null)
        {
            Console.WriteLine($"Queue    {queue}");
        }

        Console.WriteLine($"Data     {data}");
        Console.WriteLine(
            $$"""

            curl {{address}}/v1/chat/completions -N \
              -H 'Authorization: Bearer {{key}}' -H 'Content-Type: application/json' \
              -d '{"model":"smollm2-135m-instruct","stream":true,"messages":[{"role":"user","content":"Why is the sky blue?"}]}'

            """);
    }
}
