"""Fit 20 classes by a scheme and classify, against 20 bins of equal width on the same band."""

from pathlib import Path

from benchmarks.processes import TSRASTER, describe, run_in_turn
from benchmarks.scene import draw_apart

SCHEMES = ("quantiles", "natural-breaks")


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    for dtype in ("uint16", "float32"):
        source = draw_apart(folder / f"{dtype}.tif", size, dtype)
        base = [*TSRASTER, "classify", str(source), str(folder / "classes.tif"), "--overwrite"]
        jobs = [[*base, "--bins", "20"], *([*base, "--scheme", name, "--classes", "20"] for name in SCHEMES)]
        bins, *found = run_in_turn(jobs, runs)
        for name, one in zip(SCHEMES, found, strict=True):
            describe(f"classify {dtype} {size} px, {name}", one, bins, "bins")
