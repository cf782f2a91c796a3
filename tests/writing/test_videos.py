"""Videos are whole, and look like their frames."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tsraster.errors import DataError, MissingExtraError, WriteError
from tsraster.writing.videos import check_video_writer, write_mp4

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed")


def draw_frames(number: int) -> list[np.ndarray]:
    frames = np.zeros((number, 63, 80, 3), dtype=np.uint8)
    for at, frame in enumerate(frames):
        frame[:, : 8 * at] = (220, 30, 60)
    return list(frames)


def test_a_video_has_all_frames_in_their_colors(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    write_mp4(path, iter(draw_frames(8)), frames_per_second=10)
    program = imageio_ffmpeg.get_ffmpeg_exe()
    decode = [program, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(decode, capture_output=True, check=True)
    assert all(text in done.stderr.decode() for text in ("h264", "yuv420p", "80x62", "10 fps"))
    frames = np.frombuffer(done.stdout, np.uint8).reshape(8, 62, 80, 3)
    for made, frame in zip(draw_frames(8), frames, strict=True):
        assert np.abs(made[:62].astype(int) - frame).mean() < 6


def test_no_frames_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one frame"):
        write_mp4(tmp_path / "v.mp4", [])
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_write_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (10, 128, 128, 3)).astype(np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(WriteError, match=r"v\.mp4 cannot be written"):
            write_mp4(tmp_path / "v.mp4", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_without_ffmpeg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"tsraster\[video\]"):
        check_video_writer()
