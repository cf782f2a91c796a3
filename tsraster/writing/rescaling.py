"""Values to another range and type of numbers, as ilastik's export does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Range = tuple[float, float]

DTYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64")
"""What results can be written as."""


def rescale(values: NDArray[Any], in_range: Range, out_range: Range, dtype: str) -> NDArray[Any]:
    """Bring values from one range into another, linearly, and into another type.

    Whole numbers are the nearest ones, and of two equally near the even one; they are not cut off, so that a probability of 0.59
    is 59 of 100. What lies outside of the range gets its ends. NaN stays NaN in floats, and becomes 0 in whole numbers.

    Parameters
    ----------
    values : array, shape (...)
    in_range : (low, high)
        What the values reach from and to.
    out_range : (low, high)
        What becomes of those; may be reversed.
    dtype : str
        The type of the result.

    Returns
    -------
    array of `dtype`, shape (...)

    Raises
    ------
    UsageError
        The type is unknown or has no room for the range, or `in_range` is empty.

    Notes
    -----
    ``rint(low + (values - low_in) * factor)``, computed in the type of the values where that is float32 and the result has at
    most 16 bits, as ilastik does, so that even halves fall to the same side; else in float64.

    Examples
    --------
    >>> rescale(np.array([0.0, 0.59, 1.0], np.float32), (0, 1), (0, 100), "uint8")
    array([  0,  59, 100], dtype=uint8)
    """
    check_ranges(in_range, out_range, dtype)
    target = np.dtype(dtype)
    is_small = values.dtype == np.float32 and ((target.kind in "iu" and target.itemsize <= 2) or dtype == "float32")
    exact: type[np.floating[Any]] = np.float32 if is_small else np.float64
    factor = exact((out_range[1] - out_range[0]) / (in_range[1] - in_range[0]))
    scaled = (values.astype(exact, copy=False) - exact(in_range[0])) * factor + exact(out_range[0])
    scaled = scaled if target.kind == "f" else np.rint(scaled, out=scaled)
    np.clip(scaled, min(out_range), max(out_range), out=scaled)
    if target.kind in "iu":
        np.nan_to_num(scaled, copy=False, nan=0)
    result: NDArray[Any] = scaled.astype(target, copy=False)
    return result


def check_ranges(in_range: Range, out_range: Range, dtype: str) -> None:
    """Check that `rescale` can do it, before there are values.

    Raises
    ------
    UsageError
        As `rescale` does.
    """
    if dtype not in DTYPES:
        raise UsageError(f"{dtype!r} is no type of numbers that is written; choose from {', '.join(DTYPES)}")
    if not np.isfinite([*in_range, *out_range]).all():
        raise UsageError(f"a range of values has two finite numbers; {in_range} and {out_range} are not")
    if in_range[0] >= in_range[1]:
        raise UsageError(
            f"the range of values {in_range[0]:g} to {in_range[1]:g} is empty; give the lower number first"
        )
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        if min(out_range) < limits.min or max(out_range) > limits.max:
            raise UsageError(
                f"{dtype} has no room for {out_range[0]:g} to {out_range[1]:g}; it holds {limits.min} to {limits.max}"
            )
