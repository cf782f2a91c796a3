"""Run benchmarks: ``python -m benchmarks [STAGE ...] [--size 7680] [--runs 5]``."""

import argparse
import compileall
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tsraster
from benchmarks import classify, growth, inversion, landsat, learning, pores, schemes, startup, view

STAGES = {
    "startup": startup.run,
    "classify": classify.run,
    "schemes": schemes.run,
    "landsat": landsat.run,
    "inversion": inversion.run,
    "learning": learning.run,
    "pores": pores.run,
    "growth": growth.run,
    "view": view.run,
}


def main(words: Sequence[str] | None = None) -> None:
    """Run the stages that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], help="default: all")
    parser.add_argument("--size", type=int, default=7680, help="rows and columns of a scene")
    parser.add_argument("--runs", type=int, default=5, help="runs of each command, after one that does not count")
    options = parser.parse_args(words)
    # As an installer does; a checkout may be run where Python keeps nothing of what it compiles.
    compileall.compile_dir(Path(tsraster.__file__).parent, quiet=1)
    for stage in options.stages or STAGES:
        with tempfile.TemporaryDirectory() as folder:
            STAGES[stage](Path(folder), options.size, options.runs)


if __name__ == "__main__":
    main()
