"""Color bars read from drawn figures against the colormap that drew them, and from bars with everything in their way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.inversion.bars.drawnfigures import HIGH, LOW, draw_figure
from tsraster.errors import DataError, UsageError
from tsraster.inversion.bars.barsteps import find_steps
from tsraster.inversion.bars.calibration import calibrate_bar
from tsraster.inversion.bars.colorbars import check_box, read_bar
from tsraster.inversion.bars.ticks import parse_ticks

LOOSE = [(0, 0, 0, 0), (5, 5, 5, 5), (0, 5, 0, 5), (5, 0, 5, 0), (1, 2, 3, 4)]

FIGURES: dict[str, dict[str, Any]] = {
    "vertical": {},
    "horizontal": {"orientation": "horizontal"},
    "gray": {"colormap": "gray"},
    "white end": {"colormap": "Blues", "orientation": "horizontal"},
    "black end": {"colormap": "inferno"},
    "dark ground": {"colormap": "viridis", "ground": "black"},
    "jpeg": {"colormap": "coolwarm", "jpeg": 75},
    "jpeg gray": {"colormap": "gray", "jpeg": 75},
    "ticks into it": {"colormap": "turbo", "direction": "inout", "minor": True},
    "log": {"colormap": "viridis", "log": True, "direction": "in"},
    "no frame": {"colormap": "viridis", "frame": False},
    "thick frame": {"dpi": 250},
}


def encode_jpeg(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(colors).save(file, "JPEG", quality=75, subsampling=2)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("loose", LOOSE, ids=str)
@pytest.mark.parametrize("name", FIGURES)
def test_a_bar_has_the_colors_of_its_colormap_at_their_values_in_any_box(name: str, loose: tuple[int, ...]) -> None:
    figure = draw_figure(**FIGURES[name])
    box = figure.loosen(*loose)
    bar = read_bar(figure.crop(box), box[0], box[1])
    scale, _ = calibrate_bar(bar, vmin=LOW, vmax=HIGH, scale="log" if FIGURES[name].get("log") else "linear")
    off = figure.shares_off(scale.colors, scale.values)
    assert not bar.is_stepped
    assert np.sqrt((off**2).mean()) < 0.4
    assert off.max() < 1.3
    along = 0 if bar.axis == "x" else 1
    assert bar.edges == pytest.approx(figure.box[along::2], abs=5 if name == "thick frame" else 3)


@pytest.mark.parametrize("room", [0, 3, 5, 22])
@pytest.mark.parametrize("jpeg", [None, 75])
def test_pointed_ends_are_left_out_as_far_as_they_can_be_told(jpeg: int | None, room: int) -> None:
    figure = draw_figure("jet", extend="both", jpeg=jpeg)
    box = figure.loosen(*[room] * 4)
    bar = read_bar(figure.crop(box), box[0], box[1])
    scale, _ = calibrate_bar(bar, vmin=LOW, vmax=HIGH)
    assert np.sqrt((figure.shares_off(scale.colors, scale.values) ** 2).mean()) < 0.8
    if room == 22:
        assert bar.pointed == (True, True)
        assert bar.edges == pytest.approx(figure.box[1::2], abs=3)


@pytest.mark.parametrize("loose", LOOSE[:2], ids=str)
@pytest.mark.parametrize(
    "options",
    [{}, {"jpeg": 75}, {"extend": "both"}, {"dividers": True}, {"steps": 20, "dividers": True}, {"steps": 2}],
    ids=str,
)
@pytest.mark.parametrize("colormap", ["viridis", "coolwarm", "gray"])
def test_a_stepped_bar_has_one_color_a_step_with_its_edges(
    colormap: str, options: dict[str, Any], loose: tuple[int, ...]
) -> None:
    steps = options.get("steps", 8)
    figure = draw_figure(colormap, **{"steps": 8} | options)
    box = figure.loosen(*loose)
    bar = read_bar(figure.crop(box), box[0], box[1])
    assert bar.step_edges is not None
    assert len(bar.colors) == steps
    edges = np.linspace(figure.box[1], figure.box[3], steps + 1)
    assert bar.step_edges[1:-1] == pytest.approx(edges[1:-1], abs=2.5)
    middles = LOW + (np.arange(steps)[::-1] + 0.5) * (HIGH - LOW) / steps
    true = matplotlib.colormaps[colormap](figure.norm(middles))[:, :3] * 255
    assert np.abs(bar.colors - true).max() < (6 if options.get("jpeg") else 1.01)
    scale, _ = calibrate_bar(bar, vmin=LOW, vmax=HIGH)
    assert scale.is_stepped
    assert scale.values == pytest.approx(middles, abs=0.01 * (HIGH - LOW))


def draw_bar(
    length: int = 256,
    width: int = 20,
    *,
    frame: int = 0,
    ink: int = 0,
    margin: int = 0,
    colormap: str = "jet",
) -> NDArray[np.uint8]:
    """Draw a lying bar with its frame and margin, shape (row, col, 3)."""
    line = matplotlib.colormaps[colormap]((np.arange(length) + 0.5) / length)[:, :3] * 255
    bar = np.broadcast_to(line.round().astype(np.uint8), (width, length, 3))
    for thickness, level in ((frame, ink), (margin, 255)):
        bar = np.pad(bar, ((thickness, thickness), (thickness, thickness), (0, 0)), constant_values=level)
    return bar


def true_colors(length: int, colormap: str = "jet") -> NDArray[np.float64]:
    return np.asarray(matplotlib.colormaps[colormap]((np.arange(length) + 0.5) / length)[:, :3] * 255)


@pytest.mark.parametrize("margin", [0, 1, 5, 20])
@pytest.mark.parametrize(("frame", "ink"), [(0, 0), (1, 0), (2, 128), (4, 255), (6, 0)])
@pytest.mark.parametrize("colormap", ["jet", "viridis", "hsv"])
def test_frames_and_margins_of_any_thickness_are_cut_to_the_pixel(
    colormap: str, frame: int, ink: int, margin: int
) -> None:
    pixels = draw_bar(frame=frame, ink=ink, margin=margin, colormap=colormap)
    bar = read_bar(np.moveaxis(pixels, -1, 0), 100, 200)
    inset = frame + margin
    assert bar.box == (100 + inset, 200 + inset, 100 + inset + 256, 200 + inset + 20)
    assert bar.axis == "x"
    assert bar.positions[[0, -1]].tolist() == [100 + inset + 0.5, 100 + inset + 255.5]
    assert np.abs(bar.colors - true_colors(256, colormap)).max() <= 0.5


def notch(pixels: NDArray[np.uint8], kind: str) -> None:
    """Draw ticks every 40 pixels into the bar that begins at 3, 3."""
    for place in range(23, 256, 40):
        if kind in ("one side", "both sides"):
            pixels[3:10, place : place + 2] = 0
        if kind == "both sides":
            pixels[-10:-3, place : place + 2] = 255
        if kind == "across":
            pixels[3:-3, place : place + 3] = 0


@pytest.mark.parametrize("jpeg", [False, True])
@pytest.mark.parametrize("kind", ["one side", "both sides", "across"])
def test_notches_of_ticks_do_not_change_a_color(kind: str, jpeg: bool) -> None:
    pixels = draw_bar(frame=1, margin=2).copy()
    notch(pixels, kind)
    bar = read_bar(np.moveaxis(encode_jpeg(pixels) if jpeg else pixels, -1, 0))
    first = round(bar.positions[0] - 3.5)
    off = np.abs(bar.colors - true_colors(256)[first : first + len(bar.colors)]).max(axis=1)
    assert off.max() <= (30 if jpeg else 6)
    assert np.median(off) <= (6 if jpeg else 0.5)
    assert len(bar.colors) >= 246
    if not jpeg:
        assert (bar.disturbed >= 18) == (kind == "across")


def test_text_in_a_bar_does_not_change_its_colors() -> None:
    pixels = draw_bar(frame=1, margin=2, width=30).copy()
    random = np.random.default_rng(0)
    for place in (40, 120, 200):
        pixels[12:22, place : place + 18][random.random((10, 18)) < 0.5] = 0
    bar = read_bar(np.moveaxis(pixels, -1, 0))
    assert np.abs(bar.colors - true_colors(256)).max() <= 0.5


def test_runs_of_equal_color_keep_their_length() -> None:
    colors = np.concatenate([np.zeros(60), np.linspace(0, 250, 100), np.full(60, 250)])
    pixels = np.broadcast_to(colors.round().astype(np.uint8), (3, 12, 220))
    bar = read_bar(pixels)
    assert not bar.is_stepped
    assert (bar.colors[:60] == 0).all()
    assert (bar.colors[160:] == 250).all()
    assert bar.positions.tolist() == (np.arange(220) + 0.5).tolist()


def test_the_bar_of_a_real_figure_has_the_colors_of_jet(shared_data: Path) -> None:
    picture = np.asarray(Image.open(shared_data / "colormap" / "Hugh_Pumphrey_CC-BY_jet.png").convert("RGB"))
    for left, top, right, bottom in ((733, 71, 764, 649), (720, 60, 772, 660), (715, 40, 820, 690)):
        bar = read_bar(np.moveaxis(picture[top:bottom, left:right], -1, 0), left, top)
        assert bar.box == (735, 73, 762, 647)
        assert bar.edges == pytest.approx((72, 648), abs=0.01)
        share = 1 - (bar.positions - bar.edges[0]) / bar.length
        assert np.abs(bar.colors - matplotlib.colormaps["jet"](share)[:, :3] * 255).max() < 5.1
        _, fit = calibrate_bar(bar, ticks=parse_ticks("525=0.6,402=0.8,279=1.0,156=1.2"))
        assert fit.rms_pixels < 1e-6
        assert fit.value_at(np.array(bar.edges)) == pytest.approx([1.3366, 0.4], abs=1e-4)


@pytest.mark.parametrize("jpeg", [False, True])
def test_a_smooth_bar_of_256_colors_is_not_stepped_however_long(jpeg: bool) -> None:
    for length in (100, 257, 600, 1500):
        pixels = draw_bar(length, colormap="viridis")
        assert not read_bar(np.moveaxis(encode_jpeg(pixels) if jpeg else pixels, -1, 0)).is_stepped


def test_steps_may_be_of_unequal_length() -> None:
    colors = np.repeat([[0.0, 0, 90], [0, 90, 90], [200, 90, 0], [255, 255, 255]], [5, 40, 12, 80], axis=0)
    jumps = find_steps(colors)
    assert jumps is not None
    assert jumps == pytest.approx([5, 45, 57])


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((1, 2, 3), "3 numbers"),
        ((5, 5, 5, 9), "is empty"),
        ((5, 9, 8, 5), "is empty"),
        ((-1, 0, 5, 5), "outside of the picture, which has 60 columns and 40 rows"),
        ((0, 0, 61, 40), "outside of the picture"),
        ((70, 50, 80, 60), "outside of the picture"),
    ],
)
def test_a_box_that_is_none_is_refused(box: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_box(box, (40, 60))
    assert check_box((0, 0, 60, 40), (40, 60)) == (0, 0, 60, 40)


def no_bar(kind: str) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    row, col = np.mgrid[0:60, 0:90]
    return {
        "white": np.full((3, 20, 200), 255, np.uint8),
        "noise": random.integers(0, 256, (3, 40, 200), dtype=np.uint8),
        "slope": np.stack([row * 4, col * 2, 200 - row - col]).astype(np.uint8),
        "frame": np.pad(np.full((3, 16, 196), 90, np.uint8), ((0, 0), (2, 2), (2, 2))),
        "tiny": np.zeros((3, 2, 4), np.uint8),
        "nothing": np.zeros((3, 0, 0), np.uint8),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("white", "of one color"),
        ("frame", "of one color"),
        ("noise", "vary across as much as along"),
        ("slope", "vary across as much as along"),
        ("tiny", "too small"),
        ("nothing", "too small"),
    ],
)
def test_a_box_without_a_bar_is_refused_in_one_sentence(kind: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_bar(no_bar(kind), 7, 9)
    assert "the box 7,9," in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bar_may_lie_along_the_shorter_side() -> None:
    pixels = np.broadcast_to(np.arange(0, 250, 5, dtype=np.uint8)[:, np.newaxis], (3, 50, 80))
    bar = read_bar(pixels)
    assert (bar.axis, bar.box) == ("y", (0, 0, 80, 50))
