"""`color_overlay`: the colors of what is predicted, by what is shown of it."""

from __future__ import annotations

from collections.abc import Mapping

from tsraster.lut import RGBA

_GRAY: RGBA = (128, 128, 128, 255)
_UNCERTAIN = (255, 0, 255)
"""Magenta: neither stains nor minerals, nor plants and soils from above, have it."""
OPACITIES = {"none": 50, "segmentation": 50, "probability": 75, "uncertainty": 100}
"""In percent, to begin with: what is transparent by itself needs no more of it."""


def color_overlay(overlay: str, colors: Mapping[int, RGBA], shown: int | None = None) -> dict[int, RGBA]:
    """Return the colors of the codes of an overlay.

    Parameters
    ----------
    overlay : "none", "segmentation", "probability" or "uncertainty"
        Codes are those of classes, or shares, of which 255 is 1: the smaller, the more transparent.
    colors : mapping of int to RGBA
        Of classes.
    shown : int, optional
        The class whose probability is shown.

    Examples
    --------
    >>> color_overlay("probability", {3: (255, 200, 0, 255)}, 3)[51]
    (255, 200, 0, 51)
    >>> color_overlay("uncertainty", {})[255]
    (255, 0, 255, 255)
    """
    if overlay == "probability":
        return _make_ramp((colors.get(shown, _GRAY) if shown is not None else _GRAY)[:3])
    return _make_ramp(_UNCERTAIN) if overlay == "uncertainty" else dict(colors)


def _make_ramp(color: tuple[int, int, int]) -> dict[int, RGBA]:
    """Return shares of a color from transparent to opaque."""
    return {share: (*color, share) for share in range(1, 256)}
