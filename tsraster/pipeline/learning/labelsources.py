"""Where labels come from: label rasters, shapes, volumes of labels, projects of ilastik; all are read by boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.attributetable import Categories
from tsraster.classification.mapping import Mapping as CodeMapping
from tsraster.errors import DataError, UsageError
from tsraster.learning.model import strip_folder
from tsraster.pipeline.codes import find_code_band, plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.labelcodes import map_categories, to_label_codes
from tsraster.pipeline.learning.labelplaces import find_corner, say_sizes
from tsraster.pipeline.learning.scenes import Box, Scene, to_window
from tsraster.pipeline.learning.volumesources import open_volume_source
from tsraster.pipeline.values import Values
from tsraster.preparing import Preparation, plan_preparation
from tsraster.raster import Raster, Window
from tsraster.reading import read_categories
from tsraster.reading.arrays import open_any
from tsraster.reading.labelvectors import VECTOR_ENDINGS, LabelShapes, read_label_shapes
from tsraster.volume import Volume


class LabelSource(Protocol):
    """Labels of one scene."""

    @property
    def name(self) -> str:
        """The file."""

    @property
    def categories(self) -> Categories:
        """What is known of the codes."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""


@dataclass(frozen=True, kw_only=True)
class LabelRules:
    """How labels are taken from a file.

    Attributes
    ----------
    column : str, optional
        Which column of a vector file holds the class.
    layer : str, optional
        Which layer of it.
    offset : (column, row), optional
        Where the upper left pixel of a label raster lies in the source.
    mapping : Mapping, optional
        From the numbers of a file to codes.
    """

    column: str | None = None
    layer: str | None = None
    offset: tuple[int, int] | None = None
    mapping: CodeMapping | None = None


@contextmanager
def open_labels(path: PathLike, scene: Scene, rules: LabelRules) -> Iterator[LabelSource]:
    """Open the labels of a scene.

    Raises
    ------
    UsageError
        An option does not go with such labels.
    DataError
        They do not fit the scene, or hold no codes.
    """
    source = scene.source
    if isinstance(source, Volume):
        _refuse(rules, column=True, layer=True, offset=True, what="a volume")
        with open_volume_source(path) as labels:
            if labels.shape != source.shape:
                raise DataError(say_sizes(labels.name, labels.shape, source.name, source.shape))
            yield VolumeLabels(volume=labels, mapping=rules.mapping)
        return
    if Path(path).suffix.lower() in VECTOR_ENDINGS:
        _refuse(rules, offset=True, what="shapes, which have coordinates")
        shapes = read_label_shapes(path, source, column=rules.column, layer=rules.layer)
        yield ShapeLabels(shapes=shapes, path=str(path), mapping=rules.mapping)
        return
    if is_project(path):
        _refuse(rules, column=True, layer=True, offset=True, what="a project")
        yield take_project_labels(path, scene, rules.mapping)
        return
    _refuse(rules, column=True, layer=True, what="a raster")
    with open_any(path) as raster:
        corner = find_corner(raster, source, rules.offset)
        yield RasterLabels(
            values=Values(raster, _plan_labels(raster)),
            corner=corner,
            shape=source.shape,
            mapping=rules.mapping,
        )


def _plan_labels(raster: Raster) -> Preparation:
    """Take the band that holds labels: whole numbers, which other programs also write as floats."""
    band = find_code_band(raster, None)
    if raster.band(band).dtype in ("float32", "float64"):
        return plan_preparation(raster, band=band)
    return plan_codes(raster, band)


def is_project(path: PathLike) -> bool:
    """Whether a path is that of a project of ilastik."""
    return Path(path).suffix.lower() == ".ilp"


def take_project_labels(path: PathLike, scene: Scene, mapping: CodeMapping | None) -> ArrayLabels:
    """Return the labels of the image of a project that has the name and the size of a scene, or of its only image.

    Raises
    ------
    DataError
        There is no such image.
    """
    from tsraster.learning.ilastik import read_project

    project = read_project(path)
    fitting = [i for i, lane in enumerate(project.lanes) if lane.shape == scene.shape]
    named = [i for i in fitting if strip_folder(_name_lane(project.lanes[i])) == strip_folder(scene.name)]
    lanes = named or (fitting if len(project.lanes) == 1 else [])
    if len(lanes) != 1:
        sizes = " x ".join(map(str, scene.shape))
        raise DataError(f"{path} has no labels of an image like {scene.name}, by name and by its size of {sizes}")
    return ArrayLabels(
        name=str(path),
        codes=project.labels(lanes[0]),
        categories=describe_labels(project.label_names, project.label_colors),
        files=(str(path),),
        mapping=mapping,
    )


