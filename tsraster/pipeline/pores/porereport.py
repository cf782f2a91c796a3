"""What was found of pores, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tsraster
from tsraster.pipeline.pores.porebodies import describe_bodies
from tsraster.writing import write_json

if TYPE_CHECKING:
    from tsraster.pipeline.pores.poreresult import Pores


def write_report(path: Path, result: Pores) -> None:
    """Write a report; numbers that there are none of are null."""
    write_json(path, describe(result))


def describe(result: Pores) -> dict[str, Any]:
    """Return the report as what JSON can hold, apart from NaN."""
    found, space, size = result.components, result.space, result.voxel_size
    z, y, x = found.percolates
    return {
        "kind": "tsraster pores",
        "version": 1,
        "made_by": f"tsraster {tsraster.__version__}",
        "source": result.source,
        "shape": list(result.shape),
        "box": None if result.box is None else list(result.box),
        "dtype": result.dtype,
        "voxel_size": None
        if size is None
        else {"z": size.z, "y": size.y, "x": size.x, "unit": size.unit, "source": size.source},
        "pore": result.rule.describe(),
        "threshold": result.rule.threshold,
        "scheme": None if result.rule.value is not None else result.scheme,
        "denoise": result.denoise,
        "without_denoising": None
        if result.before is None
        else {"threshold": result.before[0], "porosity": result.before[1]},
        "sensitivity": [{"threshold": row.threshold, "porosity": row.porosity} for row in result.sensitivity],
        "connectivity": found.connectivity,
        "min_size": result.min_size,
        "components": len(found),
        "components_left_out": found.number - len(found),
        "pore_voxels": found.total,
        "voxels_without_data": result.without_data,
        "porosity": space.porosity,
        "porosity_left_out": (found.total - int(found.voxels.sum())) / space.voxels,
        "percolates": {"z": z, "y": y, "x": x},
        "porosity_connected": dict(space.connected),
        "porosity_effective": space.effective,
        "porosity_at_border": space.at_border,
        "largest": space.largest,
        "largest_share": space.largest_share,
        "statements": list(result.statements),
        "profiles": {
            profile.axis: {"minimum": profile.minimum, "maximum": profile.maximum, "sd": profile.sd}
            for profile in result.profiles
        },
        "sizes": {
            "unit": result.unit,
            "diameter_edges": result.sizes.edges.tolist(),
            "pores": result.sizes.pores.tolist(),
            "voxels": result.sizes.voxels.tolist(),
            "by_number": asdict(result.sizes.number),
            "by_volume": asdict(result.sizes.volume),
        },
        "lognormal": None if result.fit is None else asdict(result.fit),
        "lognormal_statement": result.fit_sentence,
        "representative": _describe_representative(result),
        "surfaces": None if result.surfaces is None else {"total": float(result.surfaces.area.sum())},
        "bodies": describe_bodies(result.bodies),
        "backend": found.backend,
        "written": list(result.written),
    }


def _describe_representative(result: Pores) -> dict[str, Any] | None:
    curve = result.representative
    if curve is None:
        return None
    return {
        "sides": curve.sides.tolist(),
        "centered": curve.centered.tolist(),
        "mean": curve.mean.tolist(),
        "sd": curve.sd.tolist(),
        "cubes": curve.cubes.tolist(),
        "enough_room": curve.is_sure.tolist(),
        "side_with_sd_below_5_percent": curve.find_side(),
    }
