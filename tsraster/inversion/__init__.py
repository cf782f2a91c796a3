"""Beside the flow: a colored picture back to data, and data down to points. Arrays in, arrays out.

`recovery.py` tells the story of the first: `matching` finds the nearest color, `plausibility`, `blends` and `strokes` say how far
it can be trusted, `filling` closes gaps. Which value a color stands for comes from `scales`, or from the color bar in the picture
(`bars`). The second is in `points`.
"""
