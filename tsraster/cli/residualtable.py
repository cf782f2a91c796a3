"""How well control points fit, as tables for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from tsraster.cli.printing import print_table

if TYPE_CHECKING:
    from tsraster.measuring.residuals import Residuals
    from tsraster.reading import ControlPoints

_ROWS = 20
"""So many points are printed, worst first."""
_COMMANDS = {"order 1": "-order 1", "order 2": "-order 2", "order 3": "-order 3", "thin plate spline": "-tps"}
"""How ``gdalwarp`` is told which model to use."""


def print_residuals(points: ControlPoints, result: Residuals) -> None:
    """Print the residual of each control point under the recommended model, worst first, and the errors of all models."""
    unit = _name_unit(points)
    digits = _choose_digits(result)
    _print_points(points, result, unit, digits)
    click.echo()
    _print_models(result, unit, digits + 1)
    _print_verdict(points, result)


def _name_unit(points: ControlPoints) -> str:
    if points.crs is None:
        return "map units"
    name = str(points.crs.units_factor[0])
    return {"degree": "degrees", "metre": "m", "meter": "m"}.get(name.lower(), name)


def _print_points(points: ControlPoints, result: Residuals, unit: str, digits: int) -> None:
    model = result.recommended
    order = sorted(range(len(points.gcps)), key=lambda i: (-model.pixels_left_out[i], -model.pixels[i], i))
    header = [
        "point",
        "file line",
        "column",
        "row",
        "x",
        "y",
        f"residual ({unit})",
        "(pixels)",
        "left out (pixels)",
        "",
    ]
    rows = []
    for i in order[:_ROWS]:
        gcp = points.gcps[i]
        rows.append(
            [
                str(gcp.id),
                str(points.lines[i]),
                f"{gcp.col:.1f}",
                f"{gcp.row:.1f}",
                f"{gcp.x:.{digits}f}",
                f"{gcp.y:.{digits}f}",
                f"{model.distances[i]:.{digits}f}",
                f"{model.pixels[i]:.2f}",
                _spell(model.pixels_left_out[i], ".2f"),
                "likely wrong" if i in result.suspects else "",
            ]
        )
    if not result.suspects:
        header, *rows = [row[:-1] for row in (header, *rows)]
    print_table(header, rows, left=("",))
    if len(order) > _ROWS:
        click.echo(f"... and {len(order) - _ROWS} points more, which fit better")


def _choose_digits(result: Residuals) -> int:
    """Return how many decimals tell a tenth of a pixel on the map."""
    size = math.sqrt(abs(result.affine.determinant))
    return min(12, max(0, 1 - math.floor(math.log10(size))))


def _print_models(result: Residuals, unit: str, digits: int) -> None:
    header = ["model", "points needed", f"RMS ({unit})", "(pixels)", f"RMS left out ({unit})", "(pixels)"]
    rows = [
        [
            model.model,
            str(model.needs),
            f"{model.rms:.{digits}f}",
            f"{model.rms_pixels:.2f}",
            _spell(model.rms_left_out, f".{digits}f"),
            _spell(model.rms_pixels_left_out, ".2f"),
        ]
        for model in result.models
    ]
    print_table(header, rows, left=("model",))


def _spell(number: float | None, form: str) -> str:
    """Write a number; a dash where the other points do not settle the model."""
    return "-" if number is None or not math.isfinite(number) else format(number, form)


def _print_verdict(points: ControlPoints, result: Residuals) -> None:
    click.echo("left out: how far each point is from where all others put it; the honest error between the points")
    model = result.recommended
    if model.rms_left_out is None:
        click.echo(f"{len(points.gcps)} points leave nothing to check; add some to see how well they fit")
    else:
        click.echo(
            f"recommended: {model.model} (gdalwarp {_COMMANDS[model.model]}), which no more complex one clearly beats"
        )
    if points.disabled:
        click.echo(f"not used, because {points.source} switches them off: lines {_list_lines(points.disabled)}")


def _list_lines(lines: tuple[int, ...]) -> str:
    more = f" and {len(lines) - _ROWS} more" if len(lines) > _ROWS else ""
    return ", ".join(map(str, lines[:_ROWS])) + more
