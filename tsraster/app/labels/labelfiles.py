"""Labels to files and back: `export_labels`, and `import_labels` of `labelimports`."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.labelimports import ImportedLabels, import_labels
from tsraster.app.labels.labelpolygons import LabelPolygon, trace_labels
from tsraster.app.labels.labeltiles import Codes, LabelTiles
from tsraster.attributetable import Categories
from tsraster.errors import DataError, MissingExtraError, UsageError, WriteError
from tsraster.learning.featureset import parse_features
from tsraster.learning.ilastik import LaneContent, write_project
from tsraster.learning.ilastik.projectreading import COLORS
from tsraster.learning.model import Model
from tsraster.lut import RGBA, Lut
from tsraster.pipeline.learning.examples import Example
from tsraster.pipeline.learning.labelsources import (
    ArrayLabels,
)
from tsraster.pipeline.learning.projects import check_project_model, write_project_model
from tsraster.pipeline.learning.scenes import Scene
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings
from tsraster.writing import Image, ImageWriter, Outputs, check_format

__all__ = ["ImportedLabels", "export_labels", "import_labels"]

PathLike = str | os.PathLike[str]

_VECTORS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
_RASTERS = (".tif", ".tiff", ".png")


def export_labels(
    board: LabelBoard,
    raster: Raster,
    classes: Categories,
    path: PathLike,
    *,
    model: Model | None = None,
    overwrite: bool = False,
) -> None:
    """Write labels to a file, in the format that its ending says.

    A label raster (.tif, .png) has the size and place of the raster, codes, a palette and names; 0 is no label. A GeoPackage or
    GeoJSON (.gpkg, .geojson) has a polygon for each connected piece, in the CRS of the raster, with its `class` (the name) and
    its `code`; of a photo without a place they are in pixels as QGIS has them, rows upward and so negative. A project of ilastik
    (.ilp) has the labels, and the image by its path; label 1 there is code 1, and codes between that are not used become labels
    without pixels.

    Parameters
    ----------
    board : LabelBoard
        The labels.
    raster : Raster
        What they are of.
    classes : Categories
        Names and colors of the codes; those without get a number, or a color of ilastik's.
    path : path
        Ends in .tif, .tiff, .png, .gpkg, .geojson or .ilp.
    model : Model, optional
        Its features and its forest go into a project of ilastik; without, all features are chosen and none is trained.
    overwrite : bool
        Replace a file that exists.

    Raises
    ------
    UsageError
        The ending is unknown; or the format cannot hold the labels.
    DataError
        There are no labels; or the raster has no grid on the ground that polygons could lie on.
    MissingExtraError
        pyogrio or h5py is not installed.
    WriteError
        The file exists and `overwrite` is False, or cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending not in (*_RASTERS, *_VECTORS, ".ilp"):
        raise UsageError(
            f"{path} has no ending that labels can have; choose from {', '.join((*_RASTERS, *_VECTORS, '.ilp'))}"
        )
    labels = board.snapshot()
    if not labels.tiles:
        raise DataError(f"{raster.name} has no labels yet; draw some first")
    with gdal_settings(), Outputs([path], sources=raster.files, overwrite=overwrite) as outputs:
        staged = outputs.stage(path)
        if ending == ".ilp":
            _write_project(staged, Path(path), labels, raster, classes, model)
        elif ending in _VECTORS:
            _write_polygons(staged, trace_labels(labels), raster, classes)
        else:
            _write_raster(staged, check_format(path, is_codes=True), labels, raster, classes)


def _list_codes(labels: LabelTiles, classes: Categories) -> list[int]:
    return sorted({*labels.counts(), *(code for code in classes.names if 0 < code < 256)})


def _name_codes(codes: list[int], classes: Categories) -> tuple[str, ...]:
    return tuple(classes.names.get(code) or str(code) for code in codes)


def _color_codes(codes: list[int], classes: Categories) -> tuple[RGBA, ...]:
    return tuple(classes.colors.get(code) or (*COLORS[(code - 1) % len(COLORS)], 255) for code in codes)


def _write_raster(staged: Path, driver: str, labels: LabelTiles, raster: Raster, classes: Categories) -> None:
    codes = _list_codes(labels, classes)
    lut = Lut(name="labels", kind="classes", keys=tuple(codes), colors=_color_codes(codes, classes))
    image = Image(
        shape=raster.shape,
        dtype="uint8",
        bands=1,
        georef=raster.georef,
        tags=raster.tags,
        codes=codes,
        labels=tuple(classes.names.get(code, "") for code in codes),
        lut=lut,
    )
    rows, cols = raster.shape
    counts = labels.counts()
    with ImageWriter(staged, driver, image) as writer:
        for row in range(0, rows, image.tile[0]):
            window = Window(row=row, col=0, rows=min(image.tile[0], rows - row), cols=cols)
            writer.write(window, labels.read(window))
        writer.count([counts.get(code, 0) for code in codes])


