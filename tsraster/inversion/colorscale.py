"""`ColorScale`: which value each color of a colormap stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError

MOST_COLORS = 2**14
"""More than any bar has pixels or any colormap stops; positions then fit 16 bits, with room to spare."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ColorScale:
    """The colors of a colormap in order, and the value that each stands for.

    Parameters
    ----------
    name : str
        What it is called in texts.
    colors : array of float64, shape (N, 3)
        Red, green, blue, 0 to 255; not rounded where they lie between two stops.
    values : array of float64, shape (N,)
        Increasing or decreasing, without ties.
    is_stepped : bool
        Whether nothing lies between two colors, because each stands for a class or an interval of its own.
    log : bool
        Whether values lie along the scale by their logarithm.
    twins : array of float64, shape (N, 3), optional
        The same colors as another program draws them, which cuts off where others round; a pixel may have either.

    Raises
    ------
    DataError
        There are no two different colors, too many of them, or the values are not in order.

    Examples
    --------
    >>> gray = ColorScale(name="gray", colors=np.array([[0, 0, 0], [255, 255, 255]]), values=np.array([10, 20]))
    >>> gray.recolor([12.0])
    array([[51., 51., 51.]])
    """

    name: str
    colors: NDArray[np.float64]
    values: NDArray[np.float64]
    is_stepped: bool = False
    log: bool = False
    twins: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        colors, values = np.asarray(self.colors, np.float64), np.asarray(self.values, np.float64)
        object.__setattr__(self, "colors", colors)
        object.__setattr__(self, "values", values)
        if colors.shape != (len(values), 3) or not 2 <= len(values) <= MOST_COLORS:
            raise DataError(f"{self.name} has {len(values)} colors; a scale of colors has 2 to {MOST_COLORS}")
        if not (colors != colors[0]).any():
            raise DataError(f"{self.name} has one color only, and says nothing of values")
        if self.twins is not None and self.twins.shape != colors.shape:
            raise DataError(f"{self.name} has {len(colors)} colors and {len(self.twins)} twins of them")
        steps = np.diff(values)
        if not np.isfinite(values).all() or not ((steps > 0).all() or (steps < 0).all()):
            raise DataError(f"the values of {self.name} neither rise nor fall from color to color")
        if self.log and values.min() <= 0:
            raise DataError(f"{self.name} is logarithmic and reaches down to {values.min():g}; values must be above 0")

    @property
    def span(self) -> float:
        """How far the values reach, from the lowest to the highest."""
        return float(abs(self.values[-1] - self.values[0]))

    def recolor(self, values: object) -> NDArray[np.float64]:
        """Return the colors of values, shape (..., 3); values beyond the ends get the color of the nearer end."""
        at = np.asarray(values, np.float64)
        rising = slice(None, None, 1 if self.values[0] < self.values[-1] else -1)
        stops, colors = self._along(self.values[rising]), self.colors[rising]
        place = self._along(at)
        if self.is_stepped:
            right = np.clip(np.searchsorted(stops, place), 1, len(stops) - 1)
            return np.asarray(colors[right - (place - stops[right - 1] < stops[right] - place)])
        return np.stack([np.interp(place, stops, channel) for channel in colors.T], axis=-1)

    def _along(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log(values) if self.log else values
