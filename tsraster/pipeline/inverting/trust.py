"""When a pixel is believed, as the user says it, or as the picture and the colormap suggest."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from tsraster.errors import UsageError
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.recovery import RGB, WHITE, Rules
from tsraster.lutfiles.x11names import X11_COLORS
from tsraster.pipeline.inverting.scaling import ChosenScale
from tsraster.raster import Raster

_TOLERANCE = {False: 15.0, True: 40.0}
"""By whether the picture is lossy."""
_HALO = {False: 1, True: 2}
"""A letter is antialiased; in a JPEG it rings as well."""

_FARTHEST = 442.0
"""From black to white."""
_MOST_PIXELS = 256
"""Gaps and halos that are wider would be guesses."""

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The options of `invert_file` that say when a pixel is believed; see there."""

    tolerance: float | None
    max_half_width: float
    halo: int | None
    background: str | None
    lossy: bool
    fill: int

    def decide(self, raster: Raster, chosen: ChosenScale) -> Rules:
        """Return the rules for a picture.

        Raises
        ------
        UsageError
            An option is out of its range, or the background no color.
        """
        lossy = self.lossy or raster.is_lossy
        tolerance = _TOLERANCE[lossy] if self.tolerance is None else self.tolerance
        halo = _HALO[lossy] if self.halo is None else self.halo
        _check_number(tolerance, _FARTHEST, "--tolerance", "steps of RGB")
        _check_number(self.max_half_width, 50, "--max-half-width", "percent of the scale")
        _check_number(halo, _MOST_PIXELS, "--halo", "pixels")
        _check_number(self.fill, _MOST_PIXELS, "--fill", "pixels")
        return Rules(
            lossy=lossy,
            tolerance=tolerance,
            largest_share=self.max_half_width / 100,
            halo=halo,
            background=_choose_background(self.background, chosen, tolerance),
            fill=self.fill,
        )


def _check_number(number: float, most: float, option: str, what: str) -> None:
    if not (math.isfinite(number) and 0 <= number <= most):
        raise UsageError(f"{option} {number:g} is out of range; give 0 to {most:g} {what}")


def _choose_background(text: str | None, chosen: ChosenScale, tolerance: float) -> tuple[RGB, ...]:
    if text is not None:
        return () if text == "none" else (_parse_color(text),)
    known = (WHITE,) if chosen.background is None else (WHITE, chosen.background[:3])
    return tuple(color for color in known if _measure_to_scale(color, chosen.scale) > 2 * tolerance)


def _parse_color(text: str) -> RGB:
    found = _HEX.fullmatch(text)
    if found is not None:
        red, green, blue = bytes.fromhex(found[1])
        return red, green, blue
    try:
        return X11_COLORS[text.lower().replace(" ", "")]
    except KeyError:
        raise UsageError(
            f"--background {text!r} is no color; give a name such as white, six digits such as #f0f0f0, or none"
        ) from None


def _measure_to_scale(color: RGB, scale: ColorScale) -> float:
    """Return how far a color lies from the nearest one of a scale, in steps of RGB."""
    return float(np.linalg.norm(scale.colors - color, axis=1).min())