def _name_lane(lane: Any) -> str:
    return "" if lane.raw is None else lane.raw.path


def describe_labels(names: Sequence[str], colors: Sequence[tuple[int, int, int]]) -> Categories:
    """Return the names and colors of the labels of a project, which are counted from 1."""
    return Categories(
        names={code: name for code, name in enumerate(names, start=1) if name},
        colors={code: (*color, 255) for code, color in enumerate(colors, start=1)},
    )


def _refuse(rules: LabelRules, *, what: str, column: bool = False, layer: bool = False, offset: bool = False) -> None:
    for option, is_wrong, given in (
        ("--column", column, rules.column),
        ("--layer", layer, rules.layer),
        ("--label-offset", offset, rules.offset),
    ):
        if is_wrong and given is not None:
            raise UsageError(f"{option} does not go with labels of {what}; leave it out")


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterLabels:
    """Labels that are a raster."""

    values: Values
    corner: tuple[int, int]
    """Row and column of the scene at which it begins."""
    shape: tuple[int, int]
    """Of the scene."""
    mapping: CodeMapping | None = None

    @property
    def name(self) -> str:
        """The file."""
        return self.values.raster.name

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return self.values.raster.files

    @property
    def categories(self) -> Categories:
        """What the raster, or the mapping, says of its codes."""
        known = read_categories(self.values.raster, self.values.preparation.bands[0])
        return known if self.mapping is None else map_categories(known, self.mapping)

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""
        window = to_window(box)
        codes = np.zeros((window.rows, window.cols), np.uint16)
        rows, cols = self.values.raster.shape
        top, left = window.row - self.corner[0], window.col - self.corner[1]
        first_row, first_col = max(0, top), max(0, left)
        part = Window(
            row=first_row,
            col=first_col,
            rows=min(rows, top + window.rows) - first_row,
            cols=min(cols, left + window.cols) - first_col,
        )
        if part.rows > 0 and part.cols > 0:
            pixels = self.values.read(part)
            where = (
                slice(first_row - top, first_row - top + part.rows),
                slice(first_col - left, first_col - left + part.cols),
            )
            codes[where] = to_label_codes(pixels.data, pixels.valid, self.mapping, self.name)
        return codes


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeLabels:
    """Labels that are shapes."""

    shapes: LabelShapes
    path: str
    mapping: CodeMapping | None = None

    @property
    def name(self) -> str:
        """The file."""
        return self.path

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return (self.path,)

    @property
    def categories(self) -> Categories:
        """The names of the classes."""
        if self.mapping is not None:
            return Categories(names=dict(self.mapping.names), colors={})
        names = zip(self.shapes.codes, self.shapes.names, strict=True)
        return Categories(names={code: name for code, name in names if name}, colors={})

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""
        drawn = self.shapes.draw(to_window(box))
        return to_label_codes(drawn, drawn != 0, self.mapping, self.path)


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeLabels:
    """Labels that are a volume."""

    volume: Volume
    mapping: CodeMapping | None = None

    @property
    def name(self) -> str:
        """The file."""
        return self.volume.name

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return self.volume.files

    @property
    def categories(self) -> Categories:
        """What the mapping says of the codes."""
        return Categories(names={} if self.mapping is None else dict(self.mapping.names), colors={})

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""
        voxels = self.volume.read(box[0].start, box[0].stop)[:, box[1], box[2]]
        if voxels.dtype.kind not in "iu":
            raise DataError(f"{self.name} holds {voxels.dtype} and no labels, which are whole numbers")
        return to_label_codes(voxels, np.ones(voxels.shape, np.bool_), self.mapping, self.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayLabels:
    """Labels that are in memory, such as those of a project of ilastik."""

    name: str
    codes: NDArray[Any]
    """(row, col) or (plane, row, col)."""
    categories: Categories = field(default_factory=lambda: Categories(names={}, colors={}))
    files: tuple[str, ...] = ()
    mapping: CodeMapping | None = None

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""
        part = self.codes[box]
        return to_label_codes(part, part != 0, self.mapping, self.name)
