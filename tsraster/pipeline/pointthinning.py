"""`Thinning`: what is found of a field that is thinned to points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tsraster
from tsraster.inversion.points.fieldpoints import FieldPoints
from tsraster.raster import Georef, Window

_FIGURES = (
    *("source", "label", "unit", "method", "interpolate", "tolerance", "max_error", "valid", "without_data"),
    *("minimum", "maximum", "rmse", "mean_error", "largest_error", "on_plateaus", "left_out", "misfit", "advice"),
)
"""Fields of the result that a report holds as they are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Thinning:
    """What `points_file` found and wrote. Errors are those of the field made again from the points."""

    source: str
    label: str
    """What was thinned, such as ``band 1``."""
    unit: str
    method: str
    interpolate: str
    tolerance: float | None
    """Of plateaus, in units of the values."""
    max_error: float | None
    """What was asked of the adaptive method, in units of the values."""
    points: FieldPoints
    """Rows and columns are counted from the upper left pixel of the region."""
    x: NDArray[np.float64] | None
    """Coordinates of the points, shape (N,); None where the raster has none."""
    y: NDArray[np.float64] | None
    valid: int
    """Pixels with data."""
    without_data: int
    minimum: float
    maximum: float
    rmse: float
    mean_error: float
    """Of the absolute differences."""
    largest_error: float
    on_plateaus: int | None
    """Pixels on plateaus."""
    left_out: int | None
    """Of those, pixels in clusters that are too small, or noise to DBSCAN."""
    misfit: float | None
    """Of borders between cells of nearest neighbors, in pixels, root mean square."""
    advice: str
    """What would suit the field better, in one sentence, or nothing."""
    region: Window
    georef: Georef
    """Of the region."""
    field: NDArray[Any]
    """Every n-th pixel of the field, shape (row, col), at most 1200 rows and columns; NaN where there is no data."""
    remade: NDArray[Any]
    """The same of the field made again."""
    written: tuple[str, ...]
    """Paths of the files that were written."""

    @property
    def reduction(self) -> float:
        """Pixels with data for each point."""
        return self.valid / len(self.points)

    def to_percent(self, error: float) -> float:
        """Return an error in percent of the range of the field; 0 where that has none."""
        return 100 * error / (self.maximum - self.minimum) if self.maximum > self.minimum else 0.0

    def to_record(self) -> dict[str, Any]:
        """Return the figures as they stand in a report."""
        record = {name: getattr(self, name) for name in _FIGURES}
        percents = {
            f"{name}_percent": self.to_percent(getattr(self, name)) for name in ("rmse", "mean_error", "largest_error")
        }
        region = self.region
        return {
            "kind": "tsraster points",
            "version": 1,
            "made_by": f"tsraster {tsraster.__version__}",
            **record,
            **percents,
            "points": len(self.points),
            "reduction": self.reduction,
            "region": [region.col, region.row, region.col + region.cols, region.row + region.rows],
            "crs": None if self.georef.crs is None else self.georef.crs.to_string(),
            "written": list(self.written),
        }
