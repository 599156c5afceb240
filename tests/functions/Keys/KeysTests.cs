using System.Text.Json;

namespace Serverless.Functions.Tests.Keys;

public sealed class KeysTests(OneProcess fixture)
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task AKeyIsMadeUsedListedAndRevoked()
    {
        var created = await _api.PostAsync("/v1/keys", """{"name":"short lived","tenant":"keys-one"}""");
        Assert.Equal(201, created.Status);
        var (id, key) = (created.Json.GetProperty("id").GetString()!, created.Json.GetProperty("key").GetString()!);
        using var holder = fixture.Server.As(key);
        Assert.Equal(200, (await holder.GetAsync("/v1/models")).Status);

        var list = await _api.GetAsync("/v1/keys?tenant=keys-one");
        var listed = Assert.Single(list.Json.GetProperty("data").EnumerateArray());
        Assert.Equal(id, listed.GetProperty("id").GetString());
        Assert.DoesNotContain(key, list.Text);

        var revoked = await _api.SendAsync(HttpMethod.Delete, $"/v1/keys/{id}", null);
        Assert.Equal(JsonValueKind.Number, revoked.Json.GetProperty("revoked_at").ValueKind);
        var refused = await holder.GetAsync("/v1/models");
        Assert.Equal((401, "invalid_api_key"), (refused.Status, refused.ErrorCode));
    }

    [Fact]
    public async Task OnlyAHashOfAKeyIsStored()
    {
        var key = (await _api.PostAsync("/v1/keys", """{"tenant":"keys-two"}""")).Json.GetProperty("key").GetString()!;
        var files = Directory.GetFiles(Path.Combine(fixture.Server.Data, "store"), "*", SearchOption.AllDirectories).Where(file => file.Contains("key", StringComparison.Ordinal)).ToArray();

        Assert.Contains(files, file => File.ReadAllText(file).Contains("keys-two", StringComparison.Ordinal));
        Assert.All(files, file => Assert.DoesNotContain(key, File.ReadAllText(file)));
    }

    [Fact]
    public async Task WhoIsNoAdministratorCannotTouchKeys()
    {
        var created = await _api.PostAsync("/v1/keys", """{"tenant":"keys-three"}""");
        using var holder = fixture.Server.As(created.Json.GetProperty("key").GetString());
        Answer[] answers =
        [
            await holder.PostAsync("/v1/keys", "{}"),
            await holder.GetAsync("/v1/keys"),
            await holder.SendAsync(HttpMethod.Delete, $"/v1/keys/{created.Json.GetProperty("id").GetString()}", null),
        ];
        Assert.All(answers, answer => Assert.Equal((403, "insufficient_permissions"), (answer.Status, answer.ErrorCode)));
    }

    [Theory]
    [InlineData("""{"tenant":"No Spaces"}""", "tenant")]
    [InlineData("""{"tenant":7}""", "tenant")]
    [InlineData("""{"name":{}}""", "name")]
    [InlineData("""{"admin":"yes"}""", "admin")]
    public async Task AKeyIsNotMadeFromWrongParameters(string body, string param)
    {
        var answer = await _api.PostAsync("/v1/keys", body);
        Assert.Equal((400, param), (answer.Status, answer.ErrorParam));
    }

    [Theory]
    [InlineData("key_nothing")]
    [InlineData("..%2F..%2Fjobs")]
    public async Task AKeyThatIsNotThereCannotBeRevoked(string id)
    {
        var answer = await _api.SendAsync(HttpMethod.Delete, $"/v1/keys/{id}", null);
        Assert.InRange(answer.Status, 400, 404);
        Assert.NotEmpty(answer.Error.GetProperty("message").GetString()!);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic c2stdGVzdA==")]
    [InlineData("Bearer sk-unknown-unknown-unknown")]
    [InlineData("Bearer sk test with spaces in it")]
    [InlineData("Bearer ../../../../etc/passwd")]
    public async Task WithoutAValidKeyNothingUnderV1Answers(string? header)
    {
        using var nobody = fixture.Server.As(null);
        var answer = await nobody.GetAsync("/v1/models", header is null ? [] : [("Authorization", header)]);
        Assert.Equal((401, "invalid_api_key", "Bearer"), (answer.Status, answer.ErrorCode, answer.Headers["WWW-Authenticate"]));
    }

    [Fact]
    public async Task AnotherTenantsJobIsNotFound()
    {
        var created = await _api.PostAsync("/v1/keys", """{"tenant":"keys-four"}""");
        using var stranger = fixture.Server.As(created.Json.GetProperty("key").GetString());
        var job = await _api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":1,"messages":[{"role":"user","content":"Mine"}]}""", ("Prefer", "respond-async"));
        Answer[] answers =
        [
            await stranger.GetAsync($"/v1/jobs/{job.JobId}"),
            await stranger.GetAsync($"/v1/jobs/{job.JobId}/events"),
            await stranger.PostAsync($"/v1/jobs/{job.JobId}/cancel", ""),
            await _api.GetAsync("/v1/jobs/job_00000000000000000000000000"),
            await _api.GetAsync("/v1/jobs/nonsense"),
        ];
        Assert.All(answers, answer => Assert.Equal((404, "job_not_found"), (answer.Status, answer.ErrorCode)));
    }
}
