"""Labels from files: label rasters, vector files and projects of ilastik, as tiles for a board: `import_labels`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsraster.app.labels.labeltiles import TILE, Codes, LabelTiles, Place
from tsraster.attributetable import Categories
from tsraster.errors import DataError
from tsraster.learning.ilastik import read_project
from tsraster.learning.ilastik.project import Lane
from tsraster.learning.model import strip_folder
from tsraster.pipeline.learning.labelsources import (
    ArrayLabels,
    LabelRules,
    LabelSource,
    describe_labels,
    is_project,
    open_labels,
)
from tsraster.pipeline.learning.scenes import Scene
from tsraster.raster import Raster
from tsraster.reading import gdal_settings
from tsraster.reading.labelvectors import VECTOR_ENDINGS

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class ImportedLabels:
    """What a file has to say of the labels of a raster."""

    tiles: Mapping[Place, Codes]
    """For `LabelBoard.paste`, or `journal.describe_paste`: those with labels."""
    classes: Categories
    """Names and colors of all classes, those that were known before among them."""
    counts: Mapping[int, int]
    """Pixels by code."""


def import_labels(
    path: PathLike,
    raster: Raster,
    *,
    classes: Categories | None = None,
    rules: LabelRules | None = None,
) -> ImportedLabels:
    """Read labels from a file: a label raster, a vector file, or a project of ilastik; see `pipeline.learning.labelsources`.

    A class of the file that has the name of a known one becomes that one. Where its code is that of a class of another name it
    gets the lowest code that is free. Vector files as `export_labels` writes them keep their codes.

    Parameters
    ----------
    path : path
        The file.
    raster : Raster
        What it is to be laid over.
    classes : Categories, optional
        The classes that are known.
    rules : LabelRules, optional
        Which column and layer of a vector file, and where a label raster lies.

    Raises
    ------
    UsageError
        A rule does not go with such a file, or a column has to be named.
    ReadError, MissingExtraError
        The file cannot be read.
    DataError
        It does not fit the raster, holds no labels or none on it, or more classes than labels can have.
    """
    known = classes or Categories(names={}, colors={})
    own_names = _read_own_names(path) if rules is None else {}
    with gdal_settings(), _open_source(path, raster, own_names, rules) as source:
        found = Categories(names=own_names or source.categories.names, colors=source.categories.colors)
        tiles = dict(_read_tiles(source, raster.shape))
    if not tiles:
        raise DataError(f"{path} has no labels on {raster.name}")
    counts = LabelTiles(shape=raster.shape, tiles=tiles).counts()
    table = _match_codes(counts, found.names, known.names)
    mapped = {place: table[tile] for place, tile in tiles.items()}
    return ImportedLabels(
        tiles=mapped,
        classes=_join_classes(counts, found, known, table),
        counts=LabelTiles(shape=raster.shape, tiles=mapped).counts(),
    )


@contextmanager
def _open_source(
    path: PathLike, raster: Raster, own_names: Mapping[int, str], rules: LabelRules | None
) -> Iterator[LabelSource]:
    if is_project(path) and rules is None:
        yield _read_project_labels(path, raster)
        return
    scene = Scene(source=raster, numbers=tuple(band.number for band in raster.data_bands))
    with open_labels(path, scene, LabelRules(column="code") if own_names else rules or LabelRules()) as source:
        yield source


def _read_project_labels(path: PathLike, raster: Raster) -> ArrayLabels:
    """Return the labels of the image of a project that has the name of the raster, or of its only image.

    A project says the size of its pictures, and not of its GeoTIFFs: of those the labels have to fit.
    """
    project = read_project(path)
    lanes = [lane for lane in project.lanes if _fits(lane, raster)]
    own = strip_folder(raster.name)
    named = [lane for lane in lanes if lane.raw is not None and strip_folder(lane.raw.path) == own]
    chosen = named or (lanes if len(project.lanes) == 1 else [])
    if len(chosen) != 1:
        sizes = " x ".join(map(str, raster.shape))
        raise DataError(f"{path} has no labels of an image like {raster.name}, by name and by its size of {sizes}")
    codes = np.zeros(raster.shape, np.uint8)
    for block in chosen[0].blocks:
        part = codes[tuple(slice(first, last) for first, last in zip(block.offset, block.stop, strict=True))]
        np.copyto(part, block.values, where=block.values > 0)
    categories = describe_labels(project.label_names, project.label_colors)
    return ArrayLabels(name=str(path), codes=codes, categories=categories)


def _fits(lane: Lane, raster: Raster) -> bool:
    if lane.raw is not None and lane.raw.spatial_shape:
        return lane.raw.spatial_shape == raster.shape
    stops = [block.stop for block in lane.blocks]
    return all(len(stop) == 2 and stop[0] <= raster.shape[0] and stop[1] <= raster.shape[1] for stop in stops)


def _match_codes(counts: Mapping[int, int], names: Mapping[int, str], known: Mapping[int, str]) -> Codes:
    """Return the code that each code of a file becomes, shape (256,)."""
    table = np.arange(256, dtype=np.uint8)
    by_name = {name: code for code, name in known.items()}
    taken = {*known, *counts}
    for code in counts:
        name = names.get(code, "")
        if name in by_name:
            table[code] = by_name[name]
        elif name and known.get(code, name) != name:
            free = [one for one in range(1, 256) if one not in taken]
            if not free:
                raise DataError(f"there is no code left for the class {name!r}; labels have at most 255 classes")
            table[code] = free[0]
            taken.add(free[0])
    return table


def _join_classes(counts: Mapping[int, int], found: Categories, known: Categories, table: Codes) -> Categories:
    """Return all classes: those that are known keep their names and colors."""
    names = {int(table[code]): found.names[code] for code in counts if found.names.get(code)}
    colors = {int(table[code]): found.colors[code] for code in counts if code in found.colors}
    return Categories(names=names | dict(known.names), colors=colors | dict(known.colors))


def _read_tiles(source: LabelSource, shape: tuple[int, int]) -> Iterator[tuple[Place, Codes]]:
    rows, cols = shape
    for row in range(0, rows, TILE):
        codes = source.read((slice(row, min(row + TILE, rows)), slice(0, cols)))
        if codes.max(initial=0) > 255:
            raise DataError(f"{source.name} holds the label {codes.max()}; labels that can be drawn on are 1 to 255")
        for col in range(0, cols, TILE):
            tile = codes[:, col : col + TILE].astype(np.uint8)
            if tile.any():
                yield (row // TILE, col // TILE), tile


def _read_own_names(path: PathLike) -> dict[int, str]:
    """Return the names by code in a vector file that has the columns `class` and `code`; nothing for another file."""
    if Path(path).suffix.lower() not in VECTOR_ENDINGS:
        return {}
    try:
        import pyogrio
        import pyogrio.raw
    except ImportError:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if len(pyogrio.list_layers(path)) != 1 or not {"class", "code"} <= set(pyogrio.read_info(path)["fields"]):
                return {}
            said, _, _, cells = pyogrio.raw.read(path, columns=["class", "code"], read_geometry=False)
    except (OSError, RuntimeError, ValueError):
        return {}  # whoever reads the shapes says what is wrong
    columns = dict(zip(map(str, said["fields"]), cells, strict=True))
    if columns["code"].dtype.kind not in "iu":
        return {}
    pairs = zip(columns["code"].tolist(), columns["class"].tolist(), strict=True)
    return {code: str(name) for code, name in pairs if name and 0 < code < 2**16}
