"""Boxes, extents and control points place a picture, and what a picture has is moved with its part."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.rpc import RPC

from tsraster.errors import DataError, LossWarning, UsageError
from tsraster.preparing import move_georef, place_picture
from tsraster.raster import Georef, Window
from tsraster.reading import open_raster

DEGREES, UTM = CRS.from_epsg(4326), CRS.from_epsg(32616)
SHAPE = (600, 800)
WHOLE = Window(row=0, col=0, rows=600, cols=800)
PLACE = Georef(crs=UTM, transform=Affine(30, 0, 600_000, 0, -30, 4_500_000))
GCPS = tuple(
    GroundControlPoint(col=col, row=row, x=x, y=y, id=str(i))
    for i, (col, row, x, y) in enumerate([(0, 0, 5, 50), (800, 0, 13, 50), (400.5, 600, 9, 44), (100, 200, 6, 48)], 1)
)
MANY = [1.0] + [0.0] * 19
RPCS = RPC(
    height_off=1, height_scale=2, lat_off=3, lat_scale=4, line_den_coeff=MANY, line_num_coeff=MANY, line_off=300.5,
    line_scale=300, long_off=5, long_scale=6, samp_den_coeff=MANY, samp_num_coeff=MANY, samp_off=400.25, samp_scale=400,
)  # fmt: skip


def test_without_options_a_picture_lies_where_it_lay() -> None:
    for georef in (Georef(), PLACE, Georef(gcps=GCPS, gcp_crs=DEGREES), Georef(rpcs=RPCS)):
        assert place_picture(georef, SHAPE) == (WHOLE, georef)


@pytest.mark.parametrize(
    ("extent", "corners"),
    [
        ((0, -3, 6, 3), ((0, 3), (6, -3))),
        ((6, -3, 0, 3), ((6, 3), (0, -3))),  # x falls to the right
        ((0, 3, 6, -3), ((0, -3), (6, 3))),  # y falls to the top, as depths do
        ((-1e-9, 1e12, 1e-9, 1e12 + 1), ((-1e-9, 1e12 + 1), (1e-9, 1e12))),
    ],
)
@pytest.mark.parametrize("box", [None, (115, 72, 691, 548), (10.4, 20.6, 99.75, 30.2)])
def test_the_edges_of_the_box_have_the_extent(
    box: tuple[float, ...] | None, extent: tuple[float, ...], corners: tuple[tuple[float, float], ...]
) -> None:
    window, georef = place_picture(Georef(), SHAPE, box=box, extent=extent, crs=None)  # type: ignore[arg-type]
    left, upper, right, lower = box or (0, 0, 800, 600)
    first = georef.transform @ (left - window.col, upper - window.row)
    last = georef.transform @ (right - window.col, lower - window.row)
    assert first == pytest.approx(corners[0], rel=1e-12, abs=1e-15)
    assert last == pytest.approx(corners[1], rel=1e-12, abs=1e-15)
    assert (georef.crs, georef.gcps) == (None, ())


def test_the_figure_of_the_issue_has_the_bounds_of_its_axes() -> None:
    window, georef = place_picture(Georef(), (720, 800), box=(115, 72, 691, 648), extent=(0, -3, 6, 3), crs=DEGREES)
    assert window == Window(row=72, col=115, rows=576, cols=576)
    assert georef.bounds((576, 576)) == (0, -3, 6, 3)
    assert georef.crs == DEGREES


@pytest.mark.parametrize(
    ("box", "window"),
    [
        ((0, 0, 800, 600), WHOLE),
        ((-0.4, -0.3, 800.5, 600.4), WHOLE),
        ((10.5, 10.6, 12.5, 12.6), Window(row=11, col=10, rows=2, cols=2)),  # columns 10 and 11, rows 11 and 12
        ((799, 599, 800, 600), Window(row=599, col=799, rows=1, cols=1)),
    ],
)
def test_a_pixel_belongs_to_the_box_that_holds_its_middle(box: tuple[float, ...], window: Window) -> None:
    found, georef = place_picture(PLACE, SHAPE, box=box)  # type: ignore[arg-type]
    assert found == window
    assert georef.transform @ (0, 0) == PLACE.transform @ (window.col, window.row)


def test_a_box_moves_gcps_and_rpcs_and_changes_nothing_that_was_given() -> None:
    window, georef = place_picture(Georef(gcps=GCPS, gcp_crs=DEGREES, rpcs=RPCS), SHAPE, box=(100, 50, 300, 250))
    assert [(gcp.col, gcp.row, gcp.x, gcp.y, gcp.id) for gcp in georef.gcps] == [
        (gcp.col - 100, gcp.row - 50, gcp.x, gcp.y, gcp.id) for gcp in GCPS
    ]
    assert georef.rpcs is not None
    assert (georef.rpcs.line_off, georef.rpcs.samp_off) == (250.5, 300.25)
    assert (RPCS.line_off, GCPS[0].col) == (300.5, 0)
    assert (window.rows, window.cols, georef.gcp_crs) == (200, 200, DEGREES)


@pytest.mark.parametrize(
    "place", [{"crs": UTM, "transform": PLACE.transform}, {"gcps": (GCPS, DEGREES)}, {"rpcs": RPCS}], ids=str
)
def test_a_part_lies_where_gdal_translate_puts_it(
    place: dict[str, Any], tmp_path: Path, draw_raster: Callable[..., Path]
) -> None:
    program = shutil.which("gdal_translate")
    if program is None:
        pytest.skip("the program gdal_translate is not installed")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}
    path = draw_raster(tmp_path / "whole.tif", np.zeros(SHAPE, np.uint8), **place)
    command = [program, "-q", "-srcwin", "100", "50", "200", "300", str(path), str(tmp_path / "part.tif")]
    subprocess.run(command, check=True, env=own)
    with open_raster(path) as whole, open_raster(tmp_path / "part.tif") as part:
        moved = move_georef(whole.georef, Window(row=50, col=100, rows=300, cols=200))
        assert moved.transform == part.georef.transform
        assert [(g.col, g.row, g.x, g.y) for g in moved.gcps] == [(g.col, g.row, g.x, g.y) for g in part.georef.gcps]
        assert moved.rpcs == part.georef.rpcs
        assert (moved.crs, moved.gcp_crs) == (part.georef.crs, part.georef.gcp_crs)


def test_gcps_belong_to_the_whole_picture() -> None:
    window, georef = place_picture(Georef(), SHAPE, gcps=GCPS, crs=DEGREES, box=(100, 50, 300, 250))
    assert [(gcp.col, gcp.row) for gcp in georef.gcps] == [(gcp.col - 100, gcp.row - 50) for gcp in GCPS]
    assert (georef.gcp_crs, georef.crs, georef.has_transform) == (DEGREES, None, False)
    assert (window.row, window.col) == (50, 100)


@pytest.mark.parametrize(
    "options", [{"extent": (0, 0, 8, 6)}, {"gcps": GCPS}, {"extent": (0, 0, 8, 6), "crs": DEGREES}], ids=str
)
@pytest.mark.parametrize("georef", [PLACE, Georef(gcps=GCPS, gcp_crs=UTM), Georef(rpcs=RPCS)], ids=["a", "b", "c"])
def test_a_place_that_is_replaced_is_said(georef: Georef, options: dict[str, Any]) -> None:
    option = "gcps" if "gcps" in options else "extent"
    with pytest.warns(LossWarning, match=f"georeferenced already; --{option} replaces where it lies"):
        _, found = place_picture(georef, SHAPE, **options)
    assert found.rpcs is None
    assert found.has_transform == (option == "extent")
    own = georef.crs or georef.gcp_crs
    assert (found.crs or found.gcp_crs) == options.get("crs", own)


def test_a_plain_picture_is_placed_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        place_picture(Georef(), SHAPE, extent=(0, 0, 8, 6))
        place_picture(Georef(crs=UTM), SHAPE, gcps=GCPS)


def test_a_crs_names_that_of_a_place_without_one() -> None:
    world_file = Georef(transform=PLACE.transform)
    assert place_picture(world_file, SHAPE, crs=UTM)[1].crs == UTM
    assert place_picture(Georef(gcps=GCPS), SHAPE, crs=DEGREES)[1].gcp_crs == DEGREES
    assert place_picture(PLACE, SHAPE, crs=UTM)[1].crs == UTM


@pytest.mark.parametrize(
    ("georef", "options", "message"),
    [
        (
            Georef(),
            {"crs": UTM},
            "--crs says in which CRS coordinates are, and there are none; give --extent or --gcps",
        ),
        (Georef(), {"crs": UTM, "box": (0, 0, 9, 9)}, "--crs says in which CRS"),
        (PLACE, {"crs": DEGREES}, "lies in EPSG:32616 already, and --crs does not warp it to EPSG:4326; leave --crs"),
        (Georef(gcps=GCPS, gcp_crs=UTM), {"crs": DEGREES}, "lies in EPSG:32616 already"),
        (Georef(), {"extent": (0, 0, 1, 1), "gcps": GCPS}, "--extent and --gcps both say where the picture lies"),
        (Georef(), {"extent": (3, 0, 3, 1)}, "the extent 3,0,3,1 has no width; write xmin,ymin,xmax,ymax"),
        (Georef(), {"extent": (0, 2, 3, 2)}, "the extent 0,2,3,2 has no height; write xmin,ymin,xmax,ymax"),
        (Georef(), {"extent": (math.nan, 0, 3, 1)}, "the extent nan,0,3,1 is none; write"),
        (Georef(), {"extent": (0, 0, math.inf, 1)}, "the extent 0,0,inf,1 is none; write"),
        (Georef(), {"extent": (-1e308, 0, 1e308, 1)}, "the extent -1e[+]308,0,1e[+]308,1 is none; write"),
        (Georef(), {"extent": (30, -90, 31, -89), "crs": DEGREES, "box": (9, 9, 1, 20)}, "the box 9,9,1,20 is empty"),
        (Georef(), {"extent": (30, -91, 31, -89), "crs": DEGREES}, "has latitudes beyond 90 degrees"),
        (Georef(), {"box": (5, 5, 5, 9)}, "the box 5,5,5,9 is empty; write left,upper,right,lower in pixels"),
        (Georef(), {"box": (0, 0, math.nan, 9)}, "the box 0,0,nan,9 is none; write left,upper,right,lower as finite"),
    ],
)
def test_options_that_contradict_are_refused(georef: Georef, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        place_picture(georef, SHAPE, **options)


@pytest.mark.parametrize("box", [(-3, 0, 9, 9), (0, 0, 801, 9), (0, 0, 9, 700), (900, 700, 910, 710)])
def test_a_box_outside_of_the_picture_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(DataError, match="reaches beyond the picture, which is 0,0,800,600"):
        place_picture(Georef(), SHAPE, box=box, extent=(0, 0, 1, 1))  # type: ignore[arg-type]


def test_a_box_between_the_middles_of_pixels_is_refused() -> None:
    with pytest.raises(DataError, match=r"the box 5\.6,5,6\.4,9 holds no middle of a pixel"):
        place_picture(Georef(), SHAPE, box=(5.6, 5, 6.4, 9))
