"""Read a training set as its loader does: `verify_training_set`.

References
----------
https://github.com/divamgupta/image-segmentation-keras, ``keras_segmentation/data_utils/data_loader.py``:
``get_pairs_from_paths``, ``verify_segmentation_dataset`` and ``get_segmentation_array``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import TsrasterError, UsageError
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.labeling.photo import has_photo, read_photo
from tsraster.pipeline.labeling.trainingset import PARTS, name_annotations, name_images
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, natural_key, open_raster

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")
ANNOTATION_ENDINGS = (".png", ".bmp")
"""What the loader looks for; it takes capital letters as other endings."""


@dataclass(frozen=True, kw_only=True)
class TrainingSetCheck:
    """What was found in a training set."""

    pairs: dict[str, int]
    """How many photos have a label image, by part."""
    problems: tuple[str, ...]
    """What the loader would refuse, a line each; empty where all is well."""


def verify_training_set(
    folder: PathLike,
    n_classes: int,
    *,
    unlabeled: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> TrainingSetCheck:
    """Read a training set by the rules of the loader of image-segmentation-keras, and say what it would refuse.

    A photo goes with the label image of the same stem; both are decoded to three channels of 8 bits, as cv2.imread does
    it, and must be of one size; the ids are channel 0, which is blue, and lie below `n_classes`. Beyond these rules a label
    image must be gray and of 8 bits: a palette, or 16 bits, would be decoded into other ids.

    Parameters
    ----------
    folder : path
        Holds images_prepped_train, annotations_prepped_train, and the same for test where there are tests.
    n_classes : int
        How many ids there are, counted from 0.
    unlabeled : int, optional
        An id besides, which training leaves out; 255 in COCO-Stuff.
    workers : int, optional
        Number of threads; by default one for each processor.
    executor : concurrent.futures.Executor, optional
        Where pairs are worked on, instead of threads.
    progress : callable, optional
        Called with the number of pairs done and of all pairs.

    Returns
    -------
    TrainingSetCheck

    Raises
    ------
    UsageError
        There is no such folder in it.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> from tsraster.pipeline.labeling.labels import labels_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _, photo = draw_samples(folder)
    ...     _ = labels_files(photo, f"{folder}/set", cutoffs=[0.25, 0.4], export="keras", tile=128)
    ...     verify_training_set(f"{folder}/set", 2).problems[0].partition("_r")[2]
    '00000_c00000.png holds the id 2, and ids lie below 2'
    """
    parts = [part for part in PARTS if (Path(folder) / name_images(part)).is_dir()]
    if not parts:
        raise UsageError(f"{folder} holds no folder {name_images('train')}; name the folder of a training set")
    pairs: dict[str, int] = {}
    problems: list[str] = []
    found: list[tuple[Path, Path]] = []
    for part in parts:
        own, lacks = _pair(Path(folder) / name_images(part), Path(folder) / name_annotations(part))
        pairs[part] = len(own)
        problems += lacks
        found += own
    check = partial(_check_pair, n_classes=n_classes, unlabeled=unlabeled)
    with gdal_settings(), block_work(workers=workers, executor=executor, progress=progress) as work:
        problems += [problem for _, answers in work.run_each(check, found) for problem in answers]
    return TrainingSetCheck(pairs=pairs, problems=tuple(problems))


def _pair(images: Path, annotations: Path) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Find the label image of each photo, and say what is missing or doubled."""
    known: dict[str, Path] = {}
    problems = []
    for path in _list_files(annotations, ANNOTATION_ENDINGS):
        if path.stem in known:
            problems.append(f"{path} and {known[path.stem].name} are two label images of one photo")
        known[path.stem] = path
    photos = _list_files(images, IMAGE_ENDINGS)
    if not photos:
        problems.append(f"{images} holds no photo ({', '.join(IMAGE_ENDINGS)})")
    problems += [f"{photo} has no label image in {annotations}" for photo in photos if photo.stem not in known]
    return [(photo, known[photo.stem]) for photo in photos if photo.stem in known], problems


def _list_files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if os.path.splitext(path.name)[1] in endings and path.is_file()]
    return sorted(files, key=lambda path: natural_key(path.name))


def _check_pair(pair: tuple[Path, Path], *, n_classes: int, unlabeled: int | None) -> list[str]:
    photo, annotation = pair
    try:
        with open_raster(photo) as raster:
            shape = raster.shape
            for _ in _decode(raster):
                pass
        with open_raster(annotation) as raster:
            return _check_annotation(raster, shape, n_classes, unlabeled)
    except TsrasterError as error:
        return [str(error)]


def _check_annotation(raster: Raster, shape: tuple[int, int], n_classes: int, unlabeled: int | None) -> list[str]:
    if raster.shape != shape:
        sizes = [f"{rows} x {cols}" for rows, cols in (raster.shape, shape)]
        return [f"{raster.name} has {sizes[0]} pixels, and its photo {sizes[1]}"]
    if raster.palette or any(band.dtype != "uint8" for band in raster.data_bands):
        what = "a palette" if raster.palette else "more than 8 bits"
        return [f"{raster.name} has {what}, which is decoded into other ids; write gray of 8 bits"]
    found = np.zeros(256, dtype=np.int64)
    is_gray = True
    for block in _decode(raster):
        found += np.bincount(block[0].ravel(), minlength=256)
        is_gray = is_gray and bool((block == block[0]).all())
    if not is_gray:
        return [f"{raster.name} is no gray picture: its ids differ from channel to channel"]
    wrong = [number for number in np.flatnonzero(found).tolist() if number >= n_classes and number != unlabeled]
    return [f"{raster.name} holds the id {wrong[0]}, and ids lie below {n_classes}"] if wrong else []


def _decode(raster: Raster) -> Iterator[NDArray[np.uint8]]:
    """Yield strips of a picture as cv2.imread gives them with flag 1: blue, green, red of 8 bits, without alpha."""
    if not has_photo(raster):
        raise UsageError(f"{raster.name} is no picture of 8 or 16 bits in gray or color")
    rows = max(1, 2**21 // raster.shape[1])
    for row in range(0, raster.shape[0], rows):
        window = Window(row=row, col=0, rows=min(rows, raster.shape[0] - row), cols=raster.shape[1])
        yield read_photo(raster, window)[::-1]
