"""The points of a point count on the class map."""

from __future__ import annotations

import os
from math import sqrt
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.measuring import ClassShare
from tsraster.pipeline.classify import Classification
from tsraster.pipeline.pointcount import PointCount, PointShare
from tsraster.plots.classmap import draw_classes
from tsraster.plots.figure import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LARGEST, _SMALLEST = 20.0, 1.0
"""Area of the mark of a point, in square points of print: for a few points, and for thousands."""


def plot_points(count: PointCount, path: str | os.PathLike[str]) -> None:
    """Draw the points of a point count on the class map, with their percentages and those of the map.

    Parameters
    ----------
    count : PointCount
        As `tsraster.pointcount_file` returns it. Without colors of its own the map is drawn in those of ``categorical``.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    with open_figure(path, size=(1, 1)) as figure:
        axes = draw_classes(figure, _as_classification(count))
        _mark_points(axes, *_locate(count))


def _as_classification(count: PointCount) -> Classification:
    """Return the class map that was counted; the name of a class says what its points say."""
    shares = tuple(
        ClassShare(
            code=share.code,
            interval="",
            name=f"{share.name or share.code}: {_say_percent(share)}",
            pixels=share.pixels,
            percent=share.area_percent,
            area_m2=None,
        )
        for share in count.classes
    )
    codes = tuple(share.code for share in shares)
    kind = "random points" if count.grid == "random" else "points of a regular grid"
    return Classification(
        source=count.source,
        # The table says nothing here but that there is no unit; 0, which is no code of a table, may be a class.
        table=ClassTable(codes=(1,), values=(1,)),
        shares=shares,
        without_data=count.without_class,
        infinite=0,
        outside=0,
        preview=count.preview,
        shape=count.shape,
        georef=count.georef,
        lut=count.lut or _choose_colors(codes),
        label=f"{len(count.codes)} {kind} \N{PLUS-MINUS SIGN} 2 sigma (area of the map)",
        written=(),
    )


def _say_percent(share: PointShare) -> str:
    """Give the percentage with its error; where no point hit, or all did, the ends of the interval, as the error is 0."""
    if share.two_sigma == 0:
        return f"{share.low:.1f} to {share.high:.1f} %"
    return f"{share.percent:.1f} \N{PLUS-MINUS SIGN} {share.two_sigma:.1f} %"


def _choose_colors(codes: tuple[int, ...]) -> Lut:
    """Return colors that are told apart, as many as there are; then they begin again."""
    shipped = read_lut("categorical").colors
    return Lut(
        name="categorical",
        kind="classes",
        keys=codes,
        colors=tuple(shipped[i % len(shipped)] for i in range(len(codes))),
    )


def _locate(count: PointCount) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where points lie along the axes of the map: coordinates, or columns and rows."""
    columns, rows = count.columns + 0.5, count.rows + 0.5
    if count.georef.bounds(count.shape) is None:
        return columns, rows
    transform = count.georef.transform
    return transform.a * columns + transform.c, transform.e * rows + transform.f


def _mark_points(axes: Axes, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Set crosses, black on white, that are seen on any color."""
    size = min(_LARGEST, max(_SMALLEST, 4000 / len(x)))
    for color, width in (("white", 1.5), ("black", 0.6)):
        axes.scatter(x, y, s=size, marker="+", c=color, linewidths=width * min(1.0, sqrt(size / 8)))
