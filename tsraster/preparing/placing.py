"""Where a picture, or the part of it within a plot box, lies: `place_picture`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from affine import Affine

from tsraster.errors import DataError, LossWarning, UsageError
from tsraster.raster import Georef, Window

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge of a rectangle of a picture, in pixels; pixel corners are whole numbers."""
Extent = tuple[float, float, float, float]
"""What the left, lower, right and upper edge have as x, y, x, y on the map."""


def place_picture(
    georef: Georef,
    shape: tuple[int, int],
    *,
    box: Box | None = None,
    extent: Extent | None = None,
    gcps: Sequence[Any] = (),
    crs: Any = None,
) -> tuple[Window, Georef]:
    """Decide which part of a picture is kept, and where it lies.

    - Nothing given: all of the picture, which lies where it lay.
    - `box` alone: the part in the box; transform, GCPs and RPCs are moved with it.
    - `extent` alone: all of the picture, whose outer edges have these coordinates.
    - `box` and `extent`: the part in the box, whose edges have these coordinates, also where they are no whole pixels.
    - `gcps`: all of the picture or the part in the box; the GCPs, which belong to the whole picture, are moved with it.
    - `extent` and `gcps` contradict each other.
    - `crs` is that of the extent or the GCPs; by default that of the picture, if it has one. With neither it names the CRS of a
      picture that has a place and no CRS, such as one with a world file.
    - A picture that has a place already loses it to `extent` or `gcps`, which is said.

    Parameters
    ----------
    georef : Georef
        Of the whole picture.
    shape : (rows, cols)
        Of the whole picture.
    box : (left, upper, right, lower), optional
        Edges, in pixels; a pixel belongs to it whose middle is inside.
    extent : (xmin, ymin, xmax, ymax), optional
        x of the left, y of the lower, x of the right and y of the upper edge, in map units; x may fall to the right, and y to
        the top, where an axis is reversed.
    gcps : sequence of rasterio.control.GroundControlPoint, optional
        As `tsraster.reading.read_gcps` gives them.
    crs : rasterio.crs.CRS, optional
        Of x and y.

    Returns
    -------
    (Window, Georef)
        The part of the picture, and the place of that part.

    Raises
    ------
    UsageError
        The options contradict each other, or the box or the extent is none.
    DataError
        The box reaches beyond the picture, or holds no pixel.

    Warns
    -----
    LossWarning
        The place that the picture had is replaced.

    Examples
    --------
    >>> window, place = place_picture(Georef(), (720, 800), box=(115, 72, 691, 648), extent=(0, -3, 6, 3))
    >>> window
    Window(row=72, col=115, rows=576, cols=576)
    >>> place.bounds((window.rows, window.cols))
    (0.0, -3.0, 6.0, 3.0)
    """
    window = crop_box(box, shape)
    if extent is not None and gcps:
        raise UsageError("--extent and --gcps both say where the picture lies; give one of them")
    if extent is None and not gcps:
        return window, move_georef(_name_crs(georef, crs), window)
    if georef.has_transform or georef.gcps or georef.rpcs is not None:
        option = "--gcps" if gcps else "--extent"
        warnings.warn(
            f"the picture is georeferenced already; {option} replaces where it lies", LossWarning, stacklevel=2
        )
    known = crs or georef.crs or georef.gcp_crs
    if extent is None:
        return window, move_georef(Georef(gcps=tuple(gcps), gcp_crs=known), window)
    _check_degrees(extent, known)
    edges = box or (0, 0, shape[1], shape[0])
    return window, move_georef(Georef(crs=known, transform=frame_box(edges, extent)), window)


