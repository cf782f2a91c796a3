"""`Recoverer`: from the colors of a picture to values, each with what is known of how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion import blends, plausibility, strokes
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.filling import fill_gaps
from tsraster.inversion.matching import WEIGHTS, ColorMatcher, Space

RGB = tuple[int, int, int]
Floats = NDArray[np.float32]
BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)


class Reason(IntEnum):
    """What the mask says of a pixel."""

    GOOD = 0
    FAR = 1
    """Its color is too far from every color of the map, or it lies at the edge of such pixels: text, axes, grid lines."""
    BACKGROUND = 2
    """It has a background color, is transparent, or has no data."""
    MASKED = 3
    """The user masks it."""
    AMBIGUOUS = 4
    """It has a value, but others far from it are as plausible."""
    FILLED = 5
    """Its value is interpolated between those around."""


HAS_NO_VALUE = (Reason.FAR, Reason.BACKGROUND, Reason.MASKED)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When a pixel is believed.

    Parameters
    ----------
    lossy : bool
        Whether the picture was stored in a lossy format, such as JPEG.
    tolerance : float
        How far a color may be from the map, in steps of RGB: 0 to 441.
    largest_share : float
        A value is ambiguous where half of what is plausible is a larger share of the scale than this: 0 to 1.
    halo : int
        How many pixels around those that are far from the map, or background, are masked with them.
    background : tuple of (red, green, blue)
        Colors that are no values.
    fill : int
        The widest gap that is filled, in pixels; 0 for none.
    """

    lossy: bool
    tolerance: float
    largest_share: float = 0.05
    halo: int = 1
    background: tuple[RGB, ...] = ()
    fill: int = 0

    @property
    def reach(self) -> int:
        """How many pixels around one its result depends on."""
        own = max(plausibility.REACH, blends.REACH, strokes.REACH + self.halo)
        return own + self.fill + 1 if self.fill else own


@dataclass(frozen=True, kw_only=True, eq=False)
class Recovered:
    """What was made of a picture, or of a part of it; all arrays have the shape (row, col)."""

    values: Floats
    """NaN where the reason is far from the map, background or masked."""
    distance: Floats
    """Of the color of a pixel to that of its value, in steps of RGB: 0 to 441; NaN where there is no data."""
    half_width: Floats
    """Half of the range of plausible values, in units of the values; NaN where there is no value, or a filled one."""
    reasons: NDArray[np.uint8]
    """See `Reason`."""

    def crop(self, where: tuple[slice, slice]) -> Recovered:
        """Return the part at `where`, a pair of slices of rows and columns."""
        return Recovered(
            values=self.values[where],
            distance=self.distance[where],
            half_width=self.half_width[where],
            reasons=self.reasons[where],
        )


def join_columns(parts: Sequence[Recovered]) -> Recovered:
    """Put parts side by side."""
    if len(parts) == 1:
        return parts[0]
    return Recovered(
        values=np.concatenate([part.values for part in parts], axis=1),
        distance=np.concatenate([part.distance for part in parts], axis=1),
        half_width=np.concatenate([part.half_width for part in parts], axis=1),
        reasons=np.concatenate([part.reasons for part in parts], axis=1),
    )


