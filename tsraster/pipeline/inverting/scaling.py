"""Which value each color of a picture stands for: by a colormap, a file, or the color bar in the picture itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.inversion.bars.barfinding import find_bars
from tsraster.inversion.bars.calibration import calibrate_bar
from tsraster.inversion.bars.colorbars import Box, ColorBar, check_box, read_bar
from tsraster.inversion.bars.ticks import ValueFit, check_scale, parse_ticks
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.scales import densify, scale_from_lut
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles.colormaps import find_drawn_colors
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.inverting.invertjob import read_picture
from tsraster.pipeline.luts import load_lut
from tsraster.raster import Raster, Window

AUTO = "auto"

_MOST_SEARCHED = 2000
"""Rows or columns of the picture in which a color bar is looked for; of a larger one every n-th pixel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChosenScale:
    """A scale of colors, and where it is from."""

    scale: ColorScale
    origin: str
    """The colormap, file or color bar, as a text."""
    background: RGBA | None = None
    """What the color table has for pixels without data."""
    bar: ColorBar | None = None
    """Where it is from a color bar."""
    box: Box | None = None
    """That was given for the bar, or found: with its frame."""
    fit: ValueFit | None = None
    """How values lie along that."""
    is_found: bool = False
    """Whether the bar was found by itself."""
    others: tuple[Box, ...] = ()
    """What else in the picture looks like a color bar."""


def choose_scale(
    raster: Raster,
    *,
    colormap: Lut | PathLike | None,
    colorbar: str | Sequence[int] | None,
    ticks: str | None,
    vmin: float | None,
    vmax: float | None,
    scale: str | None,
) -> ChosenScale:
    """Return the scale that the user asks for.

    Raises
    ------
    UsageError
        The options contradict each other, or are wrong.
    UnknownNameError, LutError, MissingExtraError
        The colormap cannot be had.
    DataError
        There is no color bar, or it has one color.
    """
    if (colormap is None) == (colorbar is None):
        raise UsageError(
            "give either --colormap NAME or FILE, or --colorbar x0,y0,x1,y1 or auto, to say which value each color stands for"
        )
    if colormap is not None:
        if ticks is not None:
            raise UsageError("--ticks belong to --colorbar; for a colormap give --vmin and --vmax")
        return _take_colormap(colormap, vmin, vmax, log=check_scale(scale) == "log")
    return _take_bar(raster, colorbar or (), ticks, vmin, vmax, scale)


def _take_colormap(colormap: Lut | PathLike, vmin: float | None, vmax: float | None, *, log: bool) -> ChosenScale:
    lut = load_lut(colormap)
    name = os.fspath(colormap) if not isinstance(colormap, Lut) else lut.name
    found = scale_from_lut(lut, vmin=vmin, vmax=vmax, log=log, twins=_find_twins(lut, name))
    background = lut.nodata if lut.nodata[3] == 255 else None
    return ChosenScale(scale=found, origin=f"the colormap {name}", background=background)


def _find_twins(lut: Lut, name: str) -> NDArray[np.uint8] | None:
    """Return the colors as matplotlib draws them, if it is a colormap of matplotlib and none of the same name."""
    drawn = find_drawn_colors(name)
    if drawn is None or len(drawn) != len(lut):
        return None
    return drawn if np.abs(lut.array[:, :3].astype(int) - drawn).max() <= 1 else None


def _take_bar(
    raster: Raster,
    colorbar: str | Sequence[int],
    ticks: str | None,
    vmin: float | None,
    vmax: float | None,
    scale: str | None,
) -> ChosenScale:
    marks = None if ticks is None else parse_ticks(ticks)
    is_found = colorbar == AUTO
    if is_found:
        box, others = _find_box(raster)
    else:
        box, others = check_box(_parse_box(colorbar), raster.shape), ()
    left, top, right, bottom = box
    colors = read_picture(raster, Window(row=top, col=left, rows=bottom - top, cols=right - left))
    bar = read_bar(colors.data, left, top)
    name = f"the color bar at {','.join(map(str, box))}"
    try:
        calibrated, fit = calibrate_bar(bar, ticks=marks, vmin=vmin, vmax=vmax, scale=scale, name=name)
    except UsageError as error:
        if not is_found:
            raise
        # The user must see where it is to give ticks in its pixels.
        raise UsageError(f"{error}; {name} was found by itself") from None
    return ChosenScale(
        scale=densify(calibrated), origin=name, bar=bar, box=box, fit=fit, is_found=is_found, others=others
    )


def _parse_box(colorbar: str | Sequence[int]) -> Sequence[int]:
    if not isinstance(colorbar, str):
        return colorbar
    try:
        return [int(part) for part in colorbar.split(",")]
    except ValueError:
        raise UsageError(
            f"--colorbar {colorbar} is no box; give left,top,right,bottom in whole pixels, or auto"
        ) from None


def _find_box(raster: Raster) -> tuple[Box, tuple[Box, ...]]:
    """Look for a color bar in a picture, every n-th pixel of a large one."""
    rows, cols = raster.shape
    step = -(-max(rows, cols) // _MOST_SEARCHED)
    try:
        found = find_bars(_read_decimated(raster, step))
    except DataError as error:
        raise DataError(f"{raster.name}: {error}") from None
    boxes = [_enlarge(bar.box, step, raster.shape) for bar in found]
    return boxes[0], tuple(boxes[1:])


def _read_decimated(raster: Raster, step: int) -> NDArray[np.uint8]:
    rows, cols = raster.shape
    if step == 1:
        return read_picture(raster, Window(row=0, col=0, rows=rows, cols=cols)).data
    lines = [
        read_picture(raster, Window(row=row, col=0, rows=1, cols=cols)).data[:, :, ::step]
        for row in range(0, rows, step)
    ]
    return np.concatenate(lines, axis=1)


def _enlarge(box: Box, step: int, shape: tuple[int, int]) -> Box:
    """Return a box of a decimated picture in pixels of the whole one."""
    left, top, right, bottom = box
    return left * step, top * step, min(right * step, shape[1]), min(bottom * step, shape[0])
