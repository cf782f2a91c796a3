"""Color bars found in drawn figures and in a real one, and none in pictures without."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from tests.inversion.bars.drawnfigures import HIGH, LOW, draw_figure
from tsraster.errors import DataError
from tsraster.inversion.bars.barfinding import find_bars
from tsraster.inversion.bars.calibration import calibrate_bar
from tsraster.inversion.bars.colorbars import read_bar

WAYS: dict[str, dict[str, Any]] = {
    "vertical": {},
    "horizontal": {"orientation": "horizontal"},
    "jpeg": {"jpeg": 75},
    "dark ground": {"ground": "black"},
    "ticks into it": {"direction": "inout", "minor": True},
    "pointed": {"extend": "both"},
    "pointed jpeg": {"extend": "both", "jpeg": 75},
    "steps": {"steps": 10},
    "log": {"log": True, "minor": True},
    "no frame": {"frame": False},
}


COLORMAPS = ("jet", "viridis", "gray", "coolwarm", "turbo", "hsv")
KINDS = ("smooth", "noisy", "cells")
PAIRS = [(i, j) for i in range(len(WAYS)) for j in range(len(COLORMAPS)) if (i + j) % 2]
FIGURES = [(COLORMAPS[j], list(WAYS)[i], KINDS[(i + j // 2) % 3]) for i, j in PAIRS]
"""Every way with half of the colormaps, over smooth data, noise and large cells in turn."""


@pytest.mark.parametrize(("colormap", "way", "kind"), FIGURES)
def test_the_bar_of_a_drawn_figure_is_found_and_its_values_are_true(colormap: str, way: str, kind: str) -> None:
    figure = draw_figure(colormap, kind=kind, **WAYS[way])
    best, *others = find_bars(figure.pixels)
    bar = read_bar(figure.crop(best.box), best.box[0], best.box[1])
    assert bar.box == best.bar
    assert bar.axis == best.axis == ("x" if way == "horizontal" else "y")
    along, across = (0, 1) if bar.axis == "x" else (1, 0)
    assert bar.edges == pytest.approx(figure.box[along::2], abs=7 if way == "pointed jpeg" else 5)
    assert bar.box[across::2] == pytest.approx(figure.box[across::2], abs=5)
    scale, _ = calibrate_bar(bar, vmin=LOW, vmax=HIGH, scale="log" if way == "log" else "linear")
    if way != "steps":
        assert np.sqrt((figure.shares_off(scale.colors, scale.values) ** 2).mean()) < (
            1 if way == "pointed jpeg" else 0.7
        )
    assert bar.is_stepped == (way == "steps")
    assert all(other.score < 0.6 for other in others)


def test_the_bar_of_a_real_figure_is_found(shared_data: Path) -> None:
    picture = np.asarray(Image.open(shared_data / "colormap" / "Hugh_Pumphrey_CC-BY_jet.png").convert("RGB"))
    best, *others = find_bars(np.moveaxis(picture, -1, 0))
    assert best.bar == (735, 73, 762, 647)
    assert best.score > 0.9
    assert not others


def test_a_figure_of_two_bars_names_both() -> None:
    figure = draw_figure("viridis")
    twice = np.concatenate([figure.pixels, draw_figure("turbo").pixels], axis=2)
    first, second = find_bars(twice)[:2]
    assert {first.bar[0] // figure.pixels.shape[2], second.bar[0] // figure.pixels.shape[2]} == {0, 1}
    assert min(first.score, second.score) > 0.6


def draw_lines() -> NDArray[np.uint8]:
    figure = Figure(figsize=(6.4, 4.8), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], [1, 4, 2])
    axes.bar([1, 2, 3], [1, 2, 3], color=["red", "green", "blue"])
    axes.grid()
    canvas.draw()
    return np.moveaxis(np.asarray(canvas.buffer_rgba())[..., :3], -1, 0)


PHOTOS = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field")
"""Those that come with scikit-image itself."""


def without_bar(name: str) -> NDArray[np.uint8]:
    row, col = np.mgrid[0:500, 0:700]
    slope = np.stack([row // 2, row // 3, 255 - row // 2]).astype(np.uint8)
    if name == "panels on a slope":
        slope[:, 50:450, 40:310] = 255
        slope[:, 50:450, 380:660] = 0
    if name in PHOTOS:
        return np.moveaxis(getattr(skimage.data, name)(), -1, 0)
    pictures = {
        "plain": np.full((3, 500, 700), 200, np.uint8),
        "small": np.zeros((3, 4, 5), np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (3, 500, 700), dtype=np.uint8),
        "slope": slope,
        "panels on a slope": slope,
        "slope both ways": np.stack([row // 2, col // 3, 0 * row]).astype(np.uint8),
        "lines": draw_lines(),
    }
    return pictures[name]


@pytest.mark.parametrize(
    "name",
    ["plain", "small", "noise", "slope", "panels on a slope", "slope both ways", "lines", *PHOTOS],
)
def test_no_bar_is_found_in_a_picture_without(name: str) -> None:
    with pytest.raises(DataError, match="no color bar is found in the picture; say where it is by --colorbar"):
        find_bars(without_bar(name))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colormap", ["jet", "gray", "hsv"])
def test_a_plot_is_not_taken_for_a_bar(colormap: str, kind: str) -> None:
    with pytest.raises(DataError, match="no color bar is found"):
        find_bars(draw_figure(colormap, kind=kind, orientation=None).pixels)


def test_a_large_picture_takes_about_a_second() -> None:
    figure = draw_figure("viridis", kind="noisy", dpi=200)
    start = time.process_time()
    find_bars(figure.pixels)
    assert time.process_time() - start < 5  # measured: 0.6 s
