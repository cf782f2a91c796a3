"""Memory and time of a band and of one nine times as large."""

from pathlib import Path

from benchmarks.processes import TSRASTER, describe, run_in_turn
from benchmarks.scene import draw_apart


def run(folder: Path, size: int, runs: int) -> None:
    """Measure both sizes."""
    found = []
    for side in (size, 3 * size):
        source = draw_apart(folder / f"{side}.tif", side)
        command = [
            *TSRASTER,
            "classify",
            str(source),
            str(folder / "classes.tif"),
            "--bins",
            "20",
            "--lut",
            "thermal",
            "--overwrite",
        ]
        found += run_in_turn([command], runs)
        describe(f"classify uint16 {side} px, 20 bins", found[-1])
        source.unlink()
    memory, seconds = found[1].megabytes / found[0].megabytes, found[1].seconds / found[0].seconds
    print(f"    nine times the pixels: {memory:.2f} times the memory, {seconds:.2f} times the time")
