"""Load a color table from wherever it may be: a name, a file, or a raster with a palette or an attribute table."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path

from tsraster.attributetable import Categories
from tsraster.errors import LossWarning, LutError, UsageError
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import LUT_FORMATS, read_lut
from tsraster.lutfiles.lutformat import LutKind
from tsraster.pipeline.blocks import block_work
from tsraster.pipeline.codes import list_codes, plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.values import Values
from tsraster.raster import Raster
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.writing.image import FORMATS

_RASTERS = {*FORMATS, ".vrt", ".img"}
"""Endings that no color table has, whatever else is wrong with the file."""

_BLACK: tuple[RGBA, ...] = ((0, 0, 0, 255), (0, 0, 0, 0))
"""What a palette is filled up with where no code has a color."""


def load_lut(source: Lut | PathLike, *, lut_format: str | None = None, kind: LutKind | None = None) -> Lut:
    """Return a color table: a `Lut` as it is, and what stands in a file or a raster.

    Parameters
    ----------
    source : Lut, str or path
        As `tsraster.read_lut` takes it; also a raster, whose palette and attribute table are read.
    lut_format : str, optional
        Format of the table, where it is not to be found out from content and ending.
    kind : "classes" or "ramp", optional
        What the numbers of the table are, where its format (GDAL, GRASS) leaves that open.

    Raises
    ------
    UsageError
        A raster is to be a ramp.
    LutError
        It cannot be read or is wrong; or the raster has neither palette nor attribute table.
    UnknownNameError, ReadError
        There is no such table or format; the raster cannot be read.

    Warns
    -----
    LossWarning
        A raster's palette is filled up with black, which is left out.
    """
    if lut_format is not None:
        _ = LUT_FORMATS[lut_format]  # raises where there is no such format
    if isinstance(source, Lut):
        return source
    if lut_format is None and is_raster(os.fspath(source)):
        if kind == "ramp":
            raise UsageError(f"{source} is a raster, whose palette is for classes; --kind ramp is for files of tables")
        with open_raster(source) as raster:
            return drop_filling(describe_palette(raster, advice="it is no color table"), raster)
    return read_lut(source, lut_format=lut_format, kind=kind)


def is_raster(name: str) -> bool:
    """Tell whether a name is that of a raster, rather than of a color table."""
    suffix = Path(name).suffix.lower()
    if name.startswith("/vsi") or suffix in _RASTERS:
        return True
    # A pipe would be empty after this.
    if not os.path.isfile(name) or suffix in _list_endings():
        return False
    try:
        with open(name, "rb") as file:
            begin = file.read(4096)
    except (OSError, ValueError):
        return False
    if any(LUT_FORMATS[key].recognize(begin) for key in LUT_FORMATS):
        return False
    # Formats of rasters hold zeros near their beginning, and texts none.
    return (b"\0" in begin and len(begin) not in (768, 772)) or begin.lstrip().startswith(b"<VRTDataset")


def _list_endings() -> set[str]:
    return {ending for name in LUT_FORMATS for ending in LUT_FORMATS[name].endings}


def describe_palette(raster: Raster, band: int = 1, *, advice: str = "name a color table with --lut") -> Lut:
    """Return every color and name that a raster has for its codes; a code that has only a name is black.

    The code 0 is left out where it is black without a name: so palettes are filled up, and it is "no class".

    Raises
    ------
    LutError
        It has neither palette nor attribute table with colors.
    """
    categories = read_categories(raster, band)
    if not categories.colors:
        problem = "names for its classes, but no colors" if categories.names else "no palette of its own"
        raise LutError(f"{raster.name} has {problem}; {advice}")
    is_filling = categories.colors.get(0) in _BLACK and 0 not in categories.names
    colors = {code: color for code, color in categories.colors.items() if code or not is_filling}
    return make_lut(raster.name, Categories(names=categories.names, colors=colors or categories.colors))


def make_lut(name: str, categories: Categories) -> Lut:
    """Return names and colors as a color table."""
    keys = sorted({*categories.colors, *categories.names})
    return Lut(
        name=name,
        kind="classes",
        keys=tuple(keys),
        colors=tuple(categories.colors.get(key, _BLACK[0]) for key in keys),
        names=tuple(categories.names.get(key, "") for key in keys),
    )


def name_classes(lut: Lut, categories: Categories) -> Lut:
    """Give classes the names that a raster has for them."""
    names = (categories.names.get(int(key)) or name for key, name in zip(lut.keys, lut.names, strict=True))
    return replace(lut, names=tuple(names))


def drop_filling(lut: Lut, raster: Raster) -> Lut:
    """Leave out unnamed black, with which a palette is filled up, of codes that do not occur; say so."""
    kept = [i for i, color in enumerate(lut.colors) if color not in _BLACK or lut.names[i]]
    if not kept or len(kept) == len(lut):
        return lut
    with gdal_settings(), block_work() as work:
        present = list_codes(Values(raster, plan_codes(raster, raster.data_bands[0].number)), work)
    kept = [i for i, key in enumerate(lut.keys) if i in set(kept) or key in present]
    if len(kept) == len(lut):
        return lut
    warnings.warn(
        f"{lut.name}: {len(lut) - len(kept)} black colors without a name, of codes that do not occur, are left out",
        LossWarning,
        stacklevel=3,
    )
    return Lut(
        name=lut.name,
        kind="classes",
        keys=tuple(lut.keys[i] for i in kept),
        colors=tuple(lut.colors[i] for i in kept),
        names=tuple(lut.names[i] for i in kept),
    )
