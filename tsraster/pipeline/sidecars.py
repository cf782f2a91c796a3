"""Files beside a class map that say to other programs what its codes mean, written on request."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tsraster.attributetable import AttributeTable
from tsraster.errors import LossWarning, UsageError
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut
from tsraster.pipeline.imaging import PathLike, Target
from tsraster.registry import suggestion
from tsraster.writing import Outputs, describe_item, write_bytes

Writer = Callable[[AttributeTable, Target], bytes]


def _write_style(name: str) -> Writer:
    def write(table: AttributeTable, target: Target) -> bytes:
        form = LUT_FORMATS[name]
        lut = Lut(name=str(target.path), kind="classes", **sort_rows(table))
        fitted, losses = fit_lut(lut, form)
        for loss in losses:
            # That a format has no names is known; the attribute table has them.
            if not loss.endswith(("name", "names")):
                warnings.warn(f"{form.title} beside the class map does not hold {loss}", LossWarning, stacklevel=3)
        return form.write(fitted)

    return write


def sort_rows(table: AttributeTable) -> dict[str, Any]:
    """Return codes, colors and names in the order of the codes."""
    rows = sorted(zip(table.codes, table.colors, table.names or [""] * len(table.codes), strict=True))
    keys, colors, names = zip(*rows, strict=True)
    return {"keys": keys, "colors": colors, "names": names}


def _write_stac(table: AttributeTable, target: Target) -> bytes:
    item = describe_item(table, f"./{Path(target.path).name}", cog=target.driver == "COG")
    return (json.dumps(item, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


_SIDECARS: dict[str, tuple[str, Writer]] = {
    "qml": (".qml", _write_style("qml")),
    "clr": (".clr", _write_style("esri")),
    "stac": (".stac.json", _write_stac),
}
"""By the word of the option: the ending in place of that of the class map, and what makes the content."""


def list_sidecars(target: Target | None, wanted: Sequence[str] | None, *, has_colors: bool) -> dict[str, Path]:
    """Return where the sidecars that are wanted go, by the word of the option.

    Raises
    ------
    UsageError
        There is no class map, or no color table for a style; or a word is unknown or stands there twice.
    """
    if not wanted:
        return {}
    if target is None:
        raise UsageError("--sidecars go with a class map; name one as the destination")
    for i, word in enumerate(wanted):
        if word not in _SIDECARS:
            raise UsageError(f"unknown sidecar {word!r}; {suggestion(word, list(_SIDECARS))}")
        if word in wanted[:i]:
            raise UsageError(f"the sidecar {word} is named twice")
        if word != "stac" and not has_colors:
            raise UsageError(f"the sidecar {word} holds colors; name a color table with --lut")
    return {word: Path(target.path).with_suffix(_SIDECARS[word][0]) for word in wanted}


def warn_of_styles(target: Target | None, color: PathLike | None, sidecars: Sequence[str] | None) -> None:
    """Say where QGIS, which takes the ``.qml`` of the same name for any raster, would use a style for the wrong one."""
    if target is None:
        return
    style = Path(target.path).with_suffix(".qml")
    if "qml" in (sidecars or ()):
        if color is not None and Path(color).with_suffix(".qml") == style:
            warnings.warn(
                f"QGIS takes {style} for {color} too; give the picture another name", LossWarning, stacklevel=3
            )
    elif style.exists():
        warnings.warn(
            f"{style} stands beside the class map, and QGIS will use it; remove it, or write it anew with --sidecars qml",
            LossWarning,
            stacklevel=3,
        )


def write_sidecars(outputs: Outputs, sidecars: dict[str, Path], table: AttributeTable, target: Target | None) -> None:
    """Write sidecars of a class map into the staged outputs."""
    for word, path in sidecars.items():
        if target is not None:
            write_bytes(outputs.stage(path), _SIDECARS[word][1](table, target))
