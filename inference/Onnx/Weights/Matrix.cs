namespace Serverless.Inference.Onnx.Weights;

/// <summary>A float32 matrix, row by row.</summary>
internal sealed class Matrix(int rows, int columns)
{
    private readonly float[] _values = new float[checked(rows * columns)];

    public int Rows => rows;

    public int Columns => columns;

    public Span<float> Values => _values;

    public Span<float> Row(int row) => _values.AsSpan(row * columns, columns);

    public Span<float> RowRange(int first, int count) => _values.AsSpan(first * columns, count * columns);

    public Matrix Transposed()
    {
        var result = new Matrix(columns, rows);
        for (var row = 0; row < rows; row++)
        {
            var source = Row(row);
            for (var column = 0; column < columns; column++)
            {
                result._values[(column * rows) + row] = source[column];
            }
        }

        return result;
    }
}