def crop_box(box: Box | None, shape: tuple[int, int]) -> Window:
    """Return the pixels whose middle is in a box; all of them where there is none.

    Raises
    ------
    UsageError
        The edges are not finite, or not in order.
    DataError
        It reaches beyond the picture of `shape`, or holds no pixel.

    Examples
    --------
    >>> crop_box((10.4, 0, 12.5, 3), (3, 20))
    Window(row=0, col=10, rows=3, cols=2)
    """
    rows, cols = shape
    if box is None:
        return Window(row=0, col=0, rows=rows, cols=cols)
    text = ",".join(f"{edge:.10g}" for edge in box)
    if not all(map(math.isfinite, box)):
        raise UsageError(f"the box {text} is none; write left,upper,right,lower as finite numbers of pixels")
    if box[0] >= box[2] or box[1] >= box[3]:
        raise UsageError(
            f"the box {text} is empty; write left,upper,right,lower in pixels, counted from the upper left corner"
        )
    left, upper, right, lower = (math.ceil(edge - 0.5) for edge in box)
    if left < 0 or upper < 0 or right > cols or lower > rows:
        raise DataError(f"the box {text} reaches beyond the picture, which is 0,0,{cols},{rows}")
    if left == right or upper == lower:
        raise DataError(f"the box {text} holds no middle of a pixel; let it be a pixel wide and high at least")
    return Window(row=upper, col=left, rows=lower - upper, cols=right - left)


def frame_box(box: Box, extent: Extent) -> Affine:
    """Return the transform from (column, row) of the whole picture under which the edges of a box have an extent.

    Raises
    ------
    UsageError
        The extent has no width or no height, or is not finite.

    Examples
    --------
    >>> frame_box((100, 50, 300, 150), (0, 10, 4, 20)) @ (100, 50)
    (0.0, 20.0)
    """
    left, upper, right, lower = box
    xmin, ymin, xmax, ymax = extent
    width, height = (xmax - xmin) / (right - left), (ymin - ymax) / (lower - upper)
    text = ",".join(f"{edge:.10g}" for edge in extent)
    if not all(map(math.isfinite, (*extent, width, height))):
        raise UsageError(f"the extent {text} is none; write xmin,ymin,xmax,ymax as finite numbers")
    if not width or not height:
        raise UsageError(f"the extent {text} has no {'height' if width else 'width'}; write xmin,ymin,xmax,ymax")
    return Affine(width, 0.0, xmin - left * width, 0.0, height, ymax - upper * height)


def move_georef(georef: Georef, window: Window) -> Georef:
    """Return the place of a part of a raster.

    Parameters
    ----------
    georef : Georef
        Of the whole.
    window : Window
        The part.

    Returns
    -------
    Georef
        The coordinates are the same; the transform, the GCPs and the offsets of the RPCs count from the corner of the part.

    Examples
    --------
    >>> place = Georef(transform=Affine(30, 0, 600000, 0, -30, 4500000))
    >>> moved = move_georef(place, Window(row=10, col=2, rows=5, cols=5))
    >>> moved.transform.c, moved.transform.f
    (600060.0, 4499700.0)
    """
    if not window.row and not window.col:
        return georef
    transform = georef.transform
    if georef.has_transform:
        transform = transform @ Affine.translation(window.col, window.row)
    gcps = tuple(_shift(gcp, row=window.row, col=window.col) for gcp in georef.gcps)
    rpcs = None if georef.rpcs is None else _shift(georef.rpcs, line_off=window.row, samp_off=window.col)
    return replace(georef, transform=transform, gcps=gcps, rpcs=rpcs)


def _shift(thing: Any, **offsets: int) -> Any:
    """Return a copy whose attributes are lower by what is given."""
    shifted = copy(thing)
    for name, offset in offsets.items():
        setattr(shifted, name, getattr(thing, name) - offset)
    return shifted


def _name_crs(georef: Georef, crs: Any) -> Georef:
    """Give a place without a CRS the one that the user names."""
    if crs is None:
        return georef
    if not georef.has_transform and not georef.gcps:
        raise UsageError("--crs says in which CRS coordinates are, and there are none; give --extent or --gcps too")
    own = georef.crs if georef.has_transform else georef.gcp_crs
    if own is not None and own != crs:
        raise UsageError(
            f"the picture lies in {own.to_string()} already, and --crs does not warp it to {crs.to_string()}; leave --crs out"
        )
    return replace(georef, crs=crs) if georef.has_transform else replace(georef, gcp_crs=crs)


def _check_degrees(extent: Extent, crs: Any) -> None:
    is_in_degrees = crs is not None and crs.is_geographic and crs.units_factor[0].lower().startswith("degree")
    if is_in_degrees and max(abs(extent[1]), abs(extent[3])) > 90:
        raise UsageError(
            f"the extent {','.join(f'{edge:.10g}' for edge in extent)} has latitudes beyond 90 degrees; write "
            "xmin,ymin,xmax,ymax, where x is the longitude, and the CRS of these coordinates"
        )
