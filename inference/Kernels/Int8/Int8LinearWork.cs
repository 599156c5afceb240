namespace Serverless.Inference.Kernels.Int8;

/// <summary>One product; its items are groups of weight panels, each of which meets all rows while it is in the cache.</summary>
internal sealed unsafe class Int8LinearWork : ParallelWork
{
    private readonly int _rows;
    private readonly int _outputs;
    private readonly int _depth;
    private readonly int _panelsPerGroup;
    private readonly int _fullPanels;
    private readonly int _fullGroups;
    private readonly int _tiles;

    // A tile has _rows / _tiles rows or one more; the columns of the table are one panel and a whole group.
    private readonly Int8Loop _shortOnePanel;
    private readonly Int8Loop _tallOnePanel;
    private readonly Int8Loop _shortGroup;
    private readonly Int8Loop _tallGroup;

    public Int8LinearWork(Int8Loops loops, int rows, int outputs, int depth)
    {
        (_rows, _outputs, _depth) = (rows, outputs, depth);
        _panelsPerGroup = loops.MaxPanels;
        _fullPanels = outputs / Int8Tile.PanelColumns;
        _fullGroups = (_fullPanels + _panelsPerGroup - 1) / _panelsPerGroup;
        Groups = _fullGroups + (outputs % Int8Tile.PanelColumns == 0 ? 0 : 1);
        if (rows == 0)
        {
            return;
        }

        // Tiles of even height, so that the last is not a sliver.
        _tiles = (rows + loops.MaxRows - 1) / loops.MaxRows;
        var (least, most) = (rows / _tiles, (rows + _tiles - 1) / _tiles);
        (_shortOnePanel, _tallOnePanel) = (loops.Find(least, 1, depth), loops.Find(most, 1, depth));
        (_shortGroup, _tallGroup) = (loops.Find(least, _panelsPerGroup, depth), loops.Find(most, _panelsPerGroup, depth));
    }

    public required byte* Activations { get; init; }

    public required sbyte* Weights { get; init; }

    public required int* Corrections { get; init; }

    public required float* Scales { get; init; }

    public required float* Output { get; init; }

    /// <summary>How many groups there are; a last panel with columns of padding is a group of its own.</summary>
    public int Groups { get; }

    protected override void Run(int from, int to)
    {
        for (var group = from; group < to; group++)
        {
            if (group < _fullGroups)
            {
                RunGroup(group * _panelsPerGroup, Math.Min(_panelsPerGroup, _fullPanels - (group * _panelsPerGroup)));
            }
            else
            {
                RunPaddedPanel();
            }
        }
    }

    private void RunGroup(int panel, int panels)
    {
        var tile = At(panel);
        tile.OutputStrideBytes = _outputs * 4L;
        var whole = panels == _panelsPerGroup;
        for (var i = 0; i < _tiles; i++)
        {
            var (first, rows) = Rows(i);
            tile.Activations = Activations + ((long)first * _depth);
            tile.Output = Output + ((long)first * _outputs) + (panel * Int8Tile.PanelColumns);
            Loop(rows, whole).Run(&tile);
        }
    }

    private void RunPaddedPanel()
    {
        var columns = _outputs % Int8Tile.PanelColumns;
        var tile = At(_fullPanels);
        var rowsOfTile = stackalloc float[((_rows / _tiles) + 1) * Int8Tile.PanelColumns];
        tile.Output = rowsOfTile;
        tile.OutputStrideBytes = Int8Tile.PanelColumns * sizeof(float);
        for (var i = 0; i < _tiles; i++)
        {
            var (first, rows) = Rows(i);
            tile.Activations = Activations + ((long)first * _depth);
            Loop(rows, whole: false).Run(&tile);
            for (var row = 0; row < rows; row++)
            {
                var target = Output + ((long)(first + row) * _outputs) + (_fullPanels * Int8Tile.PanelColumns);
                new ReadOnlySpan<float>(rowsOfTile + (row * Int8Tile.PanelColumns), columns).CopyTo(new(target, columns));
            }
        }
    }

    private Int8Tile At(int panel) => new()
    {
        Weights = Weights + ((long)panel * Int8Tile.PanelColumns * _depth),
        Corrections = Corrections + (panel * Int8Tile.PanelColumns),
        Scales = Scales + (panel * Int8Tile.PanelColumns),
    };

    private (int First, int Count) Rows(int tile)
    {
        var first = (int)((long)_rows * tile / _tiles);
        return (first, (int)((long)_rows * (tile + 1) / _tiles) - first);
    }

    private Int8Loop Loop(int rows, bool whole) => (rows == _rows / _tiles, whole) switch
    {
        (true, true) => _shortGroup,
        (true, false) => _shortOnePanel,
        (false, true) => _tallGroup,
        (false, false) => _tallOnePanel,
    };
}
