namespace Serverless.Inference.Kernels.Vectors;

/// <summary>The constants of the exponential: e^x = 2^n * e^r with n = round(x / ln 2), r by a polynomial (Cephes expf).</summary>
internal static class ExpCoefficients
{
    public const float Least = -87.3f;
    public const float Most = 88f;
    public const float InverseLn2 = 1.44269504f;
    public const float Ln2High = 0.693359375f;
    public const float Ln2Low = -2.12194440e-4f;
    public const float C5 = 1.9875691500e-4f;
    public const float C4 = 1.3981999507e-3f;
    public const float C3 = 8.3334519073e-3f;
    public const float C2 = 4.1665795894e-2f;
    public const float C1 = 1.6666665459e-1f;
    public const float C0 = 5.0000001201e-1f;
}
