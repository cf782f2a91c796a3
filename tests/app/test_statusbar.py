"""The lines below the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint

pytest.importorskip("panel", reason="panel is not installed")

from tests.conftest import write_raster
from tsraster.app.bench import Bench
from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.statusbar import StatusBar, find_place
from tsraster.raster import Georef


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bands = np.arange(7 * 6).reshape(7, 2, 3).astype(np.uint8)
    transform = rasterio.Affine(30, 0, 500000, 0, -30, 4100000)
    path = write_raster(tmp_path / "bands.tif", bands, crs="EPSG:32616", transform=transform)
    gallery = Gallery(Desk(sources=(str(path),)))
    found = Bench(gallery)
    found.start()
    yield found
    found.close()
    gallery.close()


def test_the_values_of_the_bands_that_are_seen_are_shown_and_no_others(bench: Bench) -> None:
    status = StatusBar(bench, lambda: [5, 2])
    status.add(lambda row, col: f"<{row}{col}>")
    bench.point((1.5, 0.5))
    bench.drain()
    assert status.place.object == "col 1, row 0 | x 500045, y 4099985 EPSG:32616 | 25 7 | &lt;01&gt;"
    bench.point((3.5, 0.5))
    assert status.place.object == ""


def test_a_success_takes_away_what_was_wrong_and_nothing_else(bench: Bench) -> None:
    status = StatusBar(bench, lambda: [1])
    bench.say("this did not work", is_wrong=True)
    assert "this did not work" in status.said.object
    bench.tell("classes")
    assert "this did not work" not in status.said.object
    bench.say("wrote c.tif")
    bench.tell("classes")
    assert "wrote c.tif" in status.said.object


def test_what_is_said_cannot_leave_its_place(bench: Bench) -> None:
    status = StatusBar(bench, lambda: [1])
    bench.say('" onmouseover="alert(1)"><b>')
    assert "<b>" not in status.said.object
    assert '" onmouseover' not in status.said.object


def test_control_points_alone_give_coordinates() -> None:
    points = [
        GroundControlPoint(row=row, col=col, x=10 + col * 0.5, y=50 - row * 0.25)
        for row, col in ((0, 0), (0, 100), (80, 0), (80, 100))
    ]
    crs = rasterio.crs.CRS.from_epsg(4326)
    assert find_place(Georef(gcps=tuple(points), gcp_crs=crs), 40, 20) == ("20.250000", "39.875000", "EPSG:4326")
    assert find_place(Georef(gcps=tuple(points[:2]), gcp_crs=crs), 40, 20) is None
    assert find_place(Georef(), 40, 20) is None