def _read_all(labels: LabelTiles) -> Codes:
    return labels.read(Window(row=0, col=0, rows=labels.shape[0], cols=labels.shape[1]))


def _write_project(
    staged: Path, path: Path, labels: LabelTiles, raster: Raster, classes: Categories, model: Model | None
) -> None:
    if not raster.files or not os.path.isfile(raster.files[0]):
        raise UsageError(f"{raster.name} is no local file, which a project of ilastik could name; write a label raster")
    codes = _read_all(labels)
    if model is not None:
        _write_trained(staged, path, codes, raster, model)
        return
    names = _name_codes(list(range(1, 1 + max(_list_codes(labels, classes)))), classes)
    lane = LaneContent(labels=codes, path=os.path.abspath(raster.files[0]), bands=len(raster.data_bands))
    colors = [color[:3] for color in _color_codes(list(range(1, 1 + len(names))), classes)]
    write_project(staged, [lane], features=parse_features("all"), names=names, colors=colors, folder=path.parent)


def _write_trained(staged: Path, path: Path, codes: Codes, raster: Raster, model: Model) -> None:
    missing = sorted(set(np.unique(codes[codes > 0]).tolist()) - set(model.codes))
    if missing:
        raise UsageError(f"the model does not know class {missing[0]}, of which there are labels; train it again")
    scene = Scene(source=raster, numbers=tuple(band.number for band in raster.data_bands))
    examples = [Example(scene=scene, labels=ArrayLabels(name=raster.name, codes=codes))]
    kinds = {"Forest": "random-forest"}
    check_project_model(path, kinds.get(type(model.classifier).__name__, "perceptron"), model.features.recipe, examples)
    write_project_model(staged, path, model, examples)


def _write_polygons(staged: Path, polygons: list[LabelPolygon], raster: Raster, classes: Categories) -> None:
    raw = _import_pyogrio(staged.name)
    crs = _check_place(staged, raster)
    codes = [polygon.code for polygon in polygons]
    geometry = np.array([_pack_polygon(polygon, raster) for polygon in polygons], dtype=object)
    with warnings.catch_warnings():
        # A photo has no CRS.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        try:
            raw.write(
                staged,
                geometry=geometry,
                field_data=[np.array(_name_codes(codes, classes), dtype=object), np.array(codes, dtype=np.int32)],
                fields=np.array(["class", "code"], dtype=object),
                geometry_type="Polygon",
                crs=crs,
                layer="labels",
                driver=_VECTORS[staged.suffix.lower()],
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise WriteError(f"{staged.name} cannot be written ({str(error).strip().rstrip('.')})") from None


def _check_place(staged: Path, raster: Raster) -> str | None:
    """Return the CRS that polygons are written in; None without one."""
    georef = raster.georef
    if not georef.has_transform and (georef.gcps or georef.rpcs is not None):
        raise DataError(
            f"{raster.name} is tied to the ground by control points and has no grid that polygons could lie on; "
            "write a label raster"
        )
    if georef.crs is None:
        return None
    if staged.suffix.lower() == ".geojson" and georef.crs.to_epsg() is None:
        raise UsageError(f"{staged.name} cannot hold the CRS of {raster.name}, which has no EPSG code; write .gpkg")
    return str(georef.crs.to_wkt())


def _pack_polygon(polygon: LabelPolygon, raster: Raster) -> bytes:
    """Return a polygon as WKB: little-endian, its kind (3), and rings that end where they begin."""
    parts = [struct.pack("<BII", 1, 3, len(polygon.rings))]
    for ring in polygon.rings:
        x, y = np.concatenate([ring, ring[:1]]).astype(np.float64).T
        if raster.georef.is_plain:
            x, y = x, -y
        else:
            to = raster.georef.transform
            x, y = to.a * x + to.b * y + to.c, to.d * x + to.e * y + to.f
        parts += [struct.pack("<I", len(x)), np.stack([x, y], axis=1).astype("<f8").tobytes()]
    return b"".join(parts)


def _import_pyogrio(name: str) -> Any:
    try:
        from pyogrio import raw
    except ImportError:
        raise MissingExtraError(
            f"{name} needs pyogrio; install it with: pip install 'tsraster[vectors]', or write a label raster"
        ) from None
    return raw
