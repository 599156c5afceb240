using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>A step's plan as the tensors that the model takes; the memory is kept from step to step.</summary>
internal sealed class StepTensors(int vocabulary) : IDisposable
{
    private readonly NativeTensor<long> _ids = new(TensorElementType.Int64);
    private readonly NativeTensor<int> _blockTable = new(TensorElementType.Int32);
    private readonly NativeTensor<int> _lengths = new(TensorElementType.Int32);
    private readonly NativeTensor<int> _past = new(TensorElementType.Int32);
    private readonly NativeTensor<int> _rows = new(TensorElementType.Int32);
    private readonly NativeTensor<float> _logits = new(TensorElementType.Float);

    public Memory<float> Logits => _logits.Memory;

    public void Bind(OrtIoBinding binding, StepPlan plan)
    {
        var sequences = plan.Slices.Count;
        var widest = plan.Slices.Max(slice => slice.Sequence.Blocks.Count);
        var ids = _ids.Reshape(plan.Tokens);
        var blockTable = _blockTable.Reshape(sequences, widest);
        var lengths = _lengths.Reshape(sequences + 1);
        var past = _past.Reshape(sequences);
        // A step amid prompts wants no logits; the model is then asked for one row that nobody reads.
        var rows = _rows.Reshape(Math.Max(plan.LogitRows, 1));
        var logits = _logits.Reshape(Math.Max(plan.LogitRows, 1), vocabulary);
        Fill(plan, widest);
        binding.BindInput("input_ids", ids);
        binding.BindInput("block_table", blockTable);
        binding.BindInput("cumulative_sequence_lengths", lengths);
        binding.BindInput("past_sequence_lengths", past);
        binding.BindInput("logits_indices", rows);
        binding.BindOutput("logits", logits);
    }

    public void Dispose()
    {
        _ids.Dispose();
        _blockTable.Dispose();
        _lengths.Dispose();
        _past.Dispose();
        _rows.Dispose();
        _logits.Dispose();
    }

    private void Fill(StepPlan plan, int widest)
    {
        var ids = _ids.Values;
        var blockTable = _blockTable.Values;
        var lengths = _lengths.Values;
        var past = _past.Values;
        var rows = _rows.Values;
        var (token, row) = (0, 0);
        blockTable.Clear();
        (lengths[0], rows[0]) = (0, 0);
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var (sequence, start, count, wantsLogits) = plan.Slices[i];
            foreach (var id in sequence.Tokens.Slice(start, count))
            {
                ids[token++] = id;
            }

            for (var j = 0; j < sequence.Blocks.Count; j++)
            {
                blockTable[(i * widest) + j] = sequence.Blocks[j];
            }

            (past[i], lengths[i + 1]) = (start, token);
            if (wantsLogits)
            {
                rows[row++] = token - 1;
            }
        }
    }
}
