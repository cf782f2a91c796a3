"""What an inversion did and found, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import tsraster
from tsraster.inversion.recovery import Reason
from tsraster.pipeline.inverting.layers import REASON_NAMES
from tsraster.writing import write_json

if TYPE_CHECKING:
    from tsraster.inversion.bars.ticks import ValueFit
    from tsraster.pipeline.inverting.inversion import Inversion
    from tsraster.pipeline.inverting.invertjob import InvertTally
    from tsraster.pipeline.inverting.scaling import ChosenScale


def write_report(path: Path, result: Inversion) -> None:
    """Write a report; numbers that there are none of are null."""
    write_json(path, describe(result))


def describe(result: Inversion) -> dict[str, Any]:
    """Return the report as what JSON can hold."""
    window, rules, tally = result.window, result.rules, result.tally
    return {
        "kind": "tsraster inversion",
        "version": 1,
        "made_by": f"tsraster {tsraster.__version__}",
        "source": result.source,
        "box": [window.col, window.row, window.col + window.cols, window.row + window.rows],
        "rows": result.shape[0],
        "columns": result.shape[1],
        "scale": _describe_scale(result.chosen, result.unit),
        "space": result.space,
        "lossy": rules.lossy,
        "tolerance": rules.tolerance,
        "max_half_width_percent": 100 * rules.largest_share,
        "halo": rules.halo,
        "fill": rules.fill,
        "background": ["#{:02x}{:02x}{:02x}".format(*color) for color in rules.background],
        "mask": _describe_mask(tally),
        "values": {"minimum": tally.low, "maximum": tally.high},
        "round_trip": _describe_round_trip(tally),
        "gcps": _describe_points(result),
        "written": list(result.written),
    }


def _describe_scale(chosen: ChosenScale, unit: str) -> dict[str, Any]:
    scale, bar = chosen.scale, chosen.bar
    return {
        "origin": chosen.origin,
        "first": float(scale.values[0]),
        "last": float(scale.values[-1]),
        "unit": unit,
        "scale": "log" if scale.log else "linear",
        "stepped": scale.is_stepped,
        "colors": len(scale.values),
        "colorbar": None
        if bar is None
        else {
            "box": list(chosen.box or bar.box),
            "colors_box": list(bar.box),
            "found": chosen.is_found,
            "other_boxes": [list(box) for box in chosen.others],
            "axis": bar.axis,
            "edges": list(bar.edges),
            "pointed_ends": bar.pointed,
            "disturbed_pixels": bar.disturbed,
            "fit": None if chosen.fit is None else _describe_fit(chosen.fit),
        },
    }


def _describe_fit(fit: ValueFit) -> dict[str, Any]:
    return {
        "ticks": [
            {"pixel": position, "value": value, "off_pixels": off}
            for (position, value), off in zip(fit.ticks, fit.off, strict=True)
        ],
        "rms_pixels": fit.rms_pixels,
        "rms_value": fit.rms_value,
    }


def _describe_mask(tally: InvertTally) -> list[dict[str, Any]]:
    total = int(tally.reasons.sum())
    return [
        {
            "code": int(reason),
            "name": REASON_NAMES[reason],
            "pixels": tally.count(reason),
            "percent": 100 * tally.count(reason) / total,
        }
        for reason in Reason
    ]


def _describe_round_trip(tally: InvertTally) -> dict[str, Any]:
    return {
        "pixels": tally.compared,
        "mean_rgb_distance": round(tally.mean_distance, 6),
        "rms_rgb_distance": round(tally.rms_distance, 6),
        "max_rgb_distance": round(tally.largest_distance, 6),
    }


def _describe_points(result: Inversion) -> dict[str, Any] | None:
    if result.points is None or result.residuals is None:
        return None
    best = result.residuals.recommended
    return {
        "source": result.points.source,
        "crs": None if result.points.crs is None else result.points.crs.to_string(),
        "recommended": best.model,
        "models": [
            {
                "model": model.model,
                "rms": model.rms,
                "rms_pixels": model.rms_pixels,
                "rms_left_out": model.rms_left_out,
                "rms_pixels_left_out": model.rms_pixels_left_out,
            }
            for model in result.residuals.models
        ],
        "points": [
            {
                "col": gcp.col,
                "row": gcp.row,
                "x": gcp.x,
                "y": gcp.y,
                "residual": float(best.distances[i]),
                "residual_pixels": float(best.pixels[i]),
                "likely_wrong": i in result.residuals.suspects,
            }
            for i, gcp in enumerate(result.points.gcps)
        ],
    }
