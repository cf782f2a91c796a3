"""Labels drawn by hand: strokes, boards, journals, files, and their pane."""
