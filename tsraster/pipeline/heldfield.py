"""A field of values that is held in memory: read, compared with another, and where its pixels lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.inversion.points.fieldpoints import FieldPoints
from tsraster.inversion.points.segments import list_strips
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.values import Values
from tsraster.raster import Georef

MOST_BYTES = 256 * 2**20
"""The largest field that is held in memory: 64 megapixels of float32."""


def read_field(values: Values, work: BlockWork) -> NDArray[Any]:
    """Return the values, shape (row, col), in a type of float that holds them; NaN where there is no data.

    Raises
    ------
    DataError
        The field is too large, or has no data.
    """
    raster, dtype = values.raster, values.preparation.dtype
    kept = np.dtype(np.float32 if np.can_cast(dtype, np.float32) else np.float64)
    if raster.shape[0] * raster.shape[1] * kept.itemsize > MOST_BYTES:
        raise DataError(
            f"{raster.name} has {raster.shape[0] * raster.shape[1] / 2**20:.0f} megapixels here, and a field must fit into "
            f"memory: at most {MOST_BYTES // kept.itemsize // 2**20} of {dtype}; take a part with --region left,top,right,bottom"
        )
    field = np.empty(raster.shape, dtype=kept)
    any_valid = False
    for window, pixels in work.run(raster, values.read):
        block = pixels.data.astype(kept)
        block[~pixels.valid | ~np.isfinite(block)] = np.nan
        field[window.slices] = block
        any_valid = any_valid or not np.isnan(block).all()
    if not any_valid:
        raise DataError(f"{raster.name} has no valid pixel to thin; all are nodata, masked, NaN or infinite")
    return field


def count_field(field: NDArray[Any]) -> tuple[int, float, float]:
    """Return how many pixels have data, and the lowest and highest value."""
    valid = sum(int(np.count_nonzero(~np.isnan(field[top:bottom]))) for top, bottom in list_strips(field.shape))
    return valid, float(np.nanmin(field)), float(np.nanmax(field))


def measure_errors(field: NDArray[Any], made: NDArray[Any], valid: int) -> dict[str, float]:
    """Return rmse, mean_error and largest_error of a field made again, over the pixels with data, of which there are `valid`."""
    # In a unit, a power of two, in which the square of any difference is a float.
    unit = 2.0 ** (math.frexp(max(float(np.nanmax(field)), -float(np.nanmin(field))))[1] - 1)
    squares = total = largest = 0.0
    for top, bottom in list_strips(field.shape):
        error = np.abs(made[top:bottom].astype(np.float64) - field[top:bottom]) / unit
        error = error[~np.isnan(error)]
        squares, total = squares + float((error**2).sum()), total + float(error.sum())
        largest = max(largest, float(error.max(initial=0.0)))
    return {
        "rmse": unit * (squares / valid) ** 0.5,
        "mean_error": unit * (total / valid),
        "largest_error": unit * largest,
    }


def locate_points(points: FieldPoints, georef: Georef) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return the coordinates of the middles of the pixels; None without a transform."""
    if not georef.has_transform:
        return None, None
    a, b, c, d, e, f = tuple(georef.transform)[:6]
    column, row = points.columns + 0.5, points.rows + 0.5
    return a * column + b * row + c, d * column + e * row + f
