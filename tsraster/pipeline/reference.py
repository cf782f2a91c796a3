"""What a class map is compared with: a raster of the same place, or shapes that name their class."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tsraster.errors import DataError, UsageError
from tsraster.pipeline.codes import plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.values import Values
from tsraster.raster import Pixels, Raster, Window
from tsraster.reading import open_raster, read_categories
from tsraster.reading.labelvectors import VECTOR_ENDINGS, LabelShapes, read_label_shapes

_OFF = 0.01
"""So many pixels two rasters of one place may lie apart, as when coordinates were rounded."""


class Reference(Protocol):
    """Where the true codes come from."""

    @property
    def name(self) -> str:
        """The file."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""

    def read(self, window: Window) -> Pixels:
        """Return the codes of a window, and where there are any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterReference:
    """True codes that are a raster."""

    values: Values

    @property
    def name(self) -> str:
        """The file."""
        return self.values.raster.name

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return self.values.raster.files

    def read(self, window: Window) -> Pixels:
        """Return the codes of a window, and where there are any."""
        return self.values.read(window)


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeReference:
    """True codes that are shapes."""

    shapes: LabelShapes

    @property
    def name(self) -> str:
        """The file."""
        return self.shapes.name

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return (self.shapes.name,)

    def read(self, window: Window) -> Pixels:
        """Return the codes of a window, and where there are any."""
        drawn = self.shapes.draw(window)
        return Pixels(data=drawn, valid=drawn != 0)


def open_reference(
    path: PathLike,
    classes: Raster,
    known: Mapping[int, str],
    stack: ExitStack,
    *,
    band: int | None,
    column: str | None,
    layer: str | None,
    with_zero: bool,
) -> tuple[Reference, Mapping[int, str]]:
    """Open the reference of a class map; return it with the names of its codes, some of which are those that the map knows.

    Raises
    ------
    DataError
        It differs from the map in size or place; or shapes have a class that the map does not name.
    UsageError
        An option does not go with such a reference.
    """
    if Path(path).suffix.lower() in VECTOR_ENDINGS:
        if band is not None or with_zero:
            raise UsageError("--reference-band and --with-zero are for a reference that is a raster; leave them out")
        shapes = read_label_shapes(path, classes, column=column, layer=layer)
        codes = {name: code for code, name in known.items()}
        if known and not set(shapes.names) <= {str(code) for code in shapes.codes}:
            shapes = shapes.renumber(codes)
        return ShapeReference(shapes=shapes), dict(zip(shapes.codes, shapes.names, strict=True))
    if column is not None or layer is not None:
        raise UsageError("--column and --layer are for a reference of shapes, and it is a raster; leave them out")
    raster = stack.enter_context(open_raster(path))
    _check_same_place(classes, raster)
    values = Values(raster, plan_codes(raster, band, option="--reference-band"))
    return RasterReference(values=values), read_categories(raster, values.preparation.bands[0]).names


def _check_same_place(first: Raster, second: Raster) -> None:
    if first.shape != second.shape:
        sizes = [f"{raster.shape[0]} rows x {raster.shape[1]} columns" for raster in (first, second)]
        raise DataError(
            f"{first.name} has {sizes[0]} and {second.name} {sizes[1]}; a map is compared with a reference of its own size"
        )
    one, other = first.georef, second.georef
    if not (one.has_transform and other.has_transform):
        return
    differ = one.crs is not None and other.crs is not None and one.crs != other.crs
    rows, cols = first.shape
    for col, row in ((0, 0), (cols, 0), (0, rows)):
        back = ~one.transform @ (other.transform @ (col, row))
        differ |= max(abs(back[0] - col), abs(back[1] - row)) > _OFF
    if differ:
        raise DataError(f"{first.name} and {second.name} lie at different places; warp one onto the grid of the other")
