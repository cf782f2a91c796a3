"""Animations keep colors and proportions."""

from __future__ import annotations

import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tsraster.coloring.animation import encode_gif, make_frames
from tsraster.coloring.labelcolors import label_colors
from tsraster.errors import DataError, MissingExtraError

COLORS = label_colors()
CODES = np.random.default_rng(0).integers(0, 256, (6, 10, 20)).astype(np.uint8)


@pytest.mark.parametrize(
    ("spacing", "shape"), [((1, 1, 1), (250, 500)), ((9, 2, 1), (500, 500)), ((1, 1, 3), (80, 480))], ids=str
)
def test_frames_have_the_proportions_of_voxels(spacing: tuple[float, ...], shape: tuple[int, int]) -> None:
    frames = list(make_frames(CODES, spacing, COLORS))  # type: ignore[arg-type]
    assert len(frames) == 6
    rows, cols = frames[0].shape
    assert (rows - 6, cols) == pytest.approx(shape, abs=3)
    assert rows % 2 == cols % 2 == 0


def test_large_planes_are_reduced() -> None:
    frame = next(make_frames(np.ones((1, 300, 1200), np.uint8), (1, 1, 1), COLORS, most=100))
    assert frame.shape == (26 + 4, 100) or frame.shape == (24 + 6, 100)


def test_a_gif_keeps_every_color_and_loops() -> None:
    frames = list(make_frames(CODES, (1, 1, 1), COLORS, most=40))
    with Image.open(BytesIO(encode_gif(frames, COLORS, frames_per_second=10))) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (6, 0, 100)
        for number, frame in enumerate(frames):
            gif.seek(number)
            np.testing.assert_array_equal(np.asarray(gif.convert("RGB")), COLORS[frame])


def test_no_frames_are_an_error() -> None:
    with pytest.raises(DataError, match="at least one frame"):
        encode_gif([], COLORS)


def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"tsraster\[plots\]"):
        encode_gif([CODES[0]], COLORS)