class Recoverer:
    """Turn colors into values.

    Parameters
    ----------
    scale : ColorScale
        Which value each color stands for.
    rules : Rules
        When a pixel is believed.
    space : "rgb", "lab" or "ycbcr"
        Where the nearest color is looked for, see `ColorMatcher`.

    Notes
    -----
    Any thread may use it. What it makes of a pixel depends on those up to `Rules.reach` around it, and on no others.

    Examples
    --------
    A ramp from dark red to red, with a white letter on it:

    >>> scale = ColorScale(name="red", colors=np.array([[100, 0, 0], [250, 0, 0]]), values=np.array([0, 5]))
    >>> picture = np.zeros((3, 1, 5), np.uint8)
    >>> picture[0] = [100, 250, 250, 250, 255]
    >>> picture[1:, 0, 4] = 255
    >>> found = Recoverer(scale, Rules(lossy=False, tolerance=20)).recover(picture)
    >>> found.values, found.reasons
    (array([[ 0.,  5.,  5., nan, nan]], dtype=float32), array([[0, 0, 0, 1, 1]], dtype=uint8))
    """

    def __init__(self, scale: ColorScale, rules: Rules, space: Space = "rgb") -> None:
        self.scale, self.rules = scale, rules
        self._matcher = ColorMatcher(scale, space)
        self._values = scale.values.astype(np.float32)
        # The colors of values as they are written: so distances are those of recoloring what comes out.
        self._colors = np.ascontiguousarray(scale.recolor(self._values).astype(np.float32).T)
        first, last = (np.log(scale.values) if scale.log else scale.values)[[0, -1]]
        self._reach = float(abs(last - first))
        self._has_ink = any(
            np.linalg.norm(scale.colors - ink, axis=1).min() <= rules.tolerance for ink in (BLACK, WHITE)
        )
        """Whether letters may have a color of the map."""
        self._half_widths, shares = plausibility.tabulate_spans(scale)
        self._is_ambiguous = shares > rules.largest_share

    def recover(
        self,
        pixels: NDArray[np.uint8],
        valid: NDArray[np.bool_] | None = None,
        masked: NDArray[np.bool_] | None = None,
    ) -> Recovered:
        """Return the values of a picture.

        Parameters
        ----------
        pixels : array of uint8, shape (3, row, col)
            Red, green, blue.
        valid : array of bool, shape (row, col), optional
            False where there is no data.
        masked : array of bool, shape (row, col), optional
            True where the user wants no value.

        Returns
        -------
        Recovered
        """
        valid = np.ones(pixels.shape[1:], np.bool_) if valid is None else valid
        places = self._matcher.match(pixels)
        values = self._values[places]
        distance, offset = (np.where(valid, one, np.float32(0)) for one in self._measure(pixels, places))
        far = distance > self.rules.tolerance
        background, doubtful = self._find_background(pixels, distance)
        noise = plausibility.estimate_noise(pixels, offset, lossy=self.rules.lossy)
        noise = np.ceil(plausibility.STEPS * noise).astype(np.intp)
        doubtful |= self._is_ambiguous[places, noise] | self._find_drawn(pixels, values)
        reasons = np.where(doubtful, np.uint8(Reason.AMBIGUOUS), np.uint8(Reason.GOOD))
        reasons[self._widen((far | background) & valid)] = Reason.FAR
        reasons[background | ~valid] = Reason.BACKGROUND
        if masked is not None:
            reasons[masked] = Reason.MASKED
        return self._finish(values, distance, self._half_widths[places, noise], reasons, valid)

    def _measure(self, pixels: NDArray[np.uint8], places: NDArray[np.uint16]) -> tuple[Floats, Floats]:
        """Return the distance of the color of each pixel to that of its value: in RGB, and with less weight on chroma."""
        differences = [channel - level[places] for channel, level in zip(pixels, self._colors, strict=True)]
        weighted = [
            sum(np.float32(weight) * difference for weight, difference in zip(weights, differences, strict=True))
            for weights in WEIGHTS
        ]
        plain, offset = (np.sqrt(sum(part**2 for part in parts)) for parts in (differences, weighted))
        return plain, offset

    def _find_background(
        self, pixels: NDArray[np.uint8], distance: Floats
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where pixels have the color of a background, and where that of a value is as near as makes no difference."""
        found = np.zeros(distance.shape, np.bool_)
        doubtful = np.zeros_like(found)
        for color in self.rules.background:
            to_color = sum((channel - np.float32(level)) ** 2 for channel, level in zip(pixels, color, strict=True))
            near = np.sqrt(to_color) <= self.rules.tolerance
            found |= near & (to_color <= distance**2)
            doubtful |= near
        return found, doubtful

    def _find_drawn(self, pixels: NDArray[np.uint8], values: Floats) -> NDArray[np.bool_]:
        """Find what rather was drawn over the data, or is the edge of it, though its colors are in the map."""
        step = self.rules.largest_share * self._reach
        along = np.log(values) if self.scale.log else values
        found = blends.find_blends(pixels, along, step=step, tolerance=self.rules.tolerance)
        return found | self._widen(strokes.find_strokes(along, 2 * step)) if self._has_ink else found

    def _widen(self, lost: NDArray[np.bool_]) -> NDArray[np.bool_]:
        from scipy.ndimage import maximum_filter

        return np.asarray(maximum_filter(lost, 2 * self.rules.halo + 1, mode="nearest"))

    def _finish(
        self,
        values: Floats,
        distance: Floats,
        half_width: Floats,
        reasons: NDArray[np.uint8],
        valid: NDArray[np.bool_],
    ) -> Recovered:
        """Take away what is not believed, and fill gaps."""
        lost = np.isin(reasons, HAS_NO_VALUE)
        values[lost] = half_width[lost] = np.nan
        distance[~valid] = np.nan
        if self.rules.fill:
            known, wanted = reasons == Reason.GOOD, reasons == Reason.FAR
            values, done = fill_gaps(values, known, wanted, self.rules.fill)
            reasons[done] = Reason.FILLED
        return Recovered(values=values, distance=distance, half_width=half_width, reasons=reasons)
