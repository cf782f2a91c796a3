"""Every command and every piece of Python in the README runs, in order, in a folder with the samples of the demo."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tsraster.pipeline.demo import draw_samples

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("tsraster ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readme")
    draw_samples(path / "demo")
    return path


def test_the_two_commands_stand_first() -> None:
    assert blocks("sh")[0].startswith("make demo")
    assert "\nmake test" in blocks("sh")[0]


def test_the_commands_run(folder: Path) -> None:
    assert len(commands()) >= 6
    for command in commands():
        done = subprocess.run(
            f"{sys.executable} -m {command}", shell=True, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert (folder / "phases.png").stat().st_size > 10_000


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_python_runs(number: int, folder: Path) -> None:
    code = "import warnings; warnings.simplefilter('ignore', PendingDeprecationWarning)\n" + blocks("python")[number]
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
