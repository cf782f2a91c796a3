"""The tables of pores: one row for each, and the porosity slice by slice."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.writing.tables import write_rows
from tsraster.writing.vectors import PointLayer, write_points

if TYPE_CHECKING:
    from tsraster.pipeline.pores.poreresult import Pores

_CORNERS = ("z0", "y0", "x0", "z1", "y1", "x1")


def list_columns(result: Pores) -> dict[str, NDArray[Any]]:
    """Return the columns of the table, shape (K,) each.

    Volume and diameter are in units of the voxel size, or in voxels where that is unknown; boxes and centroids are in voxels,
    with 0 for the center of the first one.
    """
    found = result.components
    columns: dict[str, NDArray[Any]] = {
        "id": np.arange(1, len(found) + 1),
        "voxels": found.voxels,
        "volume": found.voxels * result.voxel_volume,
        "diameter": result.diameters,
        **{name: found.boxes[:, i] for i, name in enumerate(_CORNERS)},
        **{name: found.centroids[:, i] for i, name in enumerate("zyx")},
        "touches_border": np.asarray(found.touches_border, np.uint8),
        "percolates": np.asarray(found.percolating.any(axis=1), np.uint8),
    }
    if result.surfaces is not None:
        measured = result.surfaces
        columns |= {"surface": measured.area, "sphericity": measured.sphericity, "euler": measured.euler}
    return columns


def write_table(path: Path, result: Pores) -> None:
    """Write a row for each pore: .csv or .parquet."""
    write_points(path, PointLayer(name="pores", columns=list_columns(result)))


def write_profiles(path: Path, result: Pores) -> None:
    """Write the porosity of each slice along z, y and x, side by side (CSV)."""
    axes = [profile.porosity.tolist() for profile in result.profiles]
    rows = ([i, *cells] for i, cells in enumerate(zip_longest(*axes)))
    write_rows(path, ["slice", "porosity_z", "porosity_y", "porosity_x"], rows)
