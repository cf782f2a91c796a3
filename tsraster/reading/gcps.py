"""Ground control points from a file: `read_gcps`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from tsraster.errors import MissingSourceError, ReadError, UsageError
from tsraster.reading.crs import is_in_degrees, parse_crs
from tsraster.reading.gcptext import PointFile, PointList, PointRow, parse_points

_MOST_BYTES = 4 * 2**20
"""Some forty thousand points; a file that is larger is something else."""
_FEWEST = 3
_MARGIN = 0.01
"""A point may lie beyond the edge of a picture by this share of its size and a pixel more: edges are clicked by hand."""
_ON_A_LINE = 1e-6
"""Of the length along which points lie; their spread across it is at least this."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ControlPoints:
    """Points whose place is known both in a picture and on the map."""

    gcps: tuple[GroundControlPoint, ...]
    """Columns and rows as GDAL counts them: pixel corners are whole numbers, and rows go down from the upper edge."""
    crs: CRS | None
    """Of x and y; x is easting or longitude. None where neither the file nor the user says it."""
    lines: tuple[int, ...]
    """The line of each point in the file, counted from 1."""
    disabled: tuple[int, ...] = ()
    """The lines of points that are switched off in the file, and left out."""
    source: str
    """The file, as it was named."""


def read_gcps(
    path: str | os.PathLike[str], crs: str | None = None, *, shape: tuple[int, int] | None = None
) -> ControlPoints:
    """Read ground control points, in whatever form the content is found to have.

    Forms are ``.points`` files of all versions of QGIS; CSV with the columns col, row, x, y and perhaps z, id and enable, in any
    order, between commas, semicolons or tabs (pixel and line, easting and northing, lon and lat are understood too); text
    with ``-gcp pixel line easting northing [elevation]``, as for ``gdal_translate``; and a ``GCPList`` in a VRT or an
    ``.aux.xml``.

    Parameters
    ----------
    path : path
        The file, in UTF-8 and of at most 4 MB.
    crs : str, optional
        Text of the CRS of x and y; by default what the file says.
    shape : (rows, cols), optional
        Of the picture, to find points that lie outside of it.

    Returns
    -------
    ControlPoints

    Raises
    ------
    UsageError
        `crs` is none.
    MissingSourceError, ReadError
        The file is not there, or cannot be read: it has none of the forms, or something in it is no number.
    DataError
        The points tie the picture to no place: they are fewer than three, lie on a line, two have the same place in the
        picture, or one lies outside of it; or latitudes are beyond 90 degrees.

    Notes
    -----
    A ``.points`` file that QGIS made of a picture that was georeferenced already holds map coordinates in place of columns
    and rows. That is found where they are positive, or where they lie outside of `shape`.
    """
    file = PointFile(name=os.fspath(path), text=_read_text(os.fspath(path)))
    given = None if crs is None else parse_crs(crs)
    found = parse_points(file)
    known = given or _parse_own_crs(file, found)
    _check_distinct(file, found)
    _check_inside(file, found.rows, shape)
    if is_in_degrees(known):
        _check_degrees(file, found.rows)
    _check_spread(file, found.rows)
    return ControlPoints(
        gcps=tuple(_make_gcp(i, row) for i, row in enumerate(found.rows, start=1)),
        crs=known,
        lines=tuple(row.line for row in found.rows),
        disabled=tuple(found.disabled),
        source=file.name,
    )


def _read_text(name: str) -> str:
    try:
        size = os.stat(name).st_size
        if size > _MOST_BYTES:
            raise ReadError(
                f"{name} has {size / 2**20:.0f} MB and is no list of control points, which has at most 4 MB"
            )
        data = Path(name).read_bytes()
    except FileNotFoundError:
        raise MissingSourceError(f"{name} does not exist") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ReadError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"{name} cannot be read as control points ({reason})") from None
    if not data.strip():
        raise ReadError(f"{name} is empty")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(f"{name}, line {line}: this is not UTF-8 text; save the file as UTF-8") from None


def _parse_own_crs(file: PointFile, found: PointList) -> CRS | None:
    try:
        return parse_crs(found.crs) if found.crs else None
    except UsageError as error:
        raise file.unreadable(f"{error}; or say it by --crs", found.crs_line) from None


def _check_distinct(file: PointFile, found: PointList) -> None:
    seen: dict[tuple[float, float], int] = {}
    for row in found.rows:
        first = seen.get((row.col, row.row))
        seen[row.col, row.row] = row.line
        if first is not None:
            raise file.impossible(
                f"the point at column {row.col:.10g}, row {row.row:.10g} stands in line {first} too; leave out one of them",
                row.line,
            )
    if len(seen) < _FEWEST:
        off = f" ({len(found.disabled)} more are switched off)" if found.disabled else ""
        raise file.impossible(
            f"{len(seen)} control points{off}; a picture is placed by three at least that do not lie on a line"
        )


def _check_inside(file: PointFile, rows: list[PointRow], shape: tuple[int, int] | None) -> None:
    """Refuse what is clearly no place in the picture; without its shape, what is beyond the upper left corner."""
    height, width = shape or (max(row.row for row in rows), max(row.col for row in rows))
    across, down = 1 + _MARGIN * width, 1 + _MARGIN * height
    for row in rows:
        if -across <= row.col <= width + across and -down <= row.row <= height + down:
            continue
        size = f"of {width} x {height} pixels " if shape else ""
        raise file.impossible(
            f"column {row.col:.10g}, row {row.row:.10g} lies outside of the picture {size}(rows count from the top down; in a "
            "file of QGIS it may be a map coordinate, where the picture was georeferenced already)",
            row.line,
        )


def _check_degrees(file: PointFile, rows: list[PointRow]) -> None:
    for row in rows:
        if abs(row.y) > 90 or abs(row.x) > 540:
            raise file.impossible(
                f"x {row.x:.10g}, y {row.y:.10g} is no longitude and latitude in degrees; x is the longitude, and the CRS "
                "is that of x and y",
                row.line,
            )


def _check_spread(file: PointFile, rows: list[PointRow]) -> None:
    for what, places in (
        ("in the picture", [(row.col, row.row) for row in rows]),
        ("on the map", [(row.x, row.y) for row in rows]),
    ):
        centered = np.array(places) - np.mean(places, axis=0)
        along, across = np.linalg.svd(centered, compute_uv=False)
        if across <= _ON_A_LINE * along:
            raise file.impossible(f"the control points lie on one line {what}; add one that is beside it")


def _make_gcp(number: int, row: PointRow) -> GroundControlPoint:
    """Name a point by its number where it has no name, as a GeoTIFF does."""
    return GroundControlPoint(row=row.row, col=row.col, x=row.x, y=row.y, z=row.z, id=row.id or str(number))
