"""Labels from a vector file: `read_label_shapes`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import rasterio.warp
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError

from tsraster.errors import DataError, MissingExtraError, MissingSourceError, ReadError, UsageError
from tsraster.raster import Georef, Raster
from tsraster.reading.labelvectors.columns import choose_column, number_classes
from tsraster.reading.labelvectors.shapes import LabelShapes, settle_part
from tsraster.reading.labelvectors.wkb import Part, decode_wkb

_PRESUMED = ("GeoJSON", "GeoJSONSeq")
"""Formats that always have a CRS for GDAL, longitude and latitude, even where they say nothing of it."""

VECTOR_ENDINGS = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".geojsonl", ".kml", ".gml")
"""By which labels are known to be shapes and no raster."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layer:
    name: str
    crs: CRS | None
    is_presumed: bool
    geometries: Sequence[bytes | None]
    cells: NDArray[Any]
    column: str


def read_label_shapes(
    path: str | os.PathLike[str],
    raster: Raster,
    *,
    column: str | None = None,
    layer: str | None = None,
    with_classes: bool = True,
) -> LabelShapes:
    """Read labels from a vector file, and lay them over a raster.

    Parameters
    ----------
    path : path
        Whatever GDAL opens: GeoPackage, GeoJSON, Shapefile, FlatGeobuf, ...; with polygons, lines, points and their Multi
        forms. Coordinates of another CRS than the raster's are transformed, vertex by vertex. Where neither has a CRS they are
        those of the raster's transform; where the raster has no place at all, as a photo, they are pixels: column, row, from
        the upper left corner, rows counted downward, or, as QGIS has them, upward and so negative. GeoJSON without a word on
        its CRS is taken so too.
    raster : Raster
        Its size and place.
    column : str, optional
        Holds the class of each shape. Text becomes classes 1, 2, ... in the order of the alphabet; whole numbers are codes, and
        0 is none. By default the only column of text or whole numbers.
    layer : str, optional
        Where the file has several.
    with_classes : bool
        Whether shapes have classes; without, all of them are class 1, whatever their columns say.

    Returns
    -------
    LabelShapes
        Draws the labels of any window.

    Raises
    ------
    UsageError
        A column or layer has to be named, or is not there.
    MissingSourceError, ReadError
        The file cannot be read.
    MissingExtraError
        pyogrio is not installed.
    DataError
        Only one of the two has a CRS; the raster is placed by control points only; a class is no text or whole number; or
        no shape lies on the raster.
    """
    name = os.fspath(path)
    pyogrio = _import_pyogrio(name)
    try:
        with warnings.catch_warnings():
            # GDAL warns of rings that cross and the like, which are drawn as they are.
            warnings.simplefilter("ignore")
            found = _read_layer(pyogrio, name, column, layer, with_classes=with_classes)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, RuntimeError, ValueError) as error:
        raise _explain_failure(name, error) from None
    return _lay_over(name, found, raster)


def _read_layer(pyogrio: ModuleType, name: str, column: str | None, layer: str | None, *, with_classes: bool) -> _Layer:
    chosen = _choose_layer(name, [str(one) for one in pyogrio.list_layers(name)[:, 0]], layer)
    info = pyogrio.read_info(name, layer=chosen)
    types = dict(zip(map(str, info["fields"]), map(str, info["dtypes"]), strict=True))
    wanted = choose_column(name, types, column) if with_classes else ""
    columns = [wanted] if with_classes else []
    said, _, geometries, fields = pyogrio.raw.read(name, layer=chosen, columns=columns, force_2d=True)
    geometries = geometries if geometries is not None else []
    return _Layer(
        name=chosen,
        crs=_read_crs(name, said["crs"]),
        is_presumed=info["driver"] in _PRESUMED,
        geometries=geometries,
        cells=fields[0] if with_classes else np.ones(len(geometries), np.int64),
        column=wanted,
    )


def _choose_layer(name: str, layers: list[str], layer: str | None) -> str:
    if layer is None and len(layers) == 1:
        return layers[0]
    if layer in layers:
        return str(layer)
    listed = ", ".join(layers) or "none"
    if layer is None:
        raise UsageError(f"{name} has {len(layers)} layers; choose one: {listed}")
    raise UsageError(f"{name} has no layer {layer!r}; choose from {listed}")


def _read_crs(name: str, text: str | None) -> CRS | None:
    try:
        return CRS.from_string(text) if text else None
    except CRSError:
        raise ReadError(f"{name} has a CRS that PROJ does not know: {text!r}") from None


def _lay_over(name: str, layer: _Layer, raster: Raster) -> LabelShapes:
    if not len(layer.geometries):
        raise DataError(f"the layer {layer.name} of {name} is empty: it has no shape")
    classes, codes, names = number_classes(f"the column {layer.column!r} of {name}", layer.cells)
    parts, owners = _decode(layer.geometries, classes)
    if not parts:
        raise DataError(f"{name} has no shape with {'a class and ' if layer.column else ''}a geometry")
    vertices = _find_pixels(name, layer, raster, np.concatenate([ring for part in parts for ring in part.rings]))
    parts = _replace_vertices(parts, vertices)
    is_inside = np.array([_is_inside(part, raster.shape) for part in parts])
    count, inside = len(set(owners)), {owner for owner, here in zip(owners, is_inside, strict=True) if here}
    if not inside:
        raise _nothing_inside(name, count, raster, vertices)
    kept = np.flatnonzero(is_inside)
    return LabelShapes(
        name=name,
        shape=raster.shape,
        codes=codes,
        names=names,
        parts=tuple(settle_part(parts[i]) for i in kept),
        classes=tuple(classes[owners[i]] for i in kept),
        column=layer.column,
        count=count,
        outside=count - len(inside),
        unlabeled=len(classes) - count,
    )


