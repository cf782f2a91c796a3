"""Arrays as people hold them - numpy, xarray, dask - as pictures whose pixels are classified, and back."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError, UsageError
from tsraster.learning.model import Model

if TYPE_CHECKING:
    import xarray

Box = tuple[slice, ...]
"""Of rows and columns, or of planes, rows and columns."""

_AXES = {2: "row, col", 3: "plane, row, col"}
_KEPT = ("AREA_OR_POINT", "long_name")
"""Attributes that hold for classes as well."""
_MOST_CODE = 65535
_TOGETHER = 2**27
"""Bytes of a lazy array that are computed at a time, so that a block of it is not computed for each box in it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture or a volume in memory, or a lazy one.

    Parameters
    ----------
    data : array of any real dtype, shape (band, row, col) or (band, plane, row, col)
        Of numpy, masked or not, or of dask.
    nodata : float, optional
        The value that stands for none.
    template : xarray.DataArray, optional
        One band of what it was, for its coordinates and attributes.
    bands : tuple of str, shape (band,)
        What they are called; empty texts where they have no names.
    """

    data: Any
    nodata: float | None
    template: xarray.DataArray | None
    bands: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(row, col), or (plane, row, col)."""
        return tuple(self.data.shape[1:])

    @property
    def is_lazy(self) -> bool:
        """Whether its pixels are still to be computed."""
        return is_lazy(self.data)

    def read_each(self, boxes: Sequence[Box]) -> Iterator[list[NDArray[Any]]]:
        """Yield the pixels of some boxes after others, each of shape (band, *box)."""
        largest = max(math.prod(part.stop - part.start for part in box) for box in boxes)
        step = max(1, _TOGETHER // (largest * len(self.data) * self.data.dtype.itemsize))
        for start in range(0, len(boxes), step):
            parts = [self.data[:, *box] for box in boxes[start : start + step]]
            yield _compute(parts) if self.is_lazy else parts

    def check(self, model: Model) -> None:
        """Refuse what a model was not trained for.

        Raises
        ------
        BandError
            It has another number of bands.
        DataError
            It is too small for a scale.
        """
        if len(self.bands) != len(model.bands):
            raise BandError(
                f"the image has {_count(len(self.bands))}, and the model was trained with {len(model.bands)}; "
                f"give (band, {_AXES[model.dimensions]})"
            )
        model.features.check(self.shape)

    def wrap(self, result: Any, model: Model) -> Any:
        """Give a result, of its shape or (class, ...), what it has: coordinates, CRS, and which class is which."""
        if self.template is None:
            return result
        return self._wrap_codes(result, model) if result.dtype.kind == "u" else self._wrap_numbers(result, model)

    def _wrap_codes(self, codes: Any, model: Model) -> xarray.DataArray:
        assert self.template is not None  # noqa: S101
        result = self.template.copy(data=codes)
        words = (_make_word(name) or f"class_{code}" for code, name in zip(model.codes, model.names, strict=True))
        flags = {"flag_values": np.array(model.codes, model.dtype), "flag_meanings": " ".join(words)}
        return self._describe(result, flags, 0)

    def _wrap_numbers(self, numbers: Any, model: Model) -> xarray.DataArray:
        import xarray

        assert self.template is not None  # noqa: S101
        old = self.template
        if numbers.ndim == old.ndim:
            return self._describe(old.copy(data=numbers), {}, np.nan)
        codes = np.array(model.codes, model.dtype)
        coords = {"class": ("class", codes), **old.coords}
        result = xarray.DataArray(numbers, dims=("class", *old.dims), coords=coords, name=old.name)
        return self._describe(result, {"long_name": model.names}, np.nan)

    def _describe(self, result: xarray.DataArray, attributes: dict[str, Any], nodata: float) -> xarray.DataArray:
        import rioxarray  # noqa: F401  makes .rio known

        assert self.template is not None  # noqa: S101
        old, place = self.template.attrs, self.template.rio.grid_mapping
        kept = {key: old[key] for key in _KEPT if isinstance(old.get(key), str)}  # and no tuple of names of bands
        result.attrs = kept | attributes
        result.encoding = {"grid_mapping": place} if place in result.coords else {}
        marked: xarray.DataArray = result.rio.write_nodata(nodata)
        return marked


def grow(box: Box, halo: int, shape: tuple[int, ...]) -> Box:
    """Return a box with what lies around it, as far as there is any."""
    return tuple(
        slice(max(0, part.start - halo), min(size, part.stop + halo)) for part, size in zip(box, shape, strict=True)
    )


def place_within(box: Box, outer: Box) -> Box:
    """Return where a box lies in an array that holds an outer one."""
    return tuple(
        slice(part.start - whole.start, part.stop - whole.start) for part, whole in zip(box, outer, strict=True)
    )


def is_lazy(data: Any) -> bool:
    """Return whether it is something of dask."""
    return hasattr(data, "__dask_graph__")


def _compute(parts: list[Any]) -> list[NDArray[Any]]:
    from dask.base import compute

    return list(compute(*parts))


def take_picture(image: Any, dimensions: int, nodata: float | None = None) -> Picture:
    """Take an array for a picture, shape (row, col) or (band, row, col), or with 3 dimensions for a volume.

    A `xarray.DataArray` may have its dimension ``band`` anywhere, and tells its own nodata value.

    Raises
    ------
    UsageError
        It has other dimensions, or pictures of so many are not classified.
    DataError
        It does not hold real numbers.
    """
    if dimensions not in _AXES:
        raise UsageError(f"dimensions is {dimensions!r}; give 2 for pictures or 3 for volumes")
    template, data = _take_array(image)
    if data.dtype.kind not in "biuf":
        raise DataError(f"the image holds {data.dtype}; integers and floats can be classified")
    if data.ndim not in (dimensions, dimensions + 1) or 0 in data.shape:
        raise UsageError(
            f"the image has the shape {data.shape}; give ({_AXES[dimensions]}) or (band, {_AXES[dimensions]})"
            + (", or dimensions=3 for a volume" if data.ndim == 4 and dimensions == 2 else "")
        )
    data = data[None] if data.ndim == dimensions else data
    bands = ("",) * len(data)
    if template is not None:
        nodata = _find_nodata(template) if nodata is None else nodata
        bands = _name_bands(template, len(data)) if template.ndim > dimensions else bands
        template = template.isel({template.dims[0]: 0}, drop=True) if template.ndim > dimensions else template
    return Picture(data=data, nodata=nodata, template=template, bands=bands)


def _take_array(image: Any) -> tuple[xarray.DataArray | None, Any]:
    """Return the DataArray, if it is one, with its bands first, and its array."""
    xarray = sys.modules.get("xarray")  # what was never imported has made no array
    if xarray is not None and isinstance(image, xarray.DataArray):
        ordered = image.transpose("band", ...) if "band" in image.dims else image
        return ordered, ordered.data
    return None, image if is_lazy(image) else np.asanyarray(image)


def _find_nodata(array: xarray.DataArray) -> float | None:
    import rioxarray  # noqa: F401  makes .rio known

    nodata = array.rio.nodata
    return None if nodata is None else float(nodata)


def _name_bands(array: xarray.DataArray, number: int) -> tuple[str, ...]:
    """Return the names of bands: their coordinate if it holds texts, else the attribute ``long_name`` if it has one for each."""
    coordinate = array.coords.get(array.dims[0])
    if coordinate is not None and coordinate.dtype.kind in "UO":
        return tuple(str(name) for name in coordinate.values)
    names = array.attrs.get("long_name")
    return tuple(map(str, names)) if isinstance(names, tuple | list) and len(names) == number else ("",) * number


def find_data(pixels: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Return where every band has data: is finite, not `nodata`, and not masked.

    Parameters
    ----------
    pixels : array, shape (band, ...)

    Examples
    --------
    >>> find_data(np.array([[1, 2, -9], [1, np.nan, 3]]), -9)
    array([ True, False, False])
    """
    values = np.ma.getdata(pixels)
    valid = np.ones(values.shape[1:], np.bool_)
    for band in values:
        if values.dtype.kind == "f":
            valid &= np.isfinite(band)
        if nodata is not None and not np.isnan(nodata):
            with np.errstate(over="ignore"):
                valid &= band != nodata
    if np.ma.is_masked(pixels):
        valid &= ~np.ma.getmaskarray(pixels).any(axis=0)
    return valid


def take_labels(labels: Any, picture: Picture) -> NDArray[np.uint16]:
    """Take an array for the labels of a picture: codes of its shape, 0 where there is none.

    Raises
    ------
    DataError
        It has another size or place, or holds other than whole numbers from 0 to 65535.
    """
    template, data = _take_array(labels)
    codes = np.ma.filled(_compute([data])[0] if is_lazy(data) else data, 0)
    codes = codes[0] if codes.ndim > len(picture.shape) and len(codes) == 1 else codes
    if codes.shape != picture.shape:
        raise DataError(
            f"the labels have the shape {codes.shape} and the image {picture.shape}; give labels of its size"
            + (" and its bands first" if (len(picture.data), picture.shape[0]) == codes.shape else "")
        )
    if codes.dtype.kind not in "biu":
        raise DataError(f"labels are class codes, whole numbers, and these are {codes.dtype}")
    if template is not None:
        _check_place(template, picture.template)
        codes = np.where(codes == _find_nodata(template), 0, codes)
    if codes.min() < 0 or codes.max() > _MOST_CODE:
        raise DataError(f"the labels are {codes.min()} to {codes.max()}; class codes are 1 to {_MOST_CODE}, 0 is none")
    return codes.astype(np.uint16)


def _check_place(labels: xarray.DataArray, image: xarray.DataArray | None) -> None:
    """Refuse labels whose coordinates are off by more than a tenth of a pixel, such as those of a turned raster."""
    if image is None:
        return
    for name in image.dims:
        if name not in image.coords or name not in labels.coords or image.sizes[name] < 2:
            continue
        there, here = labels[name].values, image[name].values
        if here.dtype.kind in "iuf" and not np.allclose(there, here, rtol=0, atol=abs(here[1] - here[0]) / 10):
            raise DataError(
                f"the labels lie elsewhere: {name} is {there[0]} to {there[-1]}, and {here[0]} to {here[-1]} in the "
                "image; bring them onto its grid, such as by rio.reproject_match"
            )


def _count(bands: int) -> str:
    return f"{bands} band{'s' if bands > 1 else ''}"


def _make_word(name: str) -> str:
    """Return a name with only the characters that the CF conventions allow in a word."""
    return re.sub(r"[^\w.+@-]+", "_", name).strip("_")
