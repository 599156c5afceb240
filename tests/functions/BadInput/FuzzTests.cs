using System.Text;

namespace Serverless.Functions.Tests.BadInput;

/// <summary>Valid bodies with something wrong somewhere; the same ones in every run.</summary>
public sealed class FuzzTests(OneProcess fixture)
{
    private const int Bodies = 300;
    private const int AtOnce = 8;

    private static readonly string[] Odd =
    [
        "null", "true", "-1", "0", "1e400", "-0.0", "1.5", "9999999999999999999", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"", "[]", "{}", "[[]]", "[{}]", "{\"a\":[]}", "{\"1\":1}",
    ];

    private static readonly (string Name, string Json)[] Parameters =
    [
        ("model", $"\"{RunningServer.Model}\""), ("messages", """[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello"}]}]"""),
        ("temperature", "0.7"), ("top_p", "0.9"), ("top_k", "40"), ("min_p", "0.05"), ("n", "2"), ("seed", "7"), ("stop", """["\n","."]"""), ("logprobs", "true"), ("top_logprobs", "2"),
        ("logit_bias", """{"5":-3.5}"""), ("presence_penalty", "0.5"), ("frequency_penalty", "-0.5"), ("repetition_penalty", "1.1"), ("stream", "false"), ("user", "\"me\""),
        ("tools", """[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"""), ("response_format", """{"type":"text"}"""), ("metadata", """{"a":"b"}"""), ("deadline", "4000000000"),
    ];

    [Fact]
    public async Task NoMutatedBodyBreaksTheServer()
    {
        var server = new BadInputServer(fixture);
        var random = new Random(4);
        var bodies = Enumerable.Range(0, Bodies).Select(_ => Mutate(random)).ToArray();
        var statuses = new int[Bodies];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForAsync(0, Bodies, options, async (index, _) =>
        {
            using var content = new ByteArrayContent(bodies[index]);
            content.Headers.ContentType = new("application/json");
            var answer = await server.Api.SendAsync(HttpMethod.Post, "/v1/chat/completions", content);
            BadInputServer.CheckServedOrRefused(Encoding.UTF8.GetString(bodies[index]), answer);
            statuses[index] = answer.Status;
        });

        // A fuzz whose bodies are all refused, or all served, looks at one half of the code only.
        Assert.InRange(statuses.Count(status => status == 200), Bodies / 20, Bodies - (Bodies / 20));
    }

    /// <summary>The limit of one token stands before all that is changed, so that no body asks for much.</summary>
    private static byte[] Mutate(Random random)
    {
        var chosen = Parameters.Where((_, index) => index < 2 || random.Next(3) == 0).ToArray();
        if (random.Next(2) == 0)
        {
            var which = random.Next(chosen.Length);
            chosen[which] = (chosen[which].Name, Odd[random.Next(Odd.Length)]);
        }

        var bytes = Encoding.UTF8.GetBytes(string.Join(',', chosen.Select(one => $"\"{one.Name}\":{one.Json}")) + "}").ToList();
        for (var changes = random.Next(3); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes.RemoveAt(at);
                    break;
                case 1:
                    bytes.Insert(at, bytes[random.Next(bytes.Count)]);
                    break;
                case 2:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    bytes[at] = (byte)"{}[]\",:\\u019-.eE"[random.Next(15)];
                    break;
            }
        }

        return [.. Encoding.UTF8.GetBytes("{\"max_tokens\":1,"), .. bytes];
    }
}
