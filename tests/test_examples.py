"""Every example runs and does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(path)], cwd=tmp_path, check=True, capture_output=True)


def test_the_categorical_table_is_what_its_script_makes(tmp_path: Path) -> None:
    made = tmp_path / "categorical.csv"
    subprocess.run([sys.executable, str(ROOT / "examples" / "categorical_lut.py"), str(made)], check=True)
    assert made.read_bytes() == (ROOT / "luts" / "categorical.csv").read_bytes()
