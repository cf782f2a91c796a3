"""`Clusters`: unsupervised classes of several bands as centers in standardized space, to and from JSON.

A pixel belongs to the class whose center is nearest, where every band counts in units of its own standard deviation. How centers
are found is in `clusterfits` and `isodata`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import TableError, UsageError

KIND = "tsraster clusters"
MOST_CLASSES = 255
"""So many classes can be asked for; ISODATA may split them further."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Classes 1 to K of pixels with B bands.

    Parameters
    ----------
    means : array of float64, shape (B,)
        The mean of each band, in units of the band.
    stds : array of float64, shape (B,)
        The standard deviation of each band, in units of the band; a band of one value only has 0 and does not count.
    centers : array of float64, shape (K, B)
        The centers in standardized space: (value - mean) / standard deviation. Code i + 1 belongs to row i.
    bands : tuple of str, shape (B,)
        The names of the bands; empty texts by default.
    units : tuple of str, shape (B,)
        What the values of the bands are: a unit, or another word by which values are told apart; empty texts by default, which
        say nothing.
    names : tuple of str, shape (K,)
        The names of the classes; empty texts by default.
    colors : tuple of (red, green, blue), shape (K,), optional
        0 to 255 each.
    method : str
        How the centers were found.
    fitted_on : mapping
        What they were fitted on.

    Raises
    ------
    TableError
        The parts do not fit together, or hold something else than finite numbers.

    Examples
    --------
    >>> clusters = Clusters(means=[100.0, 50.0], stds=[10.0, 5.0], centers=[[-1, -1], [1, 1]])
    >>> pixels = np.array([[[91, 109, 0]], [[44, 57, 0]]], np.uint8)
    >>> clusters.assign(pixels, np.array([[True, True, False]]))
    array([[1, 2, 0]], dtype=uint8)
    """

    means: Floats
    stds: Floats
    centers: Floats
    bands: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    colors: tuple[tuple[int, int, int], ...] = ()
    method: str = "k-means"
    fitted_on: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in ("means", "stds", "centers"):
            object.__setattr__(self, part, _to_floats(getattr(self, part), part))
        _check_shapes(self.means, self.stds, self.centers)
        object.__setattr__(self, "bands", _to_texts(self.bands, len(self.means), "bands"))
        object.__setattr__(self, "units", _to_texts(self.units, len(self.means), "units"))
        object.__setattr__(self, "names", _to_texts(self.names, len(self.centers), "names"))
        colors = tuple(tuple(color) for color in self.colors)
        object.__setattr__(self, "colors", colors)
        if colors and (len(colors) != len(self.centers) or not all(map(_is_color, colors))):
            raise TableError("the colors of the clusters are wrong; give red, green, blue of each class, 0 to 255")

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def codes(self) -> tuple[int, ...]:
        """1 to K."""
        return tuple(range(1, len(self) + 1))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned integer type that holds every code."""
        return np.min_scalar_type(len(self))

    @property
    def spectra(self) -> Floats:
        """The centers in units of the bands, shape (K, B)."""
        return self.means + self.centers * self.stds

    def standardize(self, values: NDArray[Any]) -> Floats:
        """Return values of shape (N, B) in standardized space."""
        return np.asarray((values.astype(np.float64) - self.means) * invert(self.stds))

    def assign(self, data: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[Any]:
        """Give each pixel the code of the nearest center; of equally near ones the lowest. Pixels that are not valid get 0.

        Parameters
        ----------
        data : array of numbers, shape (B, row, col)
            Finite where valid.
        valid : array of bool, shape (row, col)
            Where there is data.

        Returns
        -------
        array of unsigned integers, shape (row, col)

        Notes
        -----
        Distances are summed up band by band in double precision, pixel by pixel, so that a pixel gets the same code
        in any block.
        """
        from tsraster.learning.nearest import find_nearest

        codes = np.zeros(valid.shape, np.uint16)
        find_nearest(np.ascontiguousarray(data), valid, self.means, invert(self.stds), self.centers, codes)
        return codes.astype(self.dtype, copy=False)

    def sort(self) -> Clusters:
        """Return the clusters from the darkest to the brightest.

        Brightness is the mean of a center over all bands in standardized space; of equally bright ones, the one that is
        darker in the first band that differs comes first.
        """
        keys = (*self.centers.T[::-1], self.centers.mean(axis=1))
        order = np.lexsort(keys)
        return replace(
            self,
            centers=self.centers[order],
            names=tuple(self.names[i] for i in order),
            colors=tuple(self.colors[i] for i in order) if self.colors else (),
        )

    def rename(self, names: Sequence[str]) -> Clusters:
        """Return the clusters under other names.

        Raises
        ------
        UsageError
            There are not as many names as classes.
        """
        if len(names) != len(self):
            raise UsageError(f"{len(names)} names for {len(self)} classes; give one name for each class")
        return replace(self, names=tuple(names))

    def to_json(self) -> str:
        """Return the text of a model file; numbers are written so that they are read back to the last bit."""
        record = {
            "kind": KIND,
            "version": 1,
            "method": self.method,
            "bands": list(self.bands),
            "units": list(self.units),
            "means": self.means.tolist(),
            "stds": self.stds.tolist(),
            "codes": list(self.codes),
            "names": list(self.names),
            "colors": [list(color) for color in self.colors],
            "centers": self.centers.tolist(),
            "fitted_on": dict(self.fitted_on),
        }
        return json.dumps(record, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of a model file.

        Raises
        ------
        TableError
            It is no JSON, not of this kind, or holds wrong parts.
        """
        try:
            record = json.loads(text)
        except ValueError as error:
            raise TableError(f"this is no JSON ({error})") from None
        if not isinstance(record, dict) or record.get("kind") != KIND:
            raise TableError(f"this is no file of clusters, whose kind is {KIND!r}; make one with --save-model")
        if record.get("version") != 1:
            raise TableError(
                f"version {record.get('version')!r} of a file of clusters is unknown; this program knows 1"
            )
        missing = [part for part in ("means", "stds", "centers") if part not in record]
        if missing:
            raise TableError(f"the file of clusters has no {missing[0]}")
        parts = ("means", "stds", "centers", "bands", "units", "names", "colors", "method", "fitted_on")
        try:
            return cls(**{part: record[part] for part in parts if part in record})
        except TypeError:
            raise TableError("the file of clusters holds lists where numbers should be, or numbers for lists") from None


def invert(stds: Floats) -> Floats:
    """Return 1 / standard deviation; 0 for a band of one value, so that it does not count.

    Examples
    --------
    >>> invert(np.array([4.0, 0.0]))
    array([0.25, 0.  ])
    """
    return np.divide(1.0, stds, out=np.zeros_like(stds), where=stds > 0)


def _to_floats(numbers: Any, part: str) -> Floats:
    try:
        array = np.array(numbers, np.float64)
    except (TypeError, ValueError):
        raise TableError(f"the {part} of the clusters are no numbers") from None
    if not np.isfinite(array).all():
        raise TableError(f"the {part} of the clusters are not finite")
    return array


def _check_shapes(means: Floats, stds: Floats, centers: Floats) -> None:
    fits = means.ndim == 1 and centers.ndim == 2 and stds.shape == means.shape and centers.shape[1:] == means.shape
    if not fits or not centers.size:
        raise TableError(
            f"the parts of the clusters do not fit together: means {means.shape}, stds {stds.shape}, centers {centers.shape}; "
            "(B,), (B,) and (K, B) do"
        )
    if (stds < 0).any():
        raise TableError("the clusters hold a negative standard deviation")
    if len(centers) >= 2**16:
        raise TableError(f"the clusters are {len(centers)}; there can be 65535")


def _to_texts(texts: Sequence[str], number: int, part: str) -> tuple[str, ...]:
    found = tuple(texts) or ("",) * number
    if len(found) != number or not all(isinstance(text, str) for text in found):
        raise TableError(f"the {part} of the clusters are not {number} texts")
    return found


def _is_color(color: tuple[Any, ...]) -> bool:
    return len(color) == 3 and all(type(level) is int and 0 <= level <= 255 for level in color)
