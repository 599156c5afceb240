using System.Text;
using Serverless.Core.Webhooks;

namespace Serverless.Core.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    // The id, time, body, secret and v1 signature of the Standard Webhooks libraries' own tests.
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Symmetric = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private static readonly DateTimeOffset _time = DateTimeOffset.FromUnixTimeSeconds(1614265330);
    private static readonly byte[] _body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");

    // The key of RFC 8032's first test; OpenSSL made the signature.
    private const string Asymmetric = "v1a,fldxM4gAKugP6nnt1hdz3sgGfZ6d99nzrMFnZOELIxbzEHoVmAb2ADpkJK7zgPePmPsle0zV9jSeGlHFG2NVAw==";

    private static readonly WebhookSecret _secret = new()
    {
        Hmac = Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        Ed25519Key = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
        CreatedAt = _time,
    };

    [Fact]
    public void BothSignaturesAreTheKnownOnes() =>
        Assert.Equal($"{Symmetric} {Asymmetric}", WebhookSignature.Header([_secret], Id, _time, _body));

    [Fact]
    public void ThePublicKeyIsTheOneOfRfc8032() =>
        Assert.Equal("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", _secret.PublicKey);

    [Fact]
    public void TheSecretHasTheFormThatTheLibrariesRead() =>
        Assert.Equal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", _secret.Text);

    [Theory]
    [InlineData("msg_other", 0, "{\"test\": 2432232314}")]
    [InlineData(Id, 1, "{\"test\": 2432232314}")]
    [InlineData(Id, 0, "{\"test\": 2432232315}")]
    public void ASignatureHoldsForItsIdTimeAndBodyOnly(string id, int later, string body)
    {
        var header = WebhookSignature.Header([_secret], id, _time.AddSeconds(later), Encoding.UTF8.GetBytes(body));

        Assert.DoesNotContain(Symmetric, header, StringComparison.Ordinal);
        Assert.DoesNotContain(Asymmetric, header, StringComparison.Ordinal);
    }

    [Fact]
    public void EverySecretSignsTheNewestFirst()
    {
        var newer = WebhookSecret.New(_time);

        var signatures = WebhookSignature.Header([newer, _secret], Id, _time, _body).Split(' ');

        Assert.Equal(["v1", "v1a", "v1", "v1a"], signatures.Select(signature => signature.Split(',')[0]));
        Assert.Equal([Symmetric, Asymmetric], signatures[2..]);
        Assert.Equal(4, signatures.Distinct().Count());
    }
}
