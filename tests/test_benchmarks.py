"""The benchmarks run, small, so that they do not rot."""

import pytest

from benchmarks.__main__ import STAGES, main


@pytest.mark.parametrize("stage", STAGES)
def test_a_benchmark_runs(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([stage, "--size", "300", "--runs", "1"])
    said = capsys.readouterr().out
    if "no browser" in said:
        pytest.skip(said.strip())
    assert " s " in said
