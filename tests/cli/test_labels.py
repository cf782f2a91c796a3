"""`tsraster labels` as it is typed: what it prints, its exit codes, and what a stopped run leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(7)
    for name in ("a", "b", "c"):
        Image.fromarray(rng.integers(0, 180, (40, 50, 3), dtype=np.uint8)).save(folder / f"{name}.png")
    return folder


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tsraster", "labels", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_run_prints_its_classes_and_ends_with_0(photos: Path, tmp_path: Path) -> None:
    done = run(photos, tmp_path / "out", "--cutoffs", "0.3,0.9", "--names", "dark,mid,bright")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "interval", "name", "pixels", "percent", "pictures"]
    assert "in no picture: class 3 bright" in lines
    assert lines[-1] == f"wrote 3 pictures to {tmp_path / 'out'}"


def test_pictures_that_fail_are_listed_and_the_run_ends_with_1(photos: Path, tmp_path: Path) -> None:
    (photos / "d.png").write_text("no picture")
    (photos / "e.png").write_bytes((photos / "a.png").read_bytes()[:1000])
    done = run(photos, tmp_path / "out", "--cutoffs", "0.3")
    assert done.returncode == 1
    failed = [line for line in done.stderr.splitlines() if line.startswith("failed: ")]
    assert ["d.png" in failed[0], "e.png" in failed[1], len(failed)] == [True, True, 2]
    assert done.stderr.splitlines()[-1] == "Error: 2 of 5 pictures failed; the others are written"
    assert sorted(path.name for path in (tmp_path / "out/labels").iterdir()) == ["a.png", "b.png", "c.png"]


def test_an_export_says_how_many_classes_a_network_needs(photos: Path, tmp_path: Path) -> None:
    done = run(photos, tmp_path / "out", "--cutoffs", "0.3", "--export", "keras", "--tile", "32", "--first-id", "1")
    assert done.returncode == 0
    assert "n_classes = 3; pairs of photo and label image: 8 for training, 4 for tests" in done.stdout
    assert "read again by the rules of the loader" in done.stdout


def test_wrong_usage_ends_with_2(photos: Path, tmp_path: Path) -> None:
    done = run(photos, tmp_path / "out", "--cutoffs", "0.3", "--style", "unit", "--export", "keras")
    assert done.returncode == 2
    assert "--export wants consecutive ids" in done.stderr


@pytest.mark.skipif(not hasattr(signal, "sigwait"), reason="signals are another thing on this system")
def test_a_stopped_run_leaves_whole_files_only(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (500, 600, 3), dtype=np.uint8)
    for i in range(150):
        Image.fromarray(noise).save(photos / f"{i}.png", compress_level=1)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tsraster", "labels", os.fspath(photos), os.fspath(out), "--cutoffs", "0.5"]
    job = subprocess.Popen(
        [*command, "--smooth", "gaussian:2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(out.glob("labels/*.png")):
        time.sleep(0.01)
    job.send_signal(signal.SIGINT)
    _, said = job.communicate(timeout=60)
    assert (job.returncode, "every output is whole" in said) == (1, True)
    labels = list(out.glob("labels/*.png"))
    assert 0 < len(labels) < 150
    for path in [*labels, *out.glob("preview/*.png"), *out.glob("overlay/*.jpg")]:
        assert np.array(Image.open(path)).shape[:2] == (500, 600)
    assert not (out / "labels.csv").exists()
    assert not list(out.rglob(".tsraster-*"))
