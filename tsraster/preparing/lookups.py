"""`Lookup`: what each number of a small type becomes, made once, so that pixels are converted by looking them up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.raster import Pixels

_TABULATED = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.int8), np.dtype(np.int16))
"""Types whose values are all looked up in a table."""

_PIECE = 2**16
"""So many numbers are looked up at once; what numpy needs for them stays in the cache of the processor."""


class Converter(Protocol):
    """Makes physical values of stored numbers."""

    @property
    def unit(self) -> str:
        """What the values are measured in."""

    @property
    def fill(self) -> float | None:
        """The stored number that is no data, where the file may not say it."""

    def apply(self, values: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Return the values of stored numbers, of any shape."""


def convert(converter: Converter, numbers: NDArray[Any]) -> NDArray[np.float32]:
    """Return the values of stored numbers, of any shape; NaN of the fill."""
    # Numbers that occur nowhere, and those without data, may have no logarithm.
    with np.errstate(all="ignore"):
        values = np.array(converter.apply(numbers), np.float32)
    if converter.fill is not None:
        values[numbers == converter.fill] = np.nan
    return values


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """The values of all numbers of a type of 8 or 16 bits."""

    dtype: str
    """Of the numbers."""
    values: NDArray[np.float32]
    """Shape (256,) or (65536,): each at the place of the bits of its number, read as unsigned; not finite where it is no data."""

    @classmethod
    def of(cls, converter: Converter, dtype: np.dtype[Any]) -> Lookup | None:
        """Tabulate a converter; None where the type has too many numbers.

        Examples
        --------
        >>> from tsraster.preparing.scaling import Scaling
        >>> lookup = Lookup.of(Scaling(scale=0.5, fill=0), np.dtype(np.int8))
        >>> lookup.apply(Pixels(data=np.array([[-4, 0, 3]], np.int8), valid=np.array([[True, True, False]])))
        Pixels(data=array([[-2. ,  nan,  1.5]], dtype=float32), valid=array([[ True, False, False]]))
        """
        if dtype not in _TABULATED:
            return None
        bits = np.arange(2 ** (8 * dtype.itemsize)).astype(f"u{dtype.itemsize}")
        return cls(dtype=dtype.name, values=convert(converter, bits.view(dtype)))

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Whether each number is data, shape as `values`."""
        return np.isfinite(self.values)

    def apply(self, pixels: Pixels) -> Pixels:
        """Return the values of stored numbers, and where both are data."""
        return Pixels(data=look_up(self.values, pixels.data), valid=self.mark(pixels).valid)

    def mark(self, pixels: Pixels) -> Pixels:
        """Return stored numbers as they are, and where their values are data."""
        if self.valid.all():
            return pixels
        return Pixels(data=pixels.data, valid=pixels.valid & look_up(self.valid, pixels.data))


def look_up(table: NDArray[Any], numbers: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return what a table, as `Lookup.values`, has for each number, in the shape of these; or write it to `out`, contiguous."""
    found = np.empty(numbers.shape, table.dtype) if out is None else out
    flat, places = numbers.view(f"u{numbers.dtype.itemsize}").ravel(), found.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        # Every place is in the table; "clip" only spares numpy the check of it.
        np.take(table, flat[start : start + _PIECE], out=places[start : start + _PIECE], mode="clip")
    return found
