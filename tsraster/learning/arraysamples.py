"""Labeled arrays to samples: which labeled pixels are taken, and their features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.arrayforms import Box, Picture, find_data, grow, place_within
from tsraster.learning.classifier import Floats
from tsraster.learning.featureset import Column, halo
from tsraster.learning.model import fill_gaps
from tsraster.learning.samples import Samples, draw_places

_CELLS = {2: (64, 64), 3: (16, 64, 64)}
"""Features are computed of so many pixels together, with what lies around them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabeledPicture:
    """Some labeled pixels of a picture, in the order of rows.

    Parameters
    ----------
    picture : Picture
    places : array of int64, shape (label,)
        Flat.
    codes : array of uint16, shape (label,)
    """

    picture: Picture
    places: NDArray[np.int64]
    codes: NDArray[np.uint16]

    @property
    def at(self) -> NDArray[np.int64]:
        """Row and column, or plane, row and column, shape (label, 2 or 3)."""
        return np.stack(np.unravel_index(self.places, self.picture.shape), axis=1).astype(np.int64)

    def select(self, kept: NDArray[Any]) -> LabeledPicture:
        """Return it with some of its labels only."""
        return LabeledPicture(picture=self.picture, places=self.places[kept], codes=self.codes[kept])

    def gather(
        self, work: Callable[[NDArray[Any], Box], NDArray[Any]], reach: int, width: int, executor: Executor
    ) -> Floats:
        """Compute something, float32 (label, width), of each labeled pixel.

        Parameters
        ----------
        work : callable
            Takes pixels, shape (band, ...), and a window of them; returns (width, ...) of the window.
        reach : int
            How many pixels around the window it is to be given.
        width : int
        executor : Executor
            Of threads.
        """
        at, cells = self.at, list(self._list_cells())
        table = np.zeros((len(at), width), np.float32)
        outers = [grow(box, reach, self.picture.shape) for _, box in cells]
        done = 0
        for parts in self.picture.read_each(outers):
            here = slice(done, done + len(parts))
            windows = [place_within(box, outer) for (_, box), outer in zip(cells[here], outers[here], strict=True)]
            for (own, box), found in zip(cells[here], executor.map(work, parts, windows), strict=True):
                table[own] = found[:, *(at[own] - [part.start for part in box]).T].T
            done += len(parts)
        return table

    def _list_cells(self) -> Iterator[tuple[NDArray[np.intp], Box]]:
        """Yield which labels lie close together, and the box just around them."""
        at = self.at
        keys = at // np.array(_CELLS[at.shape[1]])
        numbers = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
        order = np.argsort(numbers, kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            ends = zip(at[own].min(axis=0).tolist(), at[own].max(axis=0).tolist(), strict=True)
            yield own, tuple(slice(low, high + 1) for low, high in ends)


def list_labels(picture: Picture, labels: NDArray[np.uint16]) -> LabeledPicture:
    """List the labeled pixels of a picture."""
    flat = labels.ravel()
    places = np.flatnonzero(flat).astype(np.int64)
    return LabeledPicture(picture=picture, places=places, codes=flat[places])


def draw_labels(labeled: LabeledPicture, *, most: int, seed: int) -> NDArray[np.intp]:
    """Return which labels are taken: at most so many of each class, or all of them if `most` is 0."""
    if not most:
        return np.arange(len(labeled.codes))
    own = [np.flatnonzero(labeled.codes == code) for code in np.unique(labeled.codes)]
    drawn = [one[draw_places(labeled.places[one], most, seed)] for one in own]
    return np.sort(np.concatenate([np.empty(0, np.intp), *drawn]))


def keep_data(labeled: LabeledPicture, executor: Executor) -> tuple[LabeledPicture, Floats]:
    """Return those labels that lie on data, and the values there, shape (label, band)."""
    if not len(labeled.places):
        return labeled, np.empty((0, len(labeled.picture.bands)), np.float32)

    def work(pixels: NDArray[Any], _: Box) -> NDArray[Any]:
        return np.concatenate(
            [np.ma.getdata(pixels), find_data(pixels, labeled.picture.nodata)[None]], dtype=np.float32
        )

    table = labeled.gather(work, 0, len(labeled.picture.bands) + 1, executor)
    valid = table[:, -1] != 0
    return labeled.select(valid), table[valid, :-1]


def find_fill(values: Sequence[Floats]) -> tuple[float, ...]:
    """Return, for each band, the lower median of the labeled pixels: a value that occurs."""
    return tuple(np.quantile(np.concatenate(values), 0.5, axis=0, method="lower").tolist())


def compute_samples(
    labeled: Sequence[LabeledPicture],
    columns: Sequence[Column],
    recipe: str,
    fill: tuple[float, ...],
    names: dict[int, str],
    executor: Executor,
) -> Samples:
    """Compute the features of labeled pixels.

    Parameters
    ----------
    labeled : sequence of LabeledPicture
        Together with at least one label.
    columns : sequence of Column
        The features.
    recipe : str
        How they are computed.
    fill : tuple of float, shape (band,)
        What stands for pixels without data.
    names : dict of int to str
        Of the codes, in increasing order; empty texts where they have none.
    executor : Executor
        Of threads.
    """
    from tsraster.learning.featureimages import compute_features

    def compute(picture: Picture) -> Callable[[NDArray[Any], Box], NDArray[Any]]:
        def work(pixels: NDArray[Any], window: Box) -> NDArray[Any]:
            filled = fill_gaps(np.ma.getdata(pixels), find_data(pixels, picture.nodata), fill)
            return compute_features(filled, columns, recipe, window=window)

        return work

    reach = halo(columns, recipe)
    tables = [one.gather(compute(one.picture), reach, len(columns), executor) for one in labeled if len(one.codes)]
    codes = np.concatenate([one.codes for one in labeled])
    places = [np.column_stack([np.full(len(one.codes), i), one.at]) for i, one in enumerate(labeled)]
    return Samples(
        features=np.concatenate(tables),
        classes=np.searchsorted(list(names), codes),
        places=np.concatenate(places),
        names=[name or str(code) for code, name in names.items()],
    )


def check_classes(before: Sequence[LabeledPicture], after: Sequence[LabeledPicture]) -> tuple[int, ...]:
    """Return the codes of the classes, in increasing order.

    Raises
    ------
    DataError
        There are no labels, or none on data; a class has none there; or there are fewer than two classes.
    """
    there, kept = (np.unique(np.concatenate([one.codes for one in all_of])).tolist() for all_of in (before, after))
    if not there:
        raise DataError("no pixel is labeled; 0 is no label, and class codes begin at 1")
    if len(kept) < len(there):
        lost = sorted(set(there) - set(kept))
        raise DataError(
            f"all labels of class {lost[0]} are on pixels without data; label others, or leave the class out"
        )
    if len(kept) < 2:
        raise DataError(f"all labels are of class {kept[0]}; label pixels of at least two classes")
    return tuple(kept)
