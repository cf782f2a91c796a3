"""Run commands as whole processes, in turn, and compare medians."""

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

TSRASTER = [sys.executable, "-m", "tsraster"]


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    megabytes: float
    """Peak memory, in 10**6 bytes."""
    processor_seconds: float = 0.0
    """Of all threads; other work on the machine moves it less than the time that passes."""


def run_process(command: Sequence[str]) -> Run:
    """Run a command to its end; raise if it fails."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with {process.returncode}: {said.decode(errors='replace')}")
    return Run(
        seconds=time.perf_counter() - start,
        megabytes=usage.ru_maxrss * (1024 if sys.platform == "linux" else 1) / 1e6,
        processor_seconds=usage.ru_utime + usage.ru_stime,
    )


def run_in_turn(commands: Sequence[Sequence[str]], runs: int) -> list[Run]:
    """Run several commands in turn, so that a slow moment of the machine hits all; return the median of each."""
    for command in commands:
        run_process(command)
    rounds = [[run_process(command) for command in commands] for _ in range(runs)]
    return [_find_medians(column) for column in zip(*rounds, strict=True)]


def _find_medians(runs: Sequence[Run]) -> Run:
    return Run(**{each.name: statistics.median(getattr(run, each.name) for run in runs) for each in fields(Run)})


def find_gdal() -> list[str] | None:
    """Return the command of the ``gdal`` program (3.11 or later): from TSRASTER_BENCH_GDAL, or from the path."""
    named = os.environ.get("TSRASTER_BENCH_GDAL")
    found = named or shutil.which("gdal")
    return shlex.split(found) if found else None


def describe(name: str, ours: Run, theirs: Run | None = None, peer: str = "") -> None:
    """Print one line of results."""
    line = f"{name:<44}{ours.seconds:7.2f} s {ours.megabytes:6.0f} MB"
    if theirs is not None:
        line += f"   {peer} {theirs.seconds:.2f} s   ratio {ours.seconds / theirs.seconds:.2f}"
    print(line, flush=True)


def size_ratio(ours: Path, theirs: Path) -> float:
    """Return the size of a file by that of another."""
    return ours.stat().st_size / theirs.stat().st_size
