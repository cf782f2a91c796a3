"""Make luts/categorical.csv: 256 colors that differ from each other as much as possible.

A class map with many classes needs colors that are told apart side by side, whatever the codes mean. The first seven
are the set of Okabe and Ito (2002), chosen for readers with a color vision deficiency, without its black. Every further
color is the one of a coarse RGB grid that lies farthest, in CIELAB, from all colors taken so far (greedy farthest
point; a tie goes to the first in grid order). So the first K colors are a good set for every K, and none of them
changes when more are wanted.

Left out are colors too light for white paper, too dark for black paper, and too vivid for print. Names stay empty: the
class table says what a code means. CIELAB is rounded to whole thousandths, and distances are compared as squares in
integers, so that the last bits of a float do not decide.

    python examples/categorical_lut.py luts/categorical.csv    # without a path: to standard output

References: M. Okabe and K. Ito, Color Universal Design, https://jfly.uni-koeln.de/color/; CIE 15 (CIELAB, D65, 2 deg).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from skimage.color import rgb2lab

OKABE_ITO = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
COUNT = 256
GRID_STEP = 15  # 18 levels a channel, 0 and 255 included
LIGHTNESS = (25, 86)  # lowest and highest L* of the grid colors; black is 0, white is 100
CHROMA = 85  # highest C* of the grid colors; screen green is 120, screen blue 134


def milli_lab(colors: np.ndarray) -> np.ndarray:
    """Return CIELAB in whole thousandths; `colors` is (n, 3) uint8, the result (n, 3) int64."""
    return np.rint(rgb2lab(colors[np.newaxis])[0] * 1000).astype(np.int64)


def candidates() -> np.ndarray:
    """Return the colors of the RGB grid within the limits, (n, 3) uint8, in the order of red, green, blue."""
    levels = np.arange(0, 256, GRID_STEP, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    lightness, a, b = milli_lab(grid).T
    visible = (lightness >= 1000 * LIGHTNESS[0]) & (lightness <= 1000 * LIGHTNESS[1])
    printable = a**2 + b**2 <= (1000 * CHROMA) ** 2
    return grid[visible & printable]


def farthest_colors(first: np.ndarray, pool: np.ndarray, count: int) -> np.ndarray:
    """Return `first` and then the colors of `pool`, each the farthest from all before it, (count, 3) uint8."""
    chosen = list(first)
    lab = milli_lab(pool)
    nearest = np.full(len(pool), np.iinfo(np.int64).max)
    for color in milli_lab(first):
        nearest = np.minimum(nearest, ((lab - color) ** 2).sum(axis=1))
    while len(chosen) < count:
        best = int(nearest.argmax())
        chosen.append(pool[best])
        nearest = np.minimum(nearest, ((lab - lab[best]) ** 2).sum(axis=1))
    return np.array(chosen)


def main() -> None:
    """Write the table to the path given, or to standard output."""
    parser = argparse.ArgumentParser(description="Make the table of 256 well separated colors.")
    parser.add_argument("path", nargs="?", type=Path, help="CSV file to write (default: standard output)")
    path = parser.parse_args().path
    colors = farthest_colors(np.array(OKABE_ITO, dtype=np.uint8), candidates(), COUNT)
    lines = ["code,red,green,blue,alpha,name"]
    lines += [f"{code},{red},{green},{blue},255," for code, (red, green, blue) in enumerate(colors, start=1)]
    data = ("\n".join(lines) + "\n").encode()
    if path is None:
        sys.stdout.buffer.write(data)
    else:
        path.write_bytes(data)


if __name__ == "__main__":
    main()
