"""How long the help takes, against an import of click and rasterio."""

import sys
from pathlib import Path

from benchmarks.processes import TSRASTER, describe, run_in_turn


def run(folder: Path, size: int, runs: int) -> None:  # noqa: ARG001  every stage is called alike
    """Measure the pair."""
    found = run_in_turn([[*TSRASTER, "--help"], [sys.executable, "-c", "import click, rasterio"]], 3 * runs)
    describe("tsraster --help", found[0], found[1], "import click, rasterio")
