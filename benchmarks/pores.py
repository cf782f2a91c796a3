"""Pores of a drawn volume larger than its memory, against cc3d on the whole in memory.

The volume is smooth noise of which a fifth is pore; or the .raw of uint8 that TSRASTER_BENCH_VOLUME names, with its shape in
TSRASTER_BENCH_SHAPE as z,y,x. Both sides label it by the same threshold; the peer does that and no more.
"""

import os
import sys
from pathlib import Path

import numpy as np

from benchmarks.processes import TSRASTER, describe, run_in_turn

_PEER = """
import sys, time
import cc3d
import numpy as np

path, shape, threshold, connectivity = sys.argv[1], tuple(map(int, sys.argv[2].split(","))), int(sys.argv[3]), int(sys.argv[4])
mask = np.fromfile(path, np.uint8).reshape(shape) <= threshold
cc3d.connected_components(mask.view(np.uint8), connectivity=connectivity, binary_image=True)
"""


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    side = max(32, size // 20)
    named = os.environ.get("TSRASTER_BENCH_VOLUME")
    path = Path(named) if named else folder / "noise.raw"
    shape = os.environ.get("TSRASTER_BENCH_SHAPE", f"{side},{side},{side}")
    planes, rows, cols = map(int, shape.split(","))
    if not named:
        _draw(path, (planes, rows, cols))
    megavoxels = planes * rows * cols / 1e6
    for connectivity in ("6", "26"):
        ours = [
            *(
                *TSRASTER,
                "pores",
                str(path),
                str(folder / "pores"),
                "--shape",
                shape,
                "--dtype",
                "uint8",
                "--overwrite",
            ),
            *("--connectivity", connectivity, "--min-size", "10", "--threshold", "100"),
        ]
        peer = [sys.executable, "-c", _PEER, str(path), shape, "100", connectivity]
        found, theirs = run_in_turn([ours, peer], runs)
        describe(f"pores {megavoxels:.0f} Mvx, connectivity {connectivity}", found, theirs, "cc3d in memory")
        print(f"{'':<44}cc3d takes {theirs.megabytes:.0f} MB")


def _draw(path: Path, shape: tuple[int, int, int]) -> None:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(7).standard_normal(shape, np.float32), 2.5)
    np.clip(128 + 33 * noise / noise.std(), 0, 255).astype(np.uint8).tofile(path)
