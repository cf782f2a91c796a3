"""The pane "Look": what is chosen there is what the picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

pytest.importorskip("panel", reason="panel is not installed")

from tests.conftest import write_raster
from tsraster.app.bench import Bench
from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.picture.lookpane import LookPane
from tsraster.pipeline.luts import load_lut

SHAPE = (30, 40)
PALETTE = {1: (255, 128, 0, 255), 2: (0, 0, 200, 255)}


class Sight:
    """A page without a browser."""

    def __init__(self, gallery: Gallery) -> None:
        self.bench = Bench(gallery)
        self.pane = LookPane(self.bench)
        self.said: list[tuple[str, bool]] = []
        self.bench.hear("status", lambda text, is_wrong: self.said.append((text, is_wrong)))
        for side in ("inner_width", "inner_height"):
            self.bench.canvas._resize(side, 400)
        self.bench.start()
        self.bench.drain()

    def do(self, *calls: Callable[[], Any]) -> None:
        for call in calls:
            call()
            self.bench.drain()

    def set(self, widget: Any, value: Any) -> None:
        self.do(lambda: setattr(widget, "value", value))

    def layer(self, name: str) -> Any:
        return self.bench.canvas._sources[name].data["image"][0]

    @property
    def limits(self) -> list[tuple[float, float]]:
        return list(self.pane._limits)


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    rng = np.random.default_rng(0)
    bands = rng.integers(0, 200, (3, *SHAPE)) * np.array([1, 10, 100])[:, None, None]
    write_raster(tmp_path / "bands.tif", bands.astype(np.int16))
    with rasterio.open(
        tmp_path / "codes.tif", "w", driver="GTiff", width=40, height=30, count=1, dtype="uint8", nodata=0,
        crs="EPSG:32632", transform=rasterio.Affine(10, 0, 500000, 0, -10, 5200000),
    ) as file:  # fmt: skip
        file.write((np.arange(1200) % 3).astype(np.uint8).reshape(1, *SHAPE))
        file.write_colormap(1, PALETTE)
    found = Gallery(Desk(sources=(str(tmp_path / "bands.tif"), str(tmp_path / "codes.tif"))))
    yield found
    found.close()


@pytest.fixture
def sight(gallery: Gallery) -> Iterator[Sight]:
    page = Sight(gallery)
    yield page
    page.bench.close()


def test_of_three_bands_each_has_limits_that_can_be_typed(sight: Sight) -> None:
    sight.set(sight.pane.way, "Three bands")
    before = sight.limits
    assert len(set(before)) == 3
    assert sight.pane._mixed_limits.visible
    assert [low.value for low in sight.pane.lows] == [low for low, _ in before]
    sight.set(sight.pane.highs[1], 77.0)
    assert sight.limits == [before[0], (before[1][0], 77.0), before[2]]
    assert sight.pane.stretch.value == "typed"


def test_level_moves_the_limits_of_each_band_by_its_own_width(sight: Sight) -> None:
    sight.set(sight.pane.way, "Three bands")
    before = sight.limits
    for phase, right in (("start", 0), ("move", 100), ("end", 100)):
        sight.do(partial(sight.bench.level, phase, right, 0))
    for (low, high), found in zip(before, sight.limits, strict=True):
        width = high - low
        assert found == pytest.approx((low - width / 4, high - width / 4), abs=1e-3 * width)
        assert len(f"{found[0]:.10g}") < 9


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_a_limit_that_is_emptied_comes_back(sight: Sight, nothing: float | None) -> None:
    before = sight.limits
    sight.set(sight.pane.low, nothing)
    assert sight.said[-1][1]
    assert sight.limits == before
    assert sight.pane.low.value == before[0][0]
    assert sight.pane.stretch.value == "2 to 98 %"


def test_typed_limits_hold_when_three_bands_become_one(sight: Sight) -> None:
    sight.set(sight.pane.way, "Three bands")
    sight.set(sight.pane.lows[0], 5.0)
    sight.set(sight.pane.way, "One band")
    assert len(sight.limits) == 1
    assert sight.pane.low.value == 5.0
    sight.set(sight.pane.way, "Three bands")
    assert len(sight.limits) == 3


def test_codes_with_a_palette_are_shown_in_their_own_colors(sight: Sight) -> None:
    sight.do(lambda: sight.bench.choose(1))
    sight.bench.subject.overview.wait(60)
    sight.do(sight.bench.repaint)
    assert sight.pane.stretch.value == "as stored"
    colors = sight.layer("color").view(np.uint8).reshape(-1, 4)
    assert [tuple(color) for color in colors[:3].tolist()] == [(0, 0, 0, 0), PALETTE[1], PALETTE[2]]
    sight.set(sight.pane.stretch, "all values")
    assert sight.layer("gray").ravel()[:3].tolist() == [0, 1, 255]


def test_installed_colormaps_are_offered(sight: Sight) -> None:
    names = sight.pane.ramp.options
    assert names[0] == "gray"
    assert ("viridis" in names) == (find_spec("matplotlib") is not None)
    for name in names:
        assert load_lut(name).kind == "ramp"
        sight.set(sight.pane.ramp, name)


def test_bands_that_are_named_by_colors_are_mixed_in_that_order(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "named.tif", np.zeros((4, *SHAPE), np.int16), transform=rasterio.Affine(1, 0, 5, 0, -1, 5)
    )
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("blue", "green", "red", "nir")
    gallery = Gallery(Desk(sources=(str(path),)))
    page = Sight(gallery)
    assert [one.value for one in page.pane.mixed] == [3, 2, 1]
    page.bench.close()
    gallery.close()


def test_the_three_bands_have_room_in_the_pane(sight: Sight) -> None:
    assert sum(one.width + 20 for one in sight.pane.mixed) <= 336
