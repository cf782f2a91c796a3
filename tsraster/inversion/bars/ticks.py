"""Values along a color bar from ticks that a user names: which scale they lie on, and whether they contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Scale = Literal["linear", "log"]

FitScale = Literal["linear", "log", "steps"]
"""Steps: every step of a bar has limits of its own, which are those of the ticks."""

Tick = tuple[float, float]
"""Where a tick is along the bar, in pixels of the picture, and its value."""

MOST_OFF = 1.5
"""So many pixels a tick may be off the scale through all ticks: more is no error of pointing at it."""


@dataclass(frozen=True, kw_only=True)
class ValueFit:
    """Values as a straight line, or its power of ten, over the position along a bar.

    Examples
    --------
    >>> fit = fit_ticks(((100, 0.0), (300, 50.0)))
    >>> fit.value_at(np.array([150.0]))
    array([12.5])
    """

    scale: FitScale
    slope: float
    """Change a pixel: of the value, or of its decimal logarithm where the scale is log; the mean one of steps."""
    intercept: float
    """What stands at position 0: the value, or its decimal logarithm."""
    ticks: tuple[Tick, ...] = ()
    off: tuple[float, ...] = ()
    """How many pixels each tick is off the scale."""
    rms_pixels: float = 0.0
    """Root mean square of those."""
    rms_value: float = 0.0
    """Root mean square of the differences between values of ticks and of the scale at them."""

    def value_at(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at positions along the bar."""
        if self.scale == "steps":
            return np.asarray(np.interp(positions, *np.array(self.ticks).T))
        line = self.slope * np.asarray(positions, np.float64) + self.intercept
        return np.asarray(10.0**line if self.scale == "log" else line)


def parse_ticks(text: str) -> tuple[Tick, ...]:
    """Read ticks as ``pixel=value,pixel=value,...``.

    Raises
    ------
    UsageError
        It is none, or there are fewer than two.

    Examples
    --------
    >>> parse_ticks("525=0.6,402=0.8")
    ((525.0, 0.6), (402.0, 0.8))
    """
    ticks = tuple(_parse_tick(part) for part in text.split(",") if part.strip())
    if len(ticks) < 2:
        raise UsageError(f"--ticks {text!r} has {len(ticks)} of them; two are the least, as in 525=0.6,402=0.8")
    return ticks


def _parse_tick(text: str) -> Tick:
    try:
        position, value = (float(part) for part in text.split("="))
    except ValueError:
        raise UsageError(f"--ticks: {text.strip()!r} is no pixel=value, as in 525=0.6") from None
    if not np.isfinite([position, value]).all():
        raise UsageError(f"--ticks: {text.strip()!r} is not finite; give pixel=value, as in 525=0.6")
    return position, value


def check_scale(scale: str | None) -> Scale | None:
    """Return how values lie along a bar, if it is one of the known ways.

    Raises
    ------
    UsageError
        It is none of them.
    """
    if scale is not None and scale not in get_args(Scale):
        raise UsageError(f"the scale of a color bar is linear or log, not {scale!r}")
    return scale  # type: ignore[return-value]


def fit_ticks(ticks: Sequence[Tick], scale: str | None = None) -> ValueFit:
    """Fit values to positions by least squares.

    Parameters
    ----------
    ticks : sequence of (position, value)
        At least two; positions in pixels along the bar.
    scale : linear or log, optional
        How values lie along the bar. Without it three or more ticks decide if they fit log only; else it is linear.

    Raises
    ------
    UsageError
        Ticks contradict each other: one position with two values, values that go up and down, or a tick that is off the
        scale of the others by more than `MOST_OFF` pixels. Or log is asked with values that are not above 0.

    Examples
    --------
    >>> fit = fit_ticks(parse_ticks("525=0.6,402=0.8,279=1.0,156=1.2"))
    >>> fit.scale, round(1 / fit.slope), round(fit.rms_pixels, 6)
    ('linear', -615, 0.0)
    >>> fit_ticks(parse_ticks("400=1,300=10,200=100")).scale
    'log'
    """
    if len(ticks) < 2:
        raise UsageError(f"--ticks has {len(ticks)} of them; two are the least, as in 525=0.6,402=0.8")
    known = check_scale(scale)
    ordered = tuple(sorted((float(position), float(value)) for position, value in ticks))
    _check_order(ordered)
    lowest = min(ordered, key=lambda tick: tick[1])
    if known == "log" and lowest[1] <= 0:
        raise UsageError(
            f"the tick {_name(lowest)} has no place on a log scale, whose values are above 0; ask for linear"
        )
    fits = [fit_line(ordered, way) for way in ((known,) if known else _possible_scales(ordered))]
    good = [fit for fit in fits if max(np.abs(fit.off)) <= MOST_OFF]
    if not good:
        likely = [fit for fit in fits if _find_odd_tick(fit)[1] <= MOST_OFF]
        raise UsageError(_describe_contradiction((likely or fits)[0]))
    return good[0]


