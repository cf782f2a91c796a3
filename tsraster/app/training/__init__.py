"""Live training: what strokes teach, tile by tile, and its pane."""
