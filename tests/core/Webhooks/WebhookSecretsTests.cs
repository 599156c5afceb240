using System.Text.Json;
using Serverless.Core.Webhooks;

namespace Serverless.Core.Tests.Webhooks;

public sealed class WebhookSecretsTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    [Fact]
    public void ANewSecretHas32RandomBytesAndNoEnd()
    {
        var (one, other) = (WebhookSecret.New(_start), WebhookSecret.New(_start));

        Assert.Equal((32, 32), (one.Hmac.Length, one.Ed25519Key.Length));
        Assert.NotEqual(one.Hmac, other.Hmac);
        Assert.NotEqual(one.Ed25519Key, other.Ed25519Key);
        Assert.True(one.IsValid(_start.AddYears(10)));
    }

    [Fact]
    public void TheOldSecretSignsBesideTheNewOneUntilTheOverlapIsOver()
    {
        var first = WebhookSecret.New(_start);
        var secrets = new WebhookSecrets([first]).Rotate(_start, _day);

        Assert.Equal([secrets.All[0].Text, first.Text], secrets.Valid(_start + _day - TimeSpan.FromSeconds(1)).Select(secret => secret.Text));
        Assert.Equal(secrets.All[0], Assert.Single(secrets.Valid(_start + _day)));
    }

    [Fact]
    public void WithoutOverlapTheOldSecretIsGoneAtOnce()
    {
        var secrets = new WebhookSecrets([WebhookSecret.New(_start)]).Rotate(_start, TimeSpan.Zero);
        Assert.Single(secrets.All);
    }

    [Fact]
    public void AnotherRotationNeverProlongsASecret()
    {
        var secrets = new WebhookSecrets([WebhookSecret.New(_start)]).Rotate(_start, _day);
        var again = secrets.Rotate(_start.AddHours(1), 7 * _day);

        Assert.Equal([null, _start.AddHours(1) + (7 * _day), _start + _day], again.All.Select(secret => secret.ExpiresAt));
    }

    [Fact]
    public void AtMostFourSecretsSign()
    {
        var secrets = new WebhookSecrets([WebhookSecret.New(_start)]);
        for (var i = 0; i < 10; i++)
        {
            secrets = secrets.Rotate(_start, _day);
        }

        Assert.Equal(4, secrets.All.Count);
    }

    [Fact]
    public void ASecretPrintsOnlyItsLastCharacters()
    {
        var secret = WebhookSecret.New(_start);

        Assert.Equal("whsec_…" + secret.Text[^4..], $"{secret}");
        Assert.DoesNotContain(Convert.ToBase64String(secret.Ed25519Key), $"{new WebhookSecrets([secret])}", StringComparison.Ordinal);
    }

    [Fact]
    public void SecretsSurviveTheStore()
    {
        var secrets = new WebhookSecrets([WebhookSecret.New(_start)]).Rotate(_start, _day);

        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(secrets, WebhookJson.Default.WebhookSecrets), WebhookJson.Default.WebhookSecrets)!;

        Assert.Equal(
            secrets.All.Select(secret => (secret.Text, secret.PublicKey, secret.CreatedAt, secret.ExpiresAt)),
            read.All.Select(secret => (secret.Text, secret.PublicKey, secret.CreatedAt, secret.ExpiresAt)));
    }
}
