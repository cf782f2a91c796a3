"""From the colors of a bar to the values that they stand for: by ticks, or by the values at its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsraster.errors import UsageError
from tsraster.inversion.bars.colorbars import ColorBar
from tsraster.inversion.bars.ticks import MOST_OFF, Tick, ValueFit, check_scale, fit_line, fit_ticks
from tsraster.inversion.colorscale import MOST_COLORS, ColorScale


def calibrate_bar(
    bar: ColorBar,
    *,
    ticks: Sequence[Tick] | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    scale: str | None = None,
    name: str = "the color bar",
) -> tuple[ColorScale, ValueFit]:
    """Give each color of a bar its value.

    Parameters
    ----------
    bar : ColorBar
        The bar.
    ticks : sequence of (position, value), optional
        Where along the axis of the bar, in pixels of the picture, which value stands.
    vmin, vmax : float, optional
        Instead of ticks: values at the left and right edges of the bar, or at the bottom and top ones. vmin above vmax turns
        the bar round.
    scale : linear or log, optional
        How values lie along the bar; by default as three or more ticks say, else linear.
    name : str
        What the scale is called in texts.

    Returns
    -------
    ColorScale
        The colors of the bar; those of a stepped bar have the value in the middle of their step.
    ValueFit
        How values lie along the bar, and how well ticks fit.

    Raises
    ------
    UsageError
        There are neither ticks nor both values, or both; ticks contradict each other, or lie off the bar; vmin and vmax are
        equal, or not above 0 where the scale is log.

    Notes
    -----
    A stepped bar whose steps have unequal limits, as maps of rain have, is on neither scale. Where no scale is asked and a
    tick stands at every jump of color, steps have the limits that ticks say.

    Examples
    --------
    >>> from tsraster.inversion.bars.colorbars import read_bar
    >>> bar = read_bar(np.tile(np.arange(0, 200, 2, dtype=np.uint8)[::-1, None], (3, 1, 10)))
    >>> calibrated, fit = calibrate_bar(bar, vmin=0, vmax=50)
    >>> calibrated.values[[0, -1]], calibrated.colors[[0, -1], 0]
    (array([49.75,  0.25]), array([198.,   0.]))
    """
    if ticks is not None and (vmin is not None or vmax is not None):
        raise UsageError("--ticks and --vmin or --vmax both say the values of the color bar; give one of them")
    if ticks is not None:
        fit = _fit_beside(bar, ticks, scale)
    elif vmin is not None and vmax is not None:
        fit = fit_ends(bar, vmin, vmax, scale)
    else:
        raise UsageError(
            "nothing says the values of the color bar; give --ticks pixel=value,pixel=value, or --vmin and --vmax"
        )
    return _give_values(bar, fit, name), fit


def fit_ends(bar: ColorBar, vmin: float, vmax: float, scale: str | None = None) -> ValueFit:
    """Return the scale of a bar from the values at its edges.

    Raises
    ------
    UsageError
        The values are equal or not finite, or not above 0 where the scale is log.
    """
    known = check_scale(scale) or "linear"
    if not np.isfinite([vmin, vmax]).all() or vmin == vmax:
        raise UsageError(f"--vmin {vmin:g} and --vmax {vmax:g} span no range; give two different numbers")
    if known == "log" and min(vmin, vmax) <= 0:
        raise UsageError(
            f"--vmin {vmin:g} and --vmax {vmax:g} must both be above 0 on a log scale; change them, or ask for linear"
        )
    start, stop = bar.edges if bar.axis == "x" else bar.edges[::-1]
    return replace(fit_line(((start, vmin), (stop, vmax)), known), ticks=(), off=(), rms_pixels=0.0, rms_value=0.0)


def _give_values(bar: ColorBar, fit: ValueFit, name: str) -> ColorScale:
    positions, colors = bar.positions, bar.colors
    values = fit.value_at(positions)
    if fit.scale == "steps" and bar.step_edges is not None:
        limits = fit.value_at(bar.step_edges)
        values = (limits[1:] + limits[:-1]) / 2
    every = -(-len(positions) // MOST_COLORS)
    return ColorScale(
        name=name,
        colors=colors[::every],
        values=values[::every],
        is_stepped=bar.is_stepped,
        log=fit.scale == "log",
    )


def _fit_beside(bar: ColorBar, ticks: Sequence[Tick], scale: str | None) -> ValueFit:
    _check_place(bar, ticks)
    try:
        return fit_ticks(ticks, scale)
    except UsageError:
        steps = _fit_steps(bar, ticks) if scale is None else None
        if steps is None:
            raise
    return steps


def _check_place(bar: ColorBar, ticks: Sequence[Tick]) -> None:
    """Refuse ticks that are not beside the bar: their pixels count along the other axis, or from another corner."""
    room, (start, stop) = max(5.0, 0.05 * bar.length), bar.edges
    for position, value in ticks:
        if not start - room <= position <= stop + room:
            raise UsageError(
                f"the tick {position:.10g}={value:.10g} lies off the color bar, which goes from {bar.axis} {start:.0f} to "
                f"{stop:.0f}; ticks count pixels of the picture from its {'left' if bar.axis == 'x' else 'top'}"
            )


def _fit_steps(bar: ColorBar, ticks: Sequence[Tick]) -> ValueFit | None:
    """Return a scale on which every step has its own limits; None where ticks do not stand at all jumps, or in no order.

    A first or last step without a tick at its end is as wide as the one beside it.
    """
    if bar.step_edges is None or len(ticks) < len(bar.step_edges) - 2:
        return None
    positions, values = np.array(sorted(ticks)).T
    nearest = np.abs(positions[:, np.newaxis] - bar.step_edges).argmin(axis=0)
    is_near = np.abs(positions[nearest] - bar.step_edges) <= 2 * MOST_OFF
    order = np.sign(np.diff(values))
    if not is_near[1:-1].all() or len(set(order.tolist())) > 1 or is_near.sum() < 3:
        return None
    limits = np.where(is_near, values[nearest], np.nan)
    limits[0] = limits[0] if is_near[0] else 2 * limits[1] - limits[2]
    limits[-1] = limits[-1] if is_near[-1] else 2 * limits[-2] - limits[-3]
    line = fit_line(tuple(zip(bar.step_edges.tolist(), limits.tolist(), strict=True)), "linear")
    off = (positions[nearest] - bar.step_edges)[is_near]
    return replace(
        line, scale="steps", off=tuple(off.tolist()), rms_pixels=float(np.sqrt((off**2).mean())), rms_value=0.0
    )
