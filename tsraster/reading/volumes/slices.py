"""A volume of slices: a folder, a pattern or a list of pictures, one for each plane."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from tsraster.errors import MissingSourceError, ReadError
from tsraster.reading.naturalorder import natural_key
from tsraster.reading.volumes.pages import PageInfo, describe_page, read_pages
from tsraster.volume import Shape, Volume

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".jp2")
"""What is taken of a folder, in lower case."""
_MOST_NAMED = 5


def list_slices(source: str | Sequence[str]) -> list[str]:
    """Return the slices of a volume in order.

    Those of a folder or a pattern come in natural order, so that 10 follows 9. A list is taken as it is, unless it is in the
    order of the alphabet, as a shell makes of a pattern: then it is put into natural order too.

    Raises
    ------
    MissingSourceError
        There are none, or a number is missing in their names.
    """
    if isinstance(source, str):
        slices = sorted(_expand(source), key=natural_key)
        check_numbers(slices)
        return slices
    slices = list(source)
    if slices == sorted(slices):
        slices = sorted(slices, key=natural_key)
        check_numbers(slices)
    return slices


def _expand(source: str) -> list[str]:
    if os.path.isdir(source):
        inside = [os.path.join(source, name) for name in os.listdir(source) if not name.startswith(".")]
        found = [path for path in inside if os.path.splitext(path)[1].lower() in ENDINGS and os.path.isfile(path)]
        problem = f"the folder {source} holds no slices ({', '.join(ENDINGS)})"
    else:
        found, problem = glob.glob(source, recursive=True), f"no file matches {source}"
    if not found:
        raise MissingSourceError(problem)
    return found


def check_numbers(slices: Sequence[str]) -> None:
    """Raise an error where the numbers in the names have a gap.

    Names count that differ in one number alone; where they differ in more, nobody can tell what is missing.

    Raises
    ------
    MissingSourceError
        Such as 003 is missing between 002 and 004.

    Examples
    --------
    >>> check_numbers(["s002.png", "s004.png", "s006.png"])
    """
    parts = [re.split(r"([0-9]+)", os.path.basename(path)) for path in slices]
    if len(parts) < 3 or len({len(part) for part in parts}) != 1:
        return
    varying = [i for i, column in enumerate(zip(*parts, strict=True)) if len(set(column)) > 1]
    if len(varying) != 1 or varying[0] % 2 == 0:
        return
    at = varying[0]
    numbers = sorted({int(part[at]) for part in parts})
    if len(numbers) < 2:
        return
    step = min(b - a for a, b in itertools.pairwise(numbers))
    missing = sorted(set(range(numbers[0], numbers[-1] + 1, step)) - set(numbers))
    if missing:
        width = len(parts[0][at]) if parts[0][at].startswith("0") else 0
        named = [
            "".join([*parts[0][:at], f"{number:0{width}d}", *parts[0][at + 1 :]]) for number in missing[:_MOST_NAMED]
        ]
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        folder = os.path.dirname(slices[0]) or "."
        raise MissingSourceError(f"{', '.join(named)}{more} is missing among the {len(slices)} slices in {folder}")


def open_slices(source: str | Sequence[str]) -> Volume:
    """Open slices; see `tsraster.reading.volumes.open_volume`."""
    slices = list_slices(source)
    if not slices:
        raise MissingSourceError("a list of slices is empty; name them")
    infos = [describe_page(path) for path in slices]
    _check_alike(slices, infos)
    first = infos[0]
    shape: Shape = (len(slices), *first.shape)
    return Volume(
        name=source if isinstance(source, str) else f"{slices[0]} ... {slices[-1]}",
        form="slices",
        shape=shape,
        dtype=first.dtype,
        reader=SliceReader(slices, first.shape, first.dtype),
        nodata=first.nodata,
        files=tuple(slices),
    )


def _check_alike(slices: Sequence[str], infos: Sequence[PageInfo]) -> None:
    """Raise an error unless all have the size and type that most have."""
    for what, values in (
        ("size", [f"{info.shape[0]} x {info.shape[1]} pixels" for info in infos]),
        ("type", [info.dtype for info in infos]),
    ):
        usual, count = Counter(values).most_common(1)[0]
        others = [(path, value) for path, value in zip(slices, values, strict=True) if value != usual]
        if others:
            named = ", ".join(f"{os.path.basename(path)} has {value}" for path, value in others[:_MOST_NAMED])
            more = f" and {len(others) - _MOST_NAMED} more differ" if len(others) > _MOST_NAMED else ""
            raise ReadError(f"slices differ in {what}: {named}{more}, and the other {count} have {usual}")


class SliceReader:
    """Read slices with GDAL, each from a file of its own.

    Parameters
    ----------
    slices : sequence of str
        In the order of the planes.
    shape : (rows, cols)
        Of each.
    dtype : str
        Of each.
    """

    def __init__(self, slices: Sequence[str], shape: tuple[int, int], dtype: str) -> None:
        self.slices, self.shape, self.dtype = tuple(slices), shape, dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        return read_pages([(path, path) for path in self.slices[start:stop]], self.shape, self.dtype)

    def close(self) -> None:
        """Do nothing: no file stays open."""
