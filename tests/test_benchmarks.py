"""The benchmarks run, small, so that they do not rot."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import STAGES


@pytest.mark.flaky(reruns=1)  # one of them drives a browser
@pytest.mark.parametrize("stage", STAGES)
def test_a_benchmark_runs(stage: str) -> None:
    # In a process of its own: playwright drives one browser in each, and other tests have one open.
    command = [sys.executable, "-m", "benchmarks", stage, "--size", "300", "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    if "no browser" in said:
        pytest.skip(said.strip())
    assert " s " in said
