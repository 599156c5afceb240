namespace Serverless.Inference.Onnx.Graphs;

/// <summary>Writes a decoder's nodes and weights from front to back.</summary>
internal interface IDecoderGraph
{
    /// <summary>Token ids to the first residual rows.</summary>
    void Embedding();

    void Layer(int layer);

    /// <summary>The last norm and the logits.</summary>
    void Head();
}
