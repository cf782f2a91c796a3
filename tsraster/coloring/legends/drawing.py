"""Draw a legend as pixels."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring.legends.parts import Box, Legend, Line, Part, Strip, Text, Tip
from tsraster.coloring.legends.typefaces import require_pillow
from tsraster.errors import LossWarning, UsageError
from tsraster.lut import RGBA

WHITE: RGBA = (255, 255, 255, 255)
OUTLINE, CHECKS = (118, 118, 118), (255, 204)
"""The gray of outlines; the two grays behind colors that something shines through."""
_DARK, _LIGHT = (34, 34, 34), (238, 238, 238)
_MOST_PIXELS = 2**26
_SHOWN = 10
"""How many characters a warning lists."""

Pixels = NDArray[Any]
"""Red, green, blue, alpha, float64 where colors are mixed, shape (row, col, 4) here, as the legend is drawn."""


def draw_legend(legend: Legend, *, background: RGBA = WHITE) -> NDArray[np.uint8]:
    """Draw a legend.

    Swatches and outlines are on whole pixels, and a swatch has exactly the color of the table; translucent colors are laid on
    small gray and white checks. Texts are dark, and light on a dark background.

    Parameters
    ----------
    legend : Legend
        From `plan_legend`.
    background : (red, green, blue, alpha)
        What it lies on; transparent with an alpha of 0.

    Returns
    -------
    array of uint8, shape (4, row, col)
        Red, green, blue, alpha.

    Raises
    ------
    MissingExtraError
        Pillow is not installed.
    UsageError
        The background is no color; or the legend is larger than 64 million pixels.

    Warns
    -----
    LossWarning
        The font has no glyphs for some characters.

    Notes
    -----
    The same legend is the same pixels, with the same fonts and the same version of Pillow.

    Examples
    --------
    >>> from tsraster.coloring.legends.layout import plan_legend
    >>> from tsraster.lut import Lut
    >>> legend = plan_legend(Lut(name="one", kind="classes", keys=(1,), colors=((0, 0, 255, 255),)))
    >>> picture, swatch = draw_legend(legend), legend.boxes[0]
    >>> picture[:, swatch.y + 5, swatch.x + 5].tolist()
    [0, 0, 255, 255]
    """
    require_pillow()
    check_background(background)
    if legend.width * legend.height > _MOST_PIXELS:
        raise UsageError(
            f"the legend would be {legend.width} x {legend.height} pixels; choose a smaller font size or shorter names"
        )
    _warn_missing(legend)
    canvas = np.empty((legend.height, legend.width, 4), dtype=np.uint8)
    canvas[:] = background
    ink = choose_ink(background)
    for part in legend.parts:
        _draw_part(canvas, part, legend, ink)
    return np.ascontiguousarray(np.moveaxis(canvas, -1, 0))


def check_background(background: RGBA) -> None:
    """Raise `UsageError` where this is no color."""
    if len(background) != 4 or not all(level in range(256) for level in background):
        raise UsageError(f"the background {background!r} is no color; give red, green, blue, alpha from 0 to 255")


def choose_ink(background: RGBA) -> tuple[int, int, int]:
    """Return the color of texts that can be read on a background, which itself is taken to lie on white."""
    red, green, blue, alpha = background
    lightness = (0.3 * red + 0.59 * green + 0.11 * blue) * alpha / 255 + 255 - alpha
    return _DARK if lightness > 120 else _LIGHT


def _warn_missing(legend: Legend) -> None:
    missing = legend.typeface.missing("".join(text.text for text in legend.texts))
    if missing:
        shown = " ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
        warnings.warn(
            f"the font of the legend has no glyphs for {len(missing)} of its characters ({shown}), which are drawn as boxes; "
            "name a font that has them with --font",
            LossWarning,
            stacklevel=3,
        )


def _draw_part(canvas: NDArray[np.uint8], part: Part, legend: Legend, ink: tuple[int, int, int]) -> None:
    left, top, right, bottom = part.bounds
    if isinstance(part, Text):
        _draw_text(canvas, part, legend, ink)
        return
    area = canvas[top:bottom, left:right]
    if isinstance(part, Line):
        _lay(area, np.array(ink), _cover_line(part))
        return
    inside = (slice(legend.stroke, -legend.stroke),) * 2
    if isinstance(part, Tip):
        outer, inner = _cover_tip(part, legend.stroke)
        _lay(area, np.array(OUTLINE), outer)
        _lay(area, _mix_on_checks(np.array(part.color), area.shape, legend), inner)
        return
    area[:] = (*OUTLINE, 255)
    colors = np.array(part.color) if isinstance(part, Box) else _spread(part, legend.stroke)
    core = area[inside]
    core[..., :3] = np.rint(_mix_on_checks(colors, core.shape, legend))


def _spread(strip: Strip, stroke: int) -> NDArray[np.uint8]:
    """Return the colors of a strip as a row, or as a column with the high end on top."""
    if strip.is_vertical:
        return strip.sample(strip.height - 2 * stroke)[::-1, np.newaxis]
    return strip.sample(strip.width - 2 * stroke)[np.newaxis]


def _mix_on_checks(colors: NDArray[Any], shape: tuple[int, ...], legend: Legend) -> Pixels:
    """Lay colors with alpha on checks; without alpha they stay as they are. Returns shape (row, col, 3)."""
    rows, cols = (np.arange(extent) // legend.check for extent in shape[:2])
    checks = np.where((rows[:, np.newaxis] + cols) % 2, CHECKS[1], CHECKS[0])[..., np.newaxis]
    alpha = colors[..., 3:] / 255
    mixed: Pixels = colors[..., :3] * alpha + checks * (1 - alpha)
    return mixed


def _lay(area: NDArray[np.uint8], color: NDArray[Any], cover: NDArray[Any]) -> None:
    """Lay a color over an area where it covers it, 0 to 1, shape (row, col); what is below may be transparent."""
    over = cover[..., np.newaxis]
    under = area[..., 3:] / 255 * (1 - over)
    alpha = over + under
    mixed = (color * over + area[..., :3] * under) / np.where(alpha, alpha, 1)
    area[..., :3] = np.rint(np.where(alpha, mixed, area[..., :3]))
    area[..., 3:] = np.rint(255 * alpha)


def _draw_text(canvas: NDArray[np.uint8], text: Text, legend: Legend, ink: tuple[int, int, int]) -> None:
    from PIL import Image, ImageDraw

    # Accents and slanted letters may stand out of the box of a line.
    left, top, right, bottom = text.bounds
    left, top, right, bottom = left - text.size, top - text.size, right + text.size, bottom + text.size
    mask = Image.new("L", (right - left, bottom - top))
    font = legend.typeface.load(text.size, bold=text.bold)
    ImageDraw.Draw(mask).text((text.left - left, text.y - top), text.text, fill=255, font=font, anchor="ls")
    cover = np.asarray(mask)[max(0, -top) : canvas.shape[0] - top, max(0, -left) : canvas.shape[1] - left]
    _lay(canvas[max(0, top) : bottom, max(0, left) : right], np.array(ink), cover / 255)


def _cover_line(line: Line) -> NDArray[Any]:
    """Return how much of each pixel a line covers, by the distance of its middle from the line."""
    left, top, right, bottom = line.bounds
    y, x = np.mgrid[top:bottom, left:right] + 0.5
    dx, dy = line.x2 - line.x1, line.y2 - line.y1
    distance = np.abs((x - line.x1) * dy - (y - line.y1) * dx) / math.hypot(dx, dy)
    cover: NDArray[Any] = np.clip(line.thick / 2 + 0.5 - distance, 0, 1)
    return cover


def _cover_tip(tip: Tip, stroke: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return how much of each pixel a triangle covers, with its outline and without."""
    left, top, right, bottom = tip.bounds
    y, x = np.mgrid[top:bottom, left:right] + 0.5
    (px, py), *base = tip.corners
    center = ((left + right) / 2, (top + bottom) / 2)
    inside = np.full(x.shape, np.inf)
    for bx, by in base:
        dx, dy = bx - px, by - py
        side = math.copysign(1, (center[0] - px) * dy - (center[1] - py) * dx)
        inside = np.minimum(inside, side * ((x - px) * dy - (y - py) * dx) / math.hypot(dx, dy))
    return np.clip(inside + 0.5, 0, 1), np.clip(inside - stroke + 0.5, 0, 1)
