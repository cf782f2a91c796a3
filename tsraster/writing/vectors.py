"""Points with columns to CSV, GeoPackage and GeoParquet, with their CRS where the format holds one."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, UsageError, WriteError
from tsraster.writing.tables import write_rows

if TYPE_CHECKING:
    from rasterio.crs import CRS

VECTOR_ENDINGS = (".csv", ".gpkg", ".parquet")


@dataclass(frozen=True, kw_only=True, eq=False)
class PointLayer:
    """A layer of points."""

    name: str
    columns: Mapping[str, NDArray[Any]]
    """Numbers by the name of their column, shape (N,) each."""
    x: NDArray[np.float64] | None = None
    """Easting or longitude, shape (N,); None where the points have no place, and so no geometry."""
    y: NDArray[np.float64] | None = None
    """Northing or latitude, shape (N,)."""
    crs: CRS | None = None
    """What x and y are measured in."""


def check_vector_format(destination: str | os.PathLike[str]) -> str:
    """Return the ending of a destination of points, and check that what writes it is installed.

    Raises
    ------
    UsageError
        The ending is unknown.
    MissingExtraError
        pyogrio or pyarrow is wanted and not installed.
    """
    ending = Path(destination).suffix.lower()
    if ending not in VECTOR_ENDINGS:
        raise UsageError(f"{destination} has no ending that points can have; choose from {', '.join(VECTOR_ENDINGS)}")
    if ending == ".gpkg":
        _import_pyogrio()
    elif ending == ".parquet":
        _import_parquet()
    return ending


def write_points(path: Path, layer: PointLayer) -> None:
    """Write a layer of points, in the format that the ending of the path says.

    CSV has a header, and empty fields for NaN. A GeoPackage, and a GeoParquet file (version 1.1, geometry as WKB) hold the CRS;
    where the points have no place they hold columns only.

    Parameters
    ----------
    path : Path
        Ends in .csv, .gpkg or .parquet; nothing is there yet.
    layer : PointLayer
        The points.

    Raises
    ------
    UsageError, MissingExtraError
        As `check_vector_format` does.
    WriteError
        The file cannot be written.

    References
    ----------
    GeoParquet 1.1.0, Open Geospatial Consortium; OGC 12-128, GeoPackage.
    """
    write = {".csv": _write_csv, ".gpkg": _write_geopackage, ".parquet": _write_parquet}[check_vector_format(path)]
    write(path, layer)


def _write_csv(path: Path, layer: PointLayer) -> None:
    columns = [column.tolist() for column in layer.columns.values()]
    rows = ([None if cell != cell else cell for cell in cells] for cells in zip(*columns, strict=True))
    write_rows(path, list(layer.columns), rows)


def _write_geopackage(path: Path, layer: PointLayer) -> None:
    raw = _import_pyogrio()
    crs = None if layer.crs is None else layer.crs.to_wkt()
    has_place = layer.x is not None and layer.y is not None
    geometry = np.array(_list_wkb(layer), dtype=object) if has_place else None
    with warnings.catch_warnings():
        # Without a CRS there is none to be said.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        try:
            raw.write(
                path,
                geometry=geometry,
                field_data=list(layer.columns.values()),
                fields=np.array(list(layer.columns), dtype=object),
                geometry_type="Point" if has_place else None,
                crs=crs,
                layer=layer.name,
                driver="GPKG",
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise _failed(path, error) from None


def _write_parquet(path: Path, layer: PointLayer) -> None:
    arrow, parquet = _import_parquet()
    columns = {name: arrow.array(column, from_pandas=True) for name, column in layer.columns.items()}
    metadata = None
    if layer.x is not None and layer.y is not None:
        columns["geometry"] = _make_wkb_array(arrow, layer)
        metadata = {"geo": json.dumps(_describe_geometry(layer))}
    try:
        parquet.write_table(arrow.table(columns, metadata=metadata), path)
    except (OSError, arrow.ArrowException) as error:
        raise _failed(path, error) from None


def _describe_geometry(layer: PointLayer) -> dict[str, Any]:
    """Return the metadata "geo": without a CRS it is null, as a missing one would stand for longitude and latitude."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": None if layer.crs is None else layer.crs.to_dict(projjson=True),
    }
    if layer.x is not None and layer.y is not None and len(layer.x):
        column["bbox"] = [float(one) for one in (layer.x.min(), layer.y.min(), layer.x.max(), layer.y.max())]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


_WKB = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
"""A point: little-endian, its kind (1), and where it is."""


def _pack_wkb(layer: PointLayer) -> bytes:
    packed = np.zeros(len(layer.x) if layer.x is not None else 0, dtype=_WKB)
    packed["order"], packed["kind"], packed["x"], packed["y"] = 1, 1, layer.x, layer.y
    return packed.tobytes()


def _list_wkb(layer: PointLayer) -> list[bytes]:
    packed = _pack_wkb(layer)
    return [packed[start : start + _WKB.itemsize] for start in range(0, len(packed), _WKB.itemsize)]


def _make_wkb_array(arrow: ModuleType, layer: PointLayer) -> Any:
    packed = _pack_wkb(layer)
    starts = np.arange(0, len(packed) + 1, _WKB.itemsize, dtype=np.int32)
    buffers = [None, arrow.py_buffer(starts.tobytes()), arrow.py_buffer(packed)]
    return arrow.Array.from_buffers(arrow.binary(), len(starts) - 1, buffers)


def _import_pyogrio() -> ModuleType:
    try:
        from pyogrio import raw
    except ImportError:
        raise _missing("a GeoPackage", "pyogrio") from None
    return raw  # type: ignore[no-any-return]


def _import_parquet() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise _missing("a Parquet file", "pyarrow") from None
    return pyarrow, parquet


def _missing(what: str, library: str) -> MissingExtraError:
    return MissingExtraError(
        f"{what} needs {library}; install it with: pip install 'tsraster[vectors]', or let the destination end in .csv"
    )


def _failed(path: Path, error: Exception) -> WriteError:
    cause = getattr(error, "strerror", None) or str(error).strip().rstrip(".").replace("\n", " ")
    return WriteError(f"{path.name} cannot be written ({cause})")