def _possible_scales(ticks: Sequence[Tick]) -> tuple[Scale, ...]:
    """Return the scales to try, linear first, which two ticks always fit."""
    is_log = len(ticks) > 2 and all(value > 0 for _, value in ticks)
    return ("linear", "log") if is_log else ("linear",)


def _name(tick: Tick) -> str:
    return f"{tick[0]:.10g}={tick[1]:.10g}"


def _check_order(ticks: Sequence[Tick]) -> None:
    """Refuse two values at one position, and values that do not rise or fall all along."""
    for before, after in pairwise(ticks):
        if before[0] == after[0]:
            raise UsageError(f"the ticks {_name(before)} and {_name(after)} give one pixel two values; leave one out")
        if before[1] == after[1]:
            raise UsageError(f"the ticks {_name(before)} and {_name(after)} give two pixels one value; leave one out")
    rises = [after[1] > before[1] for before, after in pairwise(ticks)]
    if len(set(rises)) > 1:
        usual = 2 * sum(rises) > len(rises) if 2 * sum(rises) != len(rises) else ticks[-1][1] > ticks[0][1]
        odd = ticks[_find_disorder(ticks, usual)]
        raise UsageError(
            f"the tick {_name(odd)} contradicts the others: values must rise or fall all along the bar; check its pixel and value"
        )


def _find_disorder(ticks: Sequence[Tick], rising: bool) -> int:
    """Return which tick to leave out for the others to be in order; the one that breaks it first if none is enough."""
    values = np.array([value for _, value in ticks]) * (1 if rising else -1)
    single = [index for index in range(len(values)) if (np.diff(np.delete(values, index)) > 0).all()]
    return single[len(single) // 2] if single else int(np.argmax(np.diff(values) < 0)) + 1


def fit_line(ticks: Sequence[Tick], scale: FitScale) -> ValueFit:
    """Fit values, or their decimal logarithms, to positions by least squares, however far ticks are off."""
    positions, values = np.array(ticks).T
    heights = np.log10(values) if scale == "log" else values
    middle = positions.mean()
    slope = float(((positions - middle) * heights).sum() / ((positions - middle) ** 2).sum())
    intercept = float(heights.mean() - slope * middle)
    line = slope * positions + intercept
    off = (heights - line) / slope
    differences = values - (10.0**line if scale == "log" else line)
    return ValueFit(
        scale=scale,
        slope=slope,
        intercept=intercept,
        ticks=tuple(ticks),
        off=tuple(off.tolist()),
        rms_pixels=float(np.sqrt((off**2).mean())),
        rms_value=float(np.sqrt((differences**2).mean())),
    )


def _find_odd_tick(fit: ValueFit) -> tuple[int, float]:
    """Return without which tick the others fit best, and by how many pixels the worst of those is off then."""
    if len(fit.ticks) < 4:  # any two fit
        return int(np.argmax(np.abs(fit.off))), float(np.max(np.abs(fit.off)))
    others = [fit_line([*fit.ticks[:index], *fit.ticks[index + 1 :]], fit.scale) for index in range(len(fit.ticks))]
    worst = [float(np.max(np.abs(other.off))) for other in others]
    return int(np.argmin(worst)), min(worst)


def _describe_contradiction(fit: ValueFit) -> str:
    index, _ = _find_odd_tick(fit)
    odd, others = fit.ticks[index], [tick for tick in fit.ticks if tick != fit.ticks[index]]
    line = fit_line(others, fit.scale)
    height = np.log10(odd[1]) if fit.scale == "log" else odd[1]
    expected = (height - line.intercept) / line.slope
    return (
        f"the tick {_name(odd)} contradicts the others: on their {fit.scale} scale {odd[1]:.10g} stands at pixel {expected:.1f}, "
        f"and {MOST_OFF:g} pixels off are allowed; check its pixel and value"
    )
