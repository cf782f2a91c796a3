"""What is at a place: band values, gray, class and neighborhood: `inspect_file`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import check_classifiable, classify
from tsraster.classtable import ClassTable, Number
from tsraster.errors import UsageError
from tsraster.pipeline.fitting import TableLike, plan_classes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.sourcing.valueunits import check_table_unit
from tsraster.preparing import Preparation, plan_preparation
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, read_categories

_WIDEST = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """What `inspect_file` found at a pixel."""

    source: str
    row: int
    col: int
    x: float | None
    y: float | None
    """Coordinates of the middle of the pixel; None without a transform."""
    bands: Mapping[str, Number]
    """The number of each band as it is stored, by its name."""
    valid: bool
    """Whether the pixel holds data."""
    label: str
    """What the prepared value is, such as ``gray``."""
    value: Number
    """The prepared value, which classes are made of; NaN where there is no data."""
    code: int
    """Of the class: by the cutoffs or the table, else the value itself where the raster names classes; 0 is none."""
    name: str
    """Of the class."""
    neighbors: NDArray[Any]
    """Prepared values around the pixel, shape (row, col); NaN where there is no data, less at the border of the raster."""
    center: tuple[int, int]
    """Where the pixel is in them."""
    notes: tuple[str, ...] = ()
    """How values were made of numbers, in a sentence each."""


def inspect_file(
    source: PathLike,
    *,
    at: Sequence[float] | None = None,
    geoloc: bool = False,
    band: int | str | None = None,
    landsat: str | None = None,
    mtl: PathLike | None = None,
    raw: bool = False,
    stac: PathLike | None = None,
    smooth: str | None = None,
    cutoffs: Sequence[Number] | None = None,
    table: TableLike | None = None,
    neighbors: int = 5,
) -> Inspection:
    """Say what is at a pixel: the value of each band, the gray or smoothed value, the class, and the values around it.

    Parameters
    ----------
    source : path
        Raster or picture: whatever GDAL opens, also /vsi paths and URLs; or a Landsat scene, by its MTL file or folder.
    at : numbers, optional
        X,Y of the pixel to look at: column and row of the pixel, counted from 0.
    geoloc : bool
        X,Y are coordinates in the CRS of the raster instead.
    band : int or text, optional
        Band to prepare, counted from 1, or its name; without it a color picture becomes gray by luminance, 0 to 1.
    landsat : "reflectance", "radiance", "temperature" or "celsius", optional
        Physical values of a Landsat band, by the coefficients of its MTL file; a scene, named by its MTL file or folder, is
        reflectance and temperature without it.
    mtl : path, optional
        MTL file (.txt, .json, .xml) of the band; by default the one beside it.
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that the source or its STAC item says are applied.
    stac : path, optional
        STAC item (JSON) that describes the bands of the source (scale, offset, nodata, unit, names); by default one beside it
        that names the file, and is called like it or item.json.
    smooth : text, optional
        Smooth first: gaussian:SIGMA or median:SIZE, in pixels.
    cutoffs : numbers, optional
        Values that divide the classes, increasing, separated by commas.
    table : path, optional
        Class table (JSON) that says the class.
    neighbors : int
        Rows and columns of the values to show around the pixel, an odd number up to 15.

    Returns
    -------
    Inspection

    Raises
    ------
    UsageError
        The place is outside of the raster, or an option cannot be used.
    ReadError, BandError, DataError, TableError
        As `classify_file` does.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     found = inspect_file(scene, at=[400, 300], cutoffs=[285, 295])
    >>> found.valid, found.code, found.neighbors.shape
    (True, 3, (5, 5))
    """
    if at is None:
        raise UsageError("nothing says where to look; give --at X,Y")
    classes = plan_classes(cutoffs=cutoffs, table=table).table if cutoffs is not None or table is not None else None
    if not (1 <= neighbors <= _WIDEST and neighbors % 2):
        raise UsageError(f"{neighbors} neighbors cannot be shown; give an odd number from 1 to {_WIDEST}")
    chosen = SourcePlan(landsat=landsat, mtl=mtl, raw=raw, stac=stac)
    with gdal_settings(), open_source(source, SourcePlan(raw=True)) as stored, open_source(source, chosen) as opened:
        raster = stored.raster
        row, col = _find_pixel(raster, at, geoloc=geoloc)
        only = Window(row=row, col=col, rows=1, cols=1)
        pixel = raster.read(only, bands=[one.number for one in raster.bands])
        preparation = plan_preparation(opened.raster, band=band, smooth=smooth)
        check_classifiable(preparation.dtype)
        if classes is not None:
            check_table_unit(classes, opened.find_value_unit(preparation), raster.name)
        around = only.grown(neighbors // 2, raster.shape)
        values = preparation.read(opened.raster, around)
        at_pixel = row - around.row, col - around.col
        valid = bool(values.valid[at_pixel])
        value = values.data[at_pixel].item()
        code, name = _find_class(raster, preparation, classes, value) if valid else (0, "")
        x, y = raster.georef.transform * (col + 0.5, row + 0.5) if raster.georef.has_transform else (None, None)
        return Inspection(
            source=raster.name,
            row=row,
            col=col,
            x=x,
            y=y,
            bands={
                f"{one.number} {one.name or one.role}": number.item()
                for one, number in zip(raster.bands, pixel.data[:, 0, 0], strict=True)
            },
            valid=valid,
            label=preparation.label,
            value=value if valid else float("nan"),
            code=code,
            name=name,
            neighbors=np.where(values.valid, values.data, np.nan),
            center=at_pixel,
            notes=opened.describe(preparation.bands),
        )


def _find_pixel(raster: Raster, at: Sequence[float], *, geoloc: bool) -> tuple[int, int]:
    """Return row and column of a place."""
    if len(at) != 2:
        raise UsageError(f"--at has {len(at)} numbers; give X,Y")
    x, y = at
    if geoloc:
        if not raster.georef.has_transform:
            raise UsageError(f"{raster.name} has no transform from coordinates; give column and row without --geoloc")
        x, y = ~raster.georef.transform * (x, y)
    rows, cols = raster.shape
    if not (np.isfinite([x, y]).all() and 0 <= x < cols and 0 <= y < rows):
        raise UsageError(
            f"the place {at[0]},{at[1]} is outside of {raster.name}, which has {cols} columns and {rows} rows"
        )
    return int(y), int(x)


def _find_class(raster: Raster, preparation: Preparation, table: ClassTable | None, value: Number) -> tuple[int, str]:
    if table is None:
        names = read_categories(raster, preparation.bands[0]).names if len(preparation.bands) == 1 else {}
        return (int(value), names[int(value)]) if value in names else (0, "")
    code = int(classify(np.array([value], dtype=preparation.dtype), table)[0])
    labels = dict(zip(table.codes, replace(table, unit=table.unit or preparation.unit).labels, strict=True))
    return code, labels.get(code, "")
