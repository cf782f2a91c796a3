"""`IlastikProject`: what an ilastik project of pixel classification holds, without anything in it having been run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError
from tsraster.learning.featureset import FeatureSet
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik.axes import arrange, check_axes, default_axes, parse_axistags, plane_axis, spatial_shape
from tsraster.learning.ilastik.hdf5access import find, open_hdf5, read_array
from tsraster.learning.ilastik.hdf5texts import read_attribute
from tsraster.learning.ilastik.location import locate_file, split_inner
from tsraster.learning.ilastik.selection import FeatureSelection

Shape = tuple[int, ...]

INTERNAL = "ProjectInternal"
"""The location of an image that is stored in the project."""

LOCAL_DATA = ("Input Data", "local_data")

MOST_PIXELS = 2**31
"""Of one array of labels."""

MOST_LABELED = 2**30
"""Pixels of all label blocks of a project."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One image of a project: the raw data, or the prediction mask, of a lane.

    Parameters
    ----------
    path : str
        As it stands in the project: of a file, perhaps with the path of data inside it, or of data in the project.
    location : str
        "FileSystem" or "ProjectInternal".
    nickname, dataset_id : str
    shape : tuple of int
        In the order of `axes`; empty where the project does not tell.
    axes : str
        Letters of t, z, y, x, c; empty where the project does not tell.
    allow_labels : bool
    """

    path: str
    location: str = "FileSystem"
    nickname: str = ""
    dataset_id: str = ""
    shape: Shape = ()
    axes: str = ""
    allow_labels: bool = True

    @property
    def is_inside(self) -> bool:
        """Whether the pixels are stored in the project."""
        return self.location == INTERNAL

    @property
    def inner_path(self) -> str:
        """The path of the data in their file, where that is a container such as HDF5."""
        return "" if self.is_inside else split_inner(self.path)[1]

    @property
    def spatial_shape(self) -> Shape:
        """(row, col) or (plane, row, col); empty where the project does not tell."""
        return spatial_shape(self.axes, self.shape) if self.shape and len(self.axes) == len(self.shape) else ()

    @property
    def bands(self) -> int | None:
        """How many channels there are; None where the project does not tell."""
        if not self.spatial_shape:
            return None
        return self.shape[self.axes.index("c")] if "c" in self.axes else 1


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelBlock:
    """A box of labels.

    Parameters
    ----------
    offset : tuple of int
        (row, col) or (plane, row, col) of its first pixel in the image.
    values : array of uint8, shape (row, col) or (plane, row, col)
        0 where there is no label, else the number of the class from 1.
    """

    offset: Shape
    values: NDArray[np.uint8]

    @property
    def stop(self) -> Shape:
        """Just behind the last pixel."""
        return tuple(start + length for start, length in zip(self.offset, self.values.shape, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Lane:
    """One image of a project with its labels.

    Parameters
    ----------
    raw, mask : Dataset or None
        The image, and the prediction mask.
    blocks : tuple of LabelBlock
    """

    raw: Dataset | None = None
    mask: Dataset | None = None
    blocks: tuple[LabelBlock, ...] = ()

    @property
    def shape(self) -> Shape:
        """(row, col) or (plane, row, col) of the image; where that is unknown, up to the last label."""
        if self.raw is not None and self.raw.spatial_shape:
            return self.raw.spatial_shape
        stops = [block.stop for block in self.blocks]
        return tuple(max(ends) for ends in zip(*stops, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class IlastikProject:
    """An ilastik project of pixel classification.

    Parameters
    ----------
    path : Path
    workflow, version : str
        Of ilastik.
    selection : FeatureSelection or None
        The choice of features as it is stored.
    features : FeatureSet or None
        The same in the form of tsraster; None where nothing is chosen.
    feature_names : tuple of str
        Of the columns that the forest was trained on, in the order of the project.
    label_names : tuple of str
        The name of label 1, of label 2, and so on.
    label_colors : tuple of (red, green, blue)
    lanes : tuple of Lane
    forest : Forest or None
        The trained forest; None where there is none. Its features are ``features.columns(bands, dimensions)`` in that order,
        and its classes are `known_labels`.
    known_labels : tuple of int
        The label of each class of the forest: labels without any pixel are not among them.
    bands : int or None
        How many channels the forest was trained on, or else the first image has.
    dimensions : 2 or 3
        Of the images. A series of pictures counts as three, each computed by itself.
    """

    path: Path
    workflow: str = ""
    version: str = ""
    selection: FeatureSelection | None = None
    features: FeatureSet | None = None
    feature_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    label_colors: tuple[tuple[int, int, int], ...] = ()
    lanes: tuple[Lane, ...] = ()
    forest: Forest | None = None
    known_labels: tuple[int, ...] = ()
    bands: int | None = None
    dimensions: int = 2

    def labels(self, lane: int = 0) -> NDArray[np.uint8]:
        """Return the labels of an image.

        Returns
        -------
        array of uint8, shape (row, col) or (plane, row, col)
            0 where there is no label, else the number of the class from 1.

        Raises
        ------
        DataError
            There is no such lane, or the project claims an image that is too large; its blocks can still be used.
        """
        one = self._lane(lane)
        if math.prod(one.shape) > MOST_PIXELS:
            raise DataError(
                f"the image of lane {lane} of {self.path.name} has the shape {one.shape}, whose labels do not fit one array; "
                "use its blocks"
            )
        labels = np.zeros(one.shape or (0, 0), np.uint8)
        for block in one.blocks:
            box = labels[tuple(slice(start, stop) for start, stop in zip(block.offset, block.stop, strict=True))]
            np.copyto(box, block.values, where=block.values > 0)
        return labels

    def image(self, lane: int = 0, *, mask: bool = False) -> NDArray[Any]:
        """Return the image of a lane, or its prediction mask, where the project itself stores it.

        Returns
        -------
        array, shape (band, row, col) or (band, plane, row, col)

        Raises
        ------
        DataError
            There is no such lane or image, or it is in a file of its own: see `locate`.
        ReadError
            It is damaged, or larger than allowed.
        """
        dataset = self._dataset(lane, mask=mask)
        if not dataset.is_inside:
            raise DataError(f"the image {dataset.path!r} is not stored in {self.path.name} but in a file of its own")
        with open_hdf5(self.path) as file:
            stored = find_local(file, dataset)
            pixels = read_array(stored)
            axes = parse_axistags(read_attribute(stored, "axistags"))
        if len(axes) != pixels.ndim:
            axes = dataset.axes if len(dataset.axes) == pixels.ndim else default_axes(pixels.shape)
        order = "c" + plane_axis(check_axes(axes), pixels.shape) + "yx"
        return arrange(pixels, axes, order)

    def locate(self, lane: int = 0, *, mask: bool = False, follow: bool = False) -> Path:
        """Return the file of the image of a lane, or of its prediction mask.

        Parameters
        ----------
        lane : int
        mask : bool
        follow : bool
            Go to files outside of the project's folder too.

        Raises
        ------
        DataError
            There is no such lane or image, it is stored in the project, it is a network address or several files, or it lies
            outside of the project's folder and `follow` was not asked for.
        MissingSourceError
            There is no such file.
        """
        dataset = self._dataset(lane, mask=mask)
        if dataset.is_inside:
            raise DataError(f"the image {dataset.nickname!r} of lane {lane} is stored in {self.path.name} itself")
        return locate_file(dataset.path, self.path.parent, follow=follow)

    def _lane(self, lane: int) -> Lane:
        if not 0 <= lane < len(self.lanes):
            raise DataError(f"{self.path.name} has {len(self.lanes)} images, counted from 0; there is no lane {lane}")
        return self.lanes[lane]

    def _dataset(self, lane: int, *, mask: bool) -> Dataset:
        one = self._lane(lane)
        dataset = one.mask if mask else one.raw
        if dataset is None:
            raise DataError(f"lane {lane} of {self.path.name} has no {'prediction mask' if mask else 'image'}")
        return dataset


def find_local(file: Any, dataset: Dataset) -> Any:
    """Return the HDF5 dataset of an image that is stored in the project.

    Raises
    ------
    ReadError
        It is not there.
    """
    places = [tuple(part for part in dataset.path.split("/") if part), (*LOCAL_DATA, dataset.dataset_id)]
    for place in places:
        if len(place) == len(LOCAL_DATA) + 1 and place[:-1] == LOCAL_DATA and place[-1] not in {"", ".", ".."}:
            found = find(file, *place)
            if found is not None:
                return found
    raise ReadError(f"{Path(file.filename).name} says it stores the image {dataset.nickname!r}, and does not")