def _decode(geometries: Sequence[bytes | None], classes: Sequence[int]) -> tuple[list[Part], list[int]]:
    """Return the parts of all shapes that have a class, and which shape each is of."""
    parts: list[Part] = []
    owners: list[int] = []
    for i, (geometry, own) in enumerate(zip(geometries, classes, strict=False)):
        found = decode_wkb(geometry) if geometry is not None and own >= 0 else []
        parts += found
        owners += [i] * len(found)
    return parts, owners


def _find_pixels(name: str, layer: _Layer, raster: Raster, vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where vertices lie in the raster, column before row, shape (vertex, 2); infinite where a CRS has no such place."""
    georef = raster.georef
    if not georef.has_transform and (georef.gcps or georef.rpcs is not None):
        raise DataError(
            f"{raster.name} is tied to the ground by control points and has no grid that shapes could be laid over; "
            "rectify it first, or give the labels as a raster"
        )
    if _must_have_crs(name, layer, raster):
        vertices = _transform(name, vertices, layer.crs, georef.crs)
    if georef.is_plain:
        is_upward = bool((vertices[:, 1] <= 0).all() and (vertices[:, 1] < 0).any())
        return vertices * (1, -1) if is_upward else vertices
    return _invert(georef, vertices)


def _must_have_crs(name: str, layer: _Layer, raster: Raster) -> bool:
    """Tell whether coordinates are to be transformed."""
    here, there = layer.crs, raster.georef.crs
    if here is not None and there is not None:
        return bool(here != there)
    if here is None and there is None:
        return False
    if here is not None:
        if layer.is_presumed and here.to_epsg() == 4326:
            return False
        raise DataError(
            f"{name} has a CRS and {raster.name} has none, so nobody knows where the shapes lie; "
            "save the shapes without a CRS, in the coordinates of the raster, or place the raster"
        )
    raise DataError(
        f"{raster.name} has a CRS and {name} has none, so nobody knows where the shapes lie; save the shapes with their CRS"
    )


def _transform(name: str, vertices: NDArray[np.float64], source: CRS | None, target: CRS | None) -> NDArray[np.float64]:
    try:
        x, y = rasterio.warp.transform(source, target, *vertices.T)
    except (RasterioError, CPLE_BaseError) as error:
        raise DataError(f"the coordinates of {name} cannot be brought into the CRS of the raster ({error})") from None
    return np.column_stack([x, y])


def _invert(georef: Georef, vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    back = ~georef.transform
    x, y = vertices.T
    return np.column_stack([back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f])


def _replace_vertices(parts: Sequence[Part], vertices: NDArray[np.float64]) -> list[Part]:
    lengths = [len(ring) for part in parts for ring in part.rings]
    rings = iter(np.split(vertices, np.cumsum(lengths)[:-1]))
    return [Part(part.kind, tuple(next(rings) for _ in part.rings)) for part in parts]


def _is_inside(part: Part, shape: tuple[int, int]) -> bool:
    """Tell whether the frame of a part shares pixels with the raster."""
    if not all(np.isfinite(ring).all() for ring in part.rings):
        return False
    (left, top), (right, bottom) = part.rings[0].min(axis=0), part.rings[0].max(axis=0)
    return bool(right >= 0 and left < shape[1] and bottom >= 0 and top < shape[0])


def _nothing_inside(name: str, count: int, raster: Raster, vertices: NDArray[np.float64]) -> DataError:
    finite = vertices[np.isfinite(vertices).all(axis=1)]
    reach = "where its CRS has no place"
    if len(finite):
        (left, top), (right, bottom) = np.floor(finite.min(axis=0)), np.floor(finite.max(axis=0))
        reach = f"at columns {left:.0f} to {right:.0f}, rows {top:.0f} to {bottom:.0f}"
    shapes = "the only shape" if count == 1 else f"none of the {count} shapes"
    verb = "does not lie" if count == 1 else "lies"
    rows, cols = raster.shape
    return DataError(
        f"{shapes} of {name} {verb} on {raster.name}, which has {cols} columns and {rows} rows: they are {reach}; "
        "check that both are of the same place"
    )


def _explain_failure(name: str, error: Exception) -> Exception:
    if isinstance(error, ReadError | UsageError | DataError):
        return error
    if not name.startswith("/vsi") and not os.path.lexists(name):
        return MissingSourceError(f"{name} does not exist")
    return ReadError(f"{name} is no vector file that can be read, or is damaged ({str(error).strip().rstrip('.')})")


def _import_pyogrio(name: str) -> ModuleType:
    try:
        import pyogrio
        import pyogrio.errors
        import pyogrio.raw
    except ImportError:
        raise MissingExtraError(
            f"{name} needs pyogrio; install it with: pip install 'tsraster[vectors]', or give the labels as a raster"
        ) from None
    return pyogrio  # type: ignore[no-any-return]
