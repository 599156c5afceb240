using Serverless.Inference.Onnx;

namespace Serverless.Local.Stack;

/// <summary>Shows an import: a bar that fills on a terminal, a line for every tenth elsewhere.</summary>
internal sealed class ImportProgressBar : IProgress<ImportProgress>
{
    private const int Width = 40;
    private readonly Lock _gate = new();
    private int _shown = -1;

    public void Report(ImportProgress value)
    {
        lock (_gate)
        {
            var step = Console.IsOutputRedirected ? 10 : 1;
            var percent = (int)(value.Fraction * 100) / step * step;
            // A model that was imported earlier is reported as ready at once, and there is nothing to show.
            if (percent <= _shown || (percent >= 100 && _shown < 0))
            {
                return;
            }

            _shown = percent;
            if (Console.IsOutputRedirected)
            {
                Console.WriteLine($"Importing the model: {percent}%");
                return;
            }

            var full = percent * Width / 100;
            Console.Write($"\rImporting the model [{new string('#', full)}{new string('.', Width - full)}] {percent,3}% ");
            if (percent >= 100)
            {
                Console.WriteLine();
            }
        }
    }
}
