"""`LabelCoding`: which number stands for each class in a label image, and which for pixels that are in none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Style = Literal["ids", "spread", "unit"]
STYLES: tuple[Style, ...] = ("ids", "spread", "unit")
Export = Literal["keras", "coco-stuff"]
EXPORTS: tuple[Export, ...] = ("keras", "coco-stuff")

MOST_CLASSES = 255
"""A label image has 8 bits, and one number is for pixels without a class."""

VOID = 255
"""What COCO-Stuff writes where no class is known."""

_PUBLISHED = (1, 50, 100, 180, 200)
"""The five values of the published labels of thin sections."""


@dataclass(frozen=True, kw_only=True)
class LabelCoding:
    """The numbers of K classes, in their order.

    Examples
    --------
    >>> coding = CodingPlan(style="spread").code(5)
    >>> coding.ids, coding.values
    ((1, 2, 3, 4, 5), (1, 50, 100, 180, 200))
    >>> coding.encode(np.array([[0, 1, 5]], np.uint8))
    array([[  0,   1, 200]], dtype=uint8)
    """

    style: Style
    ids: tuple[int, ...]
    """Consecutive."""
    values: tuple[float, ...]
    """What stands in the label images."""
    unlabeled: int | None
    """The id of pixels without a class; None where there must be none."""
    is_void: bool = False
    """Whether training leaves out what is unlabeled, so that it is no class."""

    @property
    def n_classes(self) -> int:
        """How many ids a network has to tell apart, counted from 0: one more than the largest."""
        largest = max(self.ids)
        # A number far off, such as 255, is one that training leaves out.
        follows = not self.is_void and self.unlabeled == largest + 1
        return largest + 1 + follows

    @property
    def ending(self) -> str:
        """The ending of a label image: a PNG holds whole numbers only."""
        return ".tif" if self.style == "unit" else ".png"

    @cached_property
    def _table(self) -> NDArray[Any]:
        dtype = np.float32 if self.style == "unit" else np.uint8
        return np.array([self.unlabeled or 0, *self.values], dtype=dtype)

    def encode(self, codes: NDArray[np.uint8]) -> NDArray[Any]:
        """Turn codes, 0 for no class and 1 to K, into what stands in the label images, uint8 or float32; any shape."""
        return self._table[codes]

    def count_values(self, counts: Sequence[int]) -> dict[float, int]:
        """Return how often each number stands in a label image; `counts` are those of the codes from 0 on."""
        numbers = self._table.tolist()
        return {value: count for value, count in zip(numbers, counts, strict=True) if count}


@dataclass(frozen=True, kw_only=True)
class CodingPlan:
    """How classes are to be numbered, before it is known how many there are.

    Parameters
    ----------
    style : "ids", "spread" or "unit"
        Consecutive numbers; numbers that look different, up to 255; or the ids divided by the largest, 0 to 1.
    values : sequence of int, shape (K,), optional
        The numbers of "spread"; by default 1, 50, 100, 180, 200 for five classes, and else equal steps up to 255.
    first_id : 0 or 1, optional
        Id of the first class. By default 0 in an export where every pixel with data has a class, or unlabeled is 255; else 1.
    unlabeled : int, optional
        Id of pixels without a class. By default 0 where no class has it, 255 for COCO-Stuff, and else none.
    leaves_rest : bool
        Whether pixels with data may be in no class.
    export : "keras" or "coco-stuff", optional
        Which program reads the labels.

    Raises
    ------
    UsageError
        The options contradict each other.
    """

    style: Style = "ids"
    values: Sequence[int] | None = None
    first_id: int | None = None
    unlabeled: int | None = None
    leaves_rest: bool = False
    export: Export | None = None

    def __post_init__(self) -> None:
        _check_options(self.style, self.values, self.first_id, self.unlabeled, self.export)

    def code(self, classes: int) -> LabelCoding:
        """Give so many classes their numbers.

        Raises
        ------
        UsageError
            Numbers are given twice, are not as many as classes, or do not fit into 8 bits.
        """
        if not 1 <= classes <= MOST_CLASSES:
            raise UsageError(f"{classes} classes do not fit into a label image of 8 bits; the most is {MOST_CLASSES}")
        first = self.first_id
        if first is None:
            first = int(self.export is None or (self.leaves_rest and self.export != "coco-stuff"))
        ids = tuple(range(first, first + classes))
        numbers = _choose_values(self.style, ids, self.values)
        unlabeled = self.unlabeled
        if unlabeled is None and self.export == "coco-stuff":
            unlabeled = VOID
        elif unlabeled is None and 0 not in numbers:
            unlabeled = 0
        if unlabeled in (*ids, *numbers):
            raise UsageError(
                f"--unlabeled is {unlabeled}, which is a class; give pixels without a class a number of their own"
            )
        is_void = self.export == "coco-stuff"
        coding = LabelCoding(style=self.style, ids=ids, values=numbers, unlabeled=unlabeled, is_void=is_void)
        if self.export == "keras" and {*ids, unlabeled} - {None} != set(range(coding.n_classes)):
            raise UsageError(
                f"--unlabeled {unlabeled} would leave gaps between the ids, which keras wants from 0 on; with --first-id "
                f"{first} it can be {0 if first else classes}"
            )
        return coding


def _check_options(
    style: str, values: Sequence[int] | None, first_id: int | None, unlabeled: int | None, export: str | None
) -> None:
    if style not in STYLES:
        raise UsageError(f"--style is {style!r}; choose from {', '.join(STYLES)}")
    if export is not None and export not in EXPORTS:
        raise UsageError(f"--export is {export!r}; choose from {', '.join(EXPORTS)}")
    if export is not None and style != "ids":
        raise UsageError(f"--export wants consecutive ids, and --style {style} contradicts it; leave one out")
    if values is not None and style != "spread":
        raise UsageError("--values are the numbers of --style spread; give both, or leave --values out")
    if first_id not in (None, 0, 1):
        raise UsageError(f"--first-id is {first_id}; choose 0 or 1")
    if first_id is not None and style == "spread":
        raise UsageError("--first-id is for ids that are consecutive, and --style spread has --values; leave one out")
    if export == "coco-stuff" and first_id == 1:
        raise UsageError("--export coco-stuff counts ids from 0, as COCO-Stuff does; leave --first-id out")
    if unlabeled is not None and not 0 <= unlabeled <= 255:
        raise UsageError(f"--unlabeled is {unlabeled}, which does not fit into 8 bits; give a number from 0 to 255")
    if unlabeled is not None and style == "unit":
        raise UsageError("--unlabeled is for whole numbers; with --style unit pixels without a class are 0")


def _choose_values(style: Style, ids: tuple[int, ...], values: Sequence[int] | None) -> tuple[float, ...]:
    if style == "ids":
        return ids
    if style == "unit":
        return tuple(number / max(ids) if max(ids) else 0.0 for number in ids)
    if values is None:
        steps = tuple(round(255 * i / len(ids)) for i in range(1, len(ids) + 1))
        return _PUBLISHED if len(ids) == len(_PUBLISHED) else steps
    if len(values) != len(ids):
        raise UsageError(f"{len(values)} values for {len(ids)} classes; give --values one for each class")
    if len(set(values)) < len(values) or not all(0 <= value <= 255 for value in values):
        raise UsageError(f"--values are {', '.join(map(str, values))}; give different whole numbers from 0 to 255")
    return tuple(values)
