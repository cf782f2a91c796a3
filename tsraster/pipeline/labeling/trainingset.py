"""A training set as image-segmentation-keras reads it: its folders, which pictures are for tests, and tiles.

References
----------
https://github.com/divamgupta/image-segmentation-keras, ``keras_segmentation/data_utils/data_loader.py``.
https://github.com/nightrome/cocostuff, sections "Labels" and "Caffe-compatible stuff-thing maps".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.pipeline.labeling.labelcoding import Export

PARTS = ("train", "test")


def name_images(part: str) -> str:
    """Return the name of the folder of photos of a part."""
    return f"images_prepped_{part}"


def name_annotations(part: str) -> str:
    """Return the name of the folder of label images of a part."""
    return f"annotations_prepped_{part}"


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """What a training set is to be like; without an export there is none.

    Raises
    ------
    UsageError
        The share of tests is out of its range; tiles are not positive, or there is nothing to cut.
    """

    export: Export | None = None
    test_share: float = 0.2
    seed: int = 0
    tile: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.test_share < 1:
            raise UsageError(f"--test-share is {self.test_share}; give a number from 0 to below 1, such as 0.2")
        if self.tile is not None and self.export is None:
            raise UsageError("--tile is for training sets; give --export keras or coco-stuff")
        if self.tile is not None and self.tile < 1:
            raise UsageError(f"a tile of {self.tile} pixels cannot be; give a number from 1, such as 512")

    def assign(self, stems: Sequence[str]) -> dict[str, str]:
        """Say of each picture which part it is of; empty where there is no training set."""
        if self.export is None:
            return dict.fromkeys(stems, "")
        return split_by_image(stems, test_share=self.test_share, seed=self.seed)


def split_by_image(stems: Sequence[str], *, test_share: float = 0.2, seed: int = 0) -> dict[str, str]:
    """Say of each picture whether it is for training or for tests.

    The choice depends on the names and the seed only: neither on the order, nor on the machine, and a picture more changes
    few others. As many pictures are for tests as the share says, to the nearest whole number; of several pictures at
    least one is for training, and at least one for tests unless the share is 0.

    Parameters
    ----------
    stems : sequence of str
        The names of the pictures, without their endings.
    test_share : float
        0 to 1, without 1.
    seed : int
        Another seed chooses others.

    Returns
    -------
    dict of str
        "train" or "test" by name.

    Examples
    --------
    >>> split_by_image(["1", "3", "5"], test_share=1 / 3)
    {'1': 'train', '3': 'test', '5': 'train'}
    """
    tests = round(test_share * len(stems))
    if test_share and len(stems) > 1:
        tests = min(max(tests, 1), len(stems) - 1)
    ranked = sorted(stems, key=lambda stem: hashlib.sha256(f"{seed}:{stem}".encode()).digest())
    chosen = set(ranked[:tests])
    return {stem: "test" if stem in chosen else "train" for stem in stems}


def list_tiles(shape: tuple[int, int], tile: int) -> list[tuple[int, int]]:
    """Return the first row and column of each tile of a picture.

    Tiles lie side by side; the last of a row or column is shifted back to end with the picture, and so overlaps the one
    before: every pixel is in a tile, and no tile holds a pixel that is not of the picture.

    Parameters
    ----------
    shape : (rows, cols)
        Of the picture, which is at least as large as a tile.
    tile : int
        Rows and columns of a tile.

    Examples
    --------
    >>> list_tiles((4, 10), 4)
    [(0, 0), (0, 4), (0, 6)]
    """
    rows, cols = ([*range(0, length - tile, tile), length - tile] for length in shape)
    return [(row, col) for row in rows for col in cols]


class TileCutter:
    """Cut tiles out of layers that come strip by strip, from the top; only the last rows are kept.

    Parameters
    ----------
    shape : (rows, cols)
        Of the picture.
    tile : int
        Rows and columns of a tile.

    Examples
    --------
    >>> cutter = TileCutter((3, 2), 2)
    >>> picture = np.arange(6, dtype=np.uint8).reshape(3, 2)
    >>> [(place, cut.tolist()) for strip in (picture[:2], picture[2:]) for place, cut in cutter.add(strip)]
    [((0, 0), [[0, 1], [2, 3]]), ((1, 0), [[2, 3], [4, 5]])]
    """

    def __init__(self, shape: tuple[int, int], tile: int) -> None:
        self._tile = tile
        self._waiting = list_tiles(shape, tile)
        self._kept: NDArray[Any] | None = None
        self._first = 0
        """The row of the picture with which the kept rows begin."""

    def add(self, strip: NDArray[Any]) -> Iterator[tuple[tuple[int, int], NDArray[Any]]]:
        """Yield the place of each tile that is complete with this strip, shape (..., row, col), and the tile."""
        kept = strip if self._kept is None else np.concatenate([self._kept, strip], axis=-2)
        end = self._first + kept.shape[-2]
        while self._waiting and self._waiting[0][0] + self._tile <= end:
            row, col = self._waiting.pop(0)
            inside = row - self._first
            yield (row, col), kept[..., inside : inside + self._tile, col : col + self._tile]
        wanted = self._waiting[0][0] if self._waiting else end
        self._kept, self._first = kept[..., wanted - self._first :, :], wanted


def list_categories(labels: Sequence[str]) -> tuple[str, str]:
    """Return the list of categories in the two forms of COCO-Stuff: the text of ``labels.txt``, and categories as JSON.

    There 0 is "unlabeled" and classes are counted from 1; in the label images they are counted from 0, and 255 is unlabeled.

    Examples
    --------
    >>> print(list_categories(["pore", "quartz"])[0], end="")
    0: unlabeled
    1: pore
    2: quartz
    """
    lines = [f"{number}: {label}\n" for number, label in enumerate(["unlabeled", *labels])]
    rows = [
        json.dumps({"supercategory": "other", "id": number, "name": label}, ensure_ascii=False)
        for number, label in enumerate(labels, start=1)
    ]
    return "".join(lines), "[\n  " + ",\n  ".join(rows) + "\n]\n"
