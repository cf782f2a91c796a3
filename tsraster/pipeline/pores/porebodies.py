"""Sizes of pore bodies in the connected space: a partition at the throats, and the local thickness; both in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsraster.errors import UsageError
from tsraster.pipeline.pores.poremask import PoreMask
from tsraster.volume import VoxelSize
from tsraster.volumes.bodies import Bodies, find_bodies
from tsraster.volumes.distances import check_size
from tsraster.volumes.thickness import Thickness, measure_thickness
from tsraster.writing.tables import write_rows

KINDS = {"partition": "bodies.csv", "thickness": "thickness.csv"}


@dataclass(frozen=True, kw_only=True, eq=False)
class BodySizes:
    """What was measured."""

    partition: Bodies | None
    thickness: Thickness | None


def plan_bodies(kinds: Sequence[str], shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Check what is asked for, before anything long begins.

    Raises
    ------
    UsageError
        There is no such measure, or the volume is too large for it.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"--bodies {kind} is unknown; choose from {', '.join(KINDS)}")
    if kinds:
        check_size(shape)
    return tuple(dict.fromkeys(kinds))


def measure_bodies(kinds: Sequence[str], mask: PoreMask, voxel_size: VoxelSize | None) -> BodySizes:
    """Measure the bodies of all pores."""
    if not kinds:
        return BodySizes(partition=None, thickness=None)
    spacing = (1.0, 1.0, 1.0) if voxel_size is None else voxel_size.spacing
    pores = np.concatenate([mask.read(*bounds) for bounds in mask.slabs.bounds])
    return BodySizes(
        partition=find_bodies(pores, spacing) if "partition" in kinds else None,
        thickness=measure_thickness(pores, spacing) if "thickness" in kinds else None,
    )


def write_bodies(path: Path, bodies: Bodies) -> None:
    """Write a row for each body (CSV): diameters and volume in units, centroids in voxels."""
    columns: list[list[Any]] = [
        list(range(1, len(bodies) + 1)),
        bodies.voxels.tolist(),
        bodies.volume.tolist(),
        bodies.equivalent_diameter.tolist(),
        bodies.inscribed_diameter.tolist(),
        *(bodies.centroid[:, i].tolist() for i in range(3)),
        bodies.neighbors.tolist(),
        bodies.touches_border.astype(int).tolist(),
    ]
    header = ["id", "voxels", "volume", "diameter", "inscribed_diameter", "z", "y", "x", "neighbors", "touches_border"]
    write_rows(path, header, zip(*columns, strict=True))


def write_thickness(path: Path, thickness: Thickness) -> None:
    """Write how many voxels have each local thickness (CSV), in units."""
    pairs = zip(thickness.diameters.tolist(), thickness.voxels.tolist(), strict=True)
    write_rows(path, ["thickness", "voxels"], [pair for pair in pairs if pair[0] > 0 and pair[1] > 0])


def describe_bodies(sizes: BodySizes) -> dict[str, Any]:
    """Return what a report says of bodies."""
    parts, thick = sizes.partition, sizes.thickness
    return {
        "partition": None
        if parts is None
        else {
            "bodies": len(parts),
            "throats": len(parts.contacts),
            "median_diameter": float(np.median(parts.equivalent_diameter)),
            "median_inscribed_diameter": float(np.median(parts.inscribed_diameter)),
            "mean_neighbors": float(parts.neighbors.mean()),
        },
        "thickness": None
        if thick is None
        else {
            "mean": thick.mean,
            "d10": thick.quantile(0.1),
            "d50": thick.quantile(0.5),
            "d90": thick.quantile(0.9),
        },
    }
