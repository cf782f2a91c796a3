"""Read a color bar from a picture: which color stands where along it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.inversion.bars.barprofile import ALIKE, FEWEST, BarProfile, distance, trim_bar
from tsraster.inversion.bars.barsteps import color_steps, find_steps

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are not part of it."""

Axis = Literal["x", "y"]

_LEAST_PROPORTION = 1.5
"""A bar is at least so many times as long as wide."""

_DEVIANT = 16.0
"""A position that lies farther than this from its neighbors along the bar is a notch, a divider or a letter."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ColorBar:
    """The colors of a bar in a picture, by their position.

    Parameters
    ----------
    box : tuple of int
        Left, top, right, bottom of the colors alone, without frame and pointed ends; in pixels of the picture, half open.
    axis : x or y
        Along which axis of the picture the colors vary.
    edges : tuple of float
        Where the bar begins and ends along the axis, the smaller position first: the middle of its frame, as plotting
        programs draw it, else the outer edges of its first and last pixel.
    positions : array of float64, shape (N,)
        Increasing, in pixels of the picture along the axis: column 12 is 12.5. For a stepped bar the middles of the steps.
    colors : array of float64, shape (N, 3)
        Red, green, blue, 0 to 255, at each position.
    step_edges : array of float64, shape (N + 1,), or None
        Where each step of a stepped bar begins and ends; None for a bar without steps.
    pointed : tuple of bool
        Whether the bar has a pointed end, for values beyond it, before its first edge and behind its last.
    disturbed : int
        How many positions notches, dividers or letters cross, so that their colors come from those beside them.
    """

    box: Box
    axis: Axis
    edges: tuple[float, float]
    positions: NDArray[np.float64]
    colors: NDArray[np.float64]
    step_edges: NDArray[np.float64] | None = None
    pointed: tuple[bool, bool] = (False, False)
    disturbed: int = 0

    @property
    def is_stepped(self) -> bool:
        """Whether the bar has runs of one color with sharp jumps between them, as a legend of classes."""
        return self.step_edges is not None

    @property
    def is_long(self) -> bool:
        """Whether it is clearly longer than wide, as color bars are and plots are not."""
        left, top, right, bottom = self.box
        width = bottom - top if self.axis == "x" else right - left
        return self.length >= _LEAST_PROPORTION * width

    @property
    def length(self) -> float:
        """From edge to edge, in pixels."""
        return self.edges[1] - self.edges[0]


def check_box(box: Sequence[int], shape: tuple[int, int], *, option: str = "--colorbar") -> Box:
    """Return a box if it is one, and lies in a picture.

    Parameters
    ----------
    box : whole numbers
        Left, top, right, bottom in pixels, half open.
    shape : tuple of int
        Rows and columns of the picture.
    option : str
        What gave the box, for the text of an error.

    Raises
    ------
    UsageError
        The box has not four numbers, is empty, or lies outside of the picture.

    Examples
    --------
    >>> check_box([10, 20, 30, 400], (480, 640))
    (10, 20, 30, 400)
    """
    if len(box) != 4:
        raise UsageError(f"{option} has {len(box)} numbers; give left,top,right,bottom in pixels")
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        raise UsageError(
            f"{option} {left},{top},{right},{bottom} is empty; left must be below right, and top below bottom (rows count down)"
        )
    rows, cols = shape
    if left < 0 or top < 0 or right > cols or bottom > rows:
        raise UsageError(
            f"{option} {left},{top},{right},{bottom} lies outside of the picture, which has {cols} columns and {rows} rows; "
            f"give left,top,right,bottom in pixels from 0,0 to {cols},{rows}"
        )
    return left, top, right, bottom


def read_bar(pixels: NDArray[np.uint8], left: int = 0, top: int = 0) -> ColorBar:
    """Read a color bar from the box that holds it.

    The box may be loose. A frame, margins of one color, pointed ends and notches of ticks are left out; colors are medians
    across the bar. Positions that something crosses entirely get the colors between those beside them.

    Parameters
    ----------
    pixels : array of uint8, shape (band, row, col)
        Red, green, blue of the box.
    left, top : int
        Where the box begins in the picture, in pixels.

    Returns
    -------
    ColorBar
        In coordinates of the picture.

    Raises
    ------
    DataError
        The box is too small, is of one color, or holds no bar.

    Notes
    -----
    The bar lies along the longer side of the box, unless that has one color only. Equal colors that follow each other are
    kept: a colormap that saturates has them.

    Examples
    --------
    >>> gray = np.full((3, 12, 104), 255, np.uint8)
    >>> gray[:, 1:-1, 1:-1] = 0
    >>> gray[:, 2:-2, 2:-2] = np.arange(50, 250, 2)
    >>> bar = read_bar(gray, left=20, top=300)
    >>> bar.box, bar.axis, bar.edges
    ((22, 302, 122, 310), 'x', (21.5, 122.5))
    >>> bar.positions[:2], bar.colors[:2]
    (array([22.5, 23.5]), array([[50., 50., 50.], [52., 52., 52.]]))
    """
    _, rows, cols = pixels.shape
    what = f"the box {left},{top},{left + cols},{top + rows}"
    if max(rows, cols) < FEWEST:
        raise DataError(f"{what} is too small for a color bar: {FEWEST} pixels along are the least; give a larger box")
    colors = np.moveaxis(pixels[:3], 0, -1).astype(np.float32)
    longer, shorter = _Way("x", left, top), _Way("y", left, top)
    if rows > cols:
        longer, shorter = shorter, longer
    try:
        bar = longer.read(colors)
        if bar.is_long or _is_even(colors, bar, left, top):
            return bar
        problem = DataError("its colors vary across as much as along")
    except DataError as error:
        problem = error
    with suppress(DataError):
        bar = shorter.read(colors)
        if bar.is_long or _is_even(colors, bar, left, top):
            return bar
    raise DataError(f"{what} holds no color bar: {problem}; give left,top,right,bottom of the bar in pixels")


def _is_even(colors: NDArray[np.float32], bar: ColorBar, left: int, top: int) -> bool:
    """Whether most pixels across a bar have its colors; it need not be told of one that is long."""
    x0, y0, x1, y1 = bar.box
    strip = colors[y0 - top : y1 - top, x0 - left : x1 - left]
    strip = strip if bar.axis == "y" else strip.swapaxes(0, 1)
    usual = np.median(strip, axis=1, keepdims=True)
    return bool(np.quantile(distance(strip, usual), 0.8) <= ALIKE)


@dataclass(frozen=True)
class _Way:
    """One of the two ways a bar can lie in a box."""

    axis: Axis
    left: int
    top: int

    def read(self, colors: NDArray[np.float32]) -> ColorBar:
        """Read a bar that lies this way in colors, shape (row, col, 3)."""
        profile = trim_bar(colors if self.axis == "x" else colors.transpose(1, 0, 2))
        offset = self.left if self.axis == "x" else self.top
        return _build_bar(profile, box=self._place(profile), axis=self.axis, offset=offset)

    def _place(self, profile: BarProfile) -> Box:
        (x0, x1), (y0, y1) = profile.along, profile.across
        if self.axis == "y":
            (x0, x1), (y0, y1) = (y0, y1), (x0, x1)
        return self.left + x0, self.top + y0, self.left + x1, self.top + y1


def _build_bar(profile: BarProfile, *, box: Box, axis: Axis, offset: int) -> ColorBar:
    disturbed = _find_disturbed(profile)
    if 2 * disturbed.sum() > len(disturbed):
        raise DataError("its colors vary across as much as along")
    colors = _bridge(profile.colors, disturbed)
    start, (first, last) = offset + profile.along[0], (offset + edge for edge in profile.edges)
    bar = ColorBar(
        box=box,
        axis=axis,
        edges=(first, last),
        positions=np.arange(len(colors), dtype=np.float64) + (start + 0.5),
        colors=colors,
        pointed=profile.pointed,
        disturbed=int(disturbed.sum()),
    )
    jumps = find_steps(colors)
    if jumps is None:
        return bar
    borders = np.concatenate([[first], start + jumps, [last]])
    middles = (borders[1:] + borders[:-1]) / 2
    return replace(bar, positions=middles, colors=color_steps(colors, jumps), step_edges=borders)


def _find_disturbed(profile: BarProfile) -> NDArray[np.bool_]:
    """Return where something crosses the bar: colors that lie off those beside them, or that few lines have."""
    from scipy.ndimage import binary_dilation, median_filter

    size = len(profile.colors)
    window = min(2 * max(4, size // 80) + 1, size // 2 * 2 - 1)
    off = distance(profile.colors, median_filter(profile.colors, size=(window, 1), mode="nearest"))
    deviant = off > max(_DEVIANT, 6 * float(np.median(off)))
    near = binary_dilation(deviant) & (off > _DEVIANT / 4)
    return np.asarray(deviant | near | (profile.agreement < 0.5))


def _bridge(colors: NDArray[np.float64], disturbed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return colors with those that are disturbed between their neighbors."""
    places = np.arange(len(colors))
    good = places[~disturbed]
    return np.stack([np.interp(places, good, colors[good, band]) for band in range(3)], axis=-1)
