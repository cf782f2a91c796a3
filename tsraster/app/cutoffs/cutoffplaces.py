"""Where a cutoff can be: as typed, on multiples of a step, between its neighbors."""

from __future__ import annotations

import math

from tsraster.classtable import Number
from tsraster.errors import UsageError


def parse_cutoffs(text: str) -> list[Number]:
    """Read cutoffs separated by commas, as the command line does.

    Raises
    ------
    UsageError
        One is no number.

    Examples
    --------
    >>> parse_cutoffs("285, 292.5, 3e2")
    [285, 292.5, 300.0]
    """
    try:
        return [_parse_number(part.strip()) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{text!r} is no list of numbers separated by commas, such as 285, 292.5") from None


def _parse_number(text: str) -> Number:
    whole = text.removeprefix("+").removeprefix("-")
    return int(text) if whole.isascii() and whole.isdigit() else float(text)


def hold_between(value: Number, low: Number, high: Number, step: float | None = None) -> Number | None:
    """Return the number nearest to the wanted one that is between two others; None where nothing is.

    Examples
    --------
    >>> hold_between(12.3, 4, 10, step=1), hold_between(0.34, 0, 1, step=0.1), hold_between(9, 4, 5, step=1)
    (9, 0.3, None)
    """
    if math.isnan(value):
        return None
    wanted = snap(value, step)
    if not low < wanted < high or not math.isfinite(wanted):
        wanted = _step_from(high, -1, step) if value > low else _step_from(low, 1, step)
    return wanted if low < wanted < high and math.isfinite(wanted) else None


def snap(value: Number, step: float | None) -> Number:
    """Return the nearest multiple of a step; the number itself where there is none."""
    if step is None or not math.isfinite(value):
        return value
    if not math.isfinite(value / step):
        return value
    # The shortest decimal: 3 * 0.1 is 0.30000000000000004.
    found = float(f"{round(value / step) * step:.12g}")
    return int(found) if found.is_integer() and float(step).is_integer() else found


def _step_from(edge: Number, sign: int, step: float | None) -> Number:
    """Return the next number below or above an edge, or the next multiple of a step."""
    if not math.isfinite(edge):
        return math.nan
    if step is None or not math.isfinite(edge / step):
        return math.nextafter(float(edge), sign * math.inf)
    at = math.ceil(edge / step) - 1 if sign < 0 else math.floor(edge / step) + 1
    return snap(at * step, step)
