"""`Scaling`: stored numbers to values by a scale and an offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.raster import Band


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Values that are ``scale * number + offset``, computed in float64.

    Examples
    --------
    >>> Scaling(scale=0.1, offset=-100).apply(np.array([0, 1273], np.uint16)).round(6).tolist()
    [-100.0, 27.3]
    >>> str(Scaling(scale=2.75e-05, offset=-0.2))
    '2.75e-05 x number - 0.2'
    """

    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    fill: float | None = None

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the values of stored numbers, of any shape."""
        return values.astype(np.float64) * self.scale + self.offset

    def __str__(self) -> str:
        offset = f" {'-' if self.offset < 0 else '+'} {abs(self.offset):.10g}" if self.offset else ""
        # What is a share of one has no unit.
        return f"{self.scale:.10g} x number{offset}{f' {self.unit}' if self.unit not in ('', '1') else ''}"


def find_scaling(band: Band) -> Scaling | None:
    """Return the scaling that a band itself says; None where its numbers are its values."""
    if band.scale == 1 and band.offset == 0:
        return None
    return Scaling(scale=band.scale, offset=band.offset, unit=band.unit)
