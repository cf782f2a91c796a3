"""`predict_array`: an array classified by a model, by tiles in threads, or lazily block by block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.arrayforms import Box, Picture, find_data, grow, place_within, take_picture
from tsraster.learning.classifier import Floats
from tsraster.learning.model import Model, find_margin
from tsraster.registry import suggestion

EXPORTS = ("segmentation", "probabilities", "uncertainty")

_TILES = {2: (384, 384), 3: (48, 96, 96)}
"""Features are computed of so many pixels at a time: what is made on the way stays in the cache."""


def predict_array(
    model: Model,
    image: Any,
    export: str = "segmentation",
    *,
    nodata: float | None = None,
    workers: int | None = None,
) -> Any:
    """Classify an array of numpy, xarray or dask, and give back such a one; see `take_picture` and `predict_picture`."""
    picture = take_picture(image, model.dimensions, nodata)
    return picture.wrap(predict_picture(model, picture, export, workers=workers), model)


def predict_picture(
    model: Model,
    picture: Picture,
    export: str = "segmentation",
    *,
    workers: int | None = None,
    where: NDArray[np.bool_] | None = None,
) -> Any:
    """Classify a picture.

    Parameters
    ----------
    model : Model
    picture : Picture
    export : "segmentation", "probabilities" or "uncertainty"
    workers : int, optional
        Threads; as many as there are processors by default. Lazy blocks are computed by dask, in one thread each.
    where : array of bool, shape (row, col) or (plane, row, col), optional
        Which pixels are wanted, of a picture that is not lazy; the others are as if they had no data.

    Returns
    -------
    array, lazy where the picture is
        Class codes, shape (...), 0 without data; or float32, NaN without data: probabilities (class, ...), 1 less the lead of
        the most probable class (...).

    Raises
    ------
    UsageError
        There is no such export, or the number of workers is not positive.
    BandError, DataError
        The model was trained for other pictures.
    """
    if export not in EXPORTS:
        raise UsageError(f"unknown export {export!r}; {suggestion(str(export), list(EXPORTS))}")
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers cannot work; give a number from 1")
    picture.check(model)
    job = ArrayJob(model=model, export=export, nodata=picture.nodata)
    if picture.is_lazy:
        return _predict_lazily(job, picture.data)
    whole = tuple(slice(0, size) for size in picture.shape)
    return job.run(picture.data, whole, workers or os.cpu_count() or 1, where)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayJob:
    """What is computed of each array; can be sent to another process."""

    model: Model
    export: str
    nodata: float | None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the result."""
        return self.model.dtype if self.export == "segmentation" else np.dtype(np.float32)

    def make_empty(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return the result where nothing has data."""
        if self.export == "segmentation":
            return np.zeros(shape, self.dtype)
        classes = (len(self.model.codes),) if self.export == "probabilities" else ()
        return np.full((*classes, *shape), np.nan, self.dtype)

    def run(
        self, data: NDArray[Any], window: Box, workers: int = 1, where: NDArray[np.bool_] | None = None
    ) -> NDArray[Any]:
        """Return the result of a window of an array, shape (band, ...)."""
        result = self.make_empty(tuple(part.stop - part.start for part in window))

        def work(tile: Box) -> None:
            place = place_within(tile, window)
            at: Any = (..., *place)
            self._work_on(data, tile, result[at], None if where is None else where[place])

        with ThreadPoolExecutor(workers) as executor:
            for _ in executor.map(work, _divide(window, _TILES[len(window)])):
                pass
        return result

    def _work_on(self, data: NDArray[Any], tile: Box, result: NDArray[Any], where: NDArray[np.bool_] | None) -> None:
        """Compute a tile into its part of the result."""
        outer = grow(tile, self.model.halo, data.shape[1:])
        around, inner = data[:, *outer], place_within(tile, outer)
        valid = find_data(around, self.nodata)
        wanted = valid[inner] if where is None else valid[inner] & where
        if wanted.any():
            features = self.model.compute(np.ma.getdata(around), valid, window=inner)
            np.copyto(result, self._classify(features), where=wanted)

    def _classify(self, features: Floats) -> NDArray[Any]:
        classifier = self.model.classifier
        if self.export == "segmentation":
            return self.model.to_codes(classifier.segment(features))
        probabilities = classifier.probabilities(features)
        return probabilities if self.export == "probabilities" else find_margin(probabilities)


def _divide(box: Box, sides: tuple[int, ...]) -> Iterator[Box]:
    """Return the parts of a box, none of them longer than `sides`."""
    cuts = [
        [slice(start, min(start + side, part.stop)) for start in range(part.start, part.stop, side)]
        for part, side in zip(box, sides, strict=True)
    ]
    return product(*cuts)


def _predict_lazily(job: ArrayJob, data: Any) -> Any:
    """Let dask read each block with what lies around it, and compute what is within."""
    from dask.array.overlap import overlap

    shape = data.shape[1:]
    # Nothing lies beyond the ends, and a block that reaches both of them needs no more than all there is.
    depths = tuple(min(job.model.halo, size) for size in shape)
    whole = data.rechunk({0: -1})
    merged = whole.rechunk((whole.chunks[0], *(_merge(c, d) for c, d in zip(whole.chunks[1:], depths, strict=True))))
    spread = overlap(merged, depth=dict(enumerate((0, *depths))), boundary="none", allow_rechunk=False)
    empty = job.make_empty((0,) * len(shape))
    result = spread.map_blocks(
        partial(_run_block, job=job, depths=depths),
        dtype=job.dtype,
        meta=empty,
        drop_axis=() if job.export == "probabilities" else 0,
        chunks=(*((size,) for size in empty.shape[: -len(shape)]), *merged.chunks[1:]),
        token=f"tsraster-{job.export}",
    )
    return result.rechunk((*result.chunks[: -len(shape)], *whole.chunks[1:]))


def _merge(chunks: tuple[int, ...], least: int) -> tuple[int, ...]:
    """Join blocks with the next ones until each is at least so long, for a block is given parts of its neighbors only.

    Examples
    --------
    >>> _merge((5, 3, 3, 4, 1), 6)
    (8, 8)
    """
    merged: list[int] = []
    rest = 0
    for size in chunks:
        rest += size
        if rest >= least:
            merged.append(rest)
            rest = 0
    return (*merged[:-1], merged[-1] + rest) if merged else (rest,)


def _run_block(block: NDArray[Any], *, job: ArrayJob, depths: tuple[int, ...], block_info: Any) -> NDArray[Any]:
    """Compute a block without what was added at those of its sides that are no ends of the picture."""
    info = block_info[0]
    places = zip(block.shape[1:], info["chunk-location"][1:], info["num-chunks"][1:], depths, strict=True)
    window = tuple(
        slice(depth if place > 0 else 0, size - (depth if place < number - 1 else 0))
        for size, place, number, depth in places
    )
    return job.run(block, window)
