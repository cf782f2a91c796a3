"""The scheme that CONTRIBUTING shows works as it says: a function and an entry point, in a package of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tsraster.pipeline.demo import draw_samples

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block_after(title: str, language: str) -> str:
    section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with the package of the text, as an installer would leave it."""
    groups = tomllib.loads(block_after("A scheme of your own", "toml"))["project"]["entry-points"]
    folder = tmp_path / "packages"
    info = folder / "your_package-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "your_package.py").write_text(block_after("A scheme of your own", "python"), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: your-package\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def run(packages: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(packages), str(Path(__file__).parents[1])])
    command = [sys.executable, "-m", "tsraster", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=packages, env={**os.environ, "PYTHONPATH": paths}
    )


def test_a_scheme_of_another_package_is_used_by_its_name(packages: Path) -> None:
    draw_samples(packages)
    done = run(packages, "classify", "thermal.tif", "c.tif", "--scheme", "halves", "--classes", "4", "--lut", "thermal")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r"^ +\d  [\[(]", done.stdout, re.MULTILINE)) == 4
    compared = run(packages, "breaks", "thermal.tif", "--compare", "--classes", "4")
    assert re.search(r"^halves +4 ", compared.stdout, re.MULTILINE)
    assert "Cut at the middle of the range" in run(packages, "breaks", "--help").stdout


def test_a_scheme_that_cannot_be_loaded_is_said_in_one_sentence(packages: Path) -> None:
    (packages / "your_package.py").unlink()
    draw_samples(packages)
    done = run(packages, "classify", "thermal.tif", "c.tif", "--scheme", "halves", "--classes", "4")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the scheme 'halves' of your-package cannot be loaded")
    assert done.stderr.count("\n") == 1
