"""The nearest center of each pixel, as machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.learning.compiling import compiled


@compiled
def find_nearest(
    data: NDArray[Any],
    valid: NDArray[np.bool_],
    means: NDArray[np.float64],
    factors: NDArray[np.float64],
    centers: NDArray[np.float64],
    codes: NDArray[np.uint16],
) -> float:
    """Write the number of the nearest center, from 1, into `codes`, shape (row, col); 0 where a pixel is not valid.

    A value becomes (value - mean) * factor. Of equally near centers the first one counts. The sum of squared distances is
    returned.
    """
    bands, rows, cols = data.shape
    point = np.empty(bands)
    total = 0.0
    for i in range(rows):
        for j in range(cols):
            if not valid[i, j]:
                codes[i, j] = 0
                continue
            for b in range(bands):
                point[b] = (np.float64(data[b, i, j]) - means[b]) * factors[b]
            best, least = 0, np.inf
            for k in range(len(centers)):
                distance = 0.0
                for b in range(bands):
                    step = point[b] - centers[k, b]
                    distance += step * step
                if distance < least:
                    best, least = k, distance
            codes[i, j] = best + 1
            total += least
    return total
