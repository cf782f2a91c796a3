"""`ZarrWriter`: an image as an array in a Zarr group, as xarray and GDAL read it."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError
from tsraster.raster import Window
from tsraster.writing.arrayattributes import (
    GRID,
    choose_chunk,
    describe_array,
    describe_center,
    describe_place,
    list_centers,
    list_lost_places,
)
from tsraster.writing.arrayfiles import ArrayWriter

_LEVEL = 1
"""Of zlib, which every reader of Zarr has; higher ones take more time than they save room on probabilities."""


class ZarrWriter(ArrayWriter):
    """Write an image as an array of shape (row, col), or (band, row, col) where it has bands, in a group of Zarr version 2.

    Version 2 is what all programs read that read Zarr. The place is a variable ``spatial_ref`` beside it, with the coordinates
    ``y`` and ``x``, as CF has it: xarray, rioxarray and GDAL (from 3.9) find it there.

    Notes
    -----
    Each window is written at once; one that is not a whole number of chunks makes them be read again.
    """

    def list_losses(self) -> list[str]:
        """Say in one line each what of the image the format cannot hold."""
        return list_lost_places(self.image, "Zarr")

    def _open(self) -> None:
        zarr = import_zarr(self.path.name)
        image = self.image
        self._has_bands = bool(image.names) or image.bands > 1
        front = (image.bands,) if self._has_bands else ()
        self._packing: dict[str, Any] = {"compressors": {"id": "zlib", "level": _LEVEL}}
        self._group = zarr.open_group(self.path, mode="w", zarr_format=2)
        self._array = self._group.create_array(
            self.dataset,
            shape=(*front, *image.shape),
            dtype=self.dtype.name,
            chunks=(*front, *choose_chunk(image)),
            fill_value=image.nodata,
            attributes={"_ARRAY_DIMENSIONS": [*["band"][: len(front)], "y", "x"], **describe_array(image)},
            **self._packing,
        )
        self._add_place()

    def _add_place(self) -> None:
        for letter, centers in list_centers(self.image).items():
            self._add(letter, centers, [letter], describe_center(letter, self.image.georef))
        if self._has_bands:
            self._add("band", np.arange(1, self.image.bands + 1), ["band"], {})
        said = describe_place(self.image.georef)
        if said:
            self._add(GRID, np.array(0, dtype=np.int32), [], said)

    def _add(self, name: str, values: NDArray[Any], axes: list[str], said: dict[str, str]) -> None:
        array = self._group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype.name,
            chunks=values.shape or "auto",
            fill_value=None,
            attributes={"_ARRAY_DIMENSIONS": axes, **said},
            **self._packing,
        )
        array[...] = values

    def _put(self, window: Window, layers: NDArray[Any]) -> None:
        self._array[(..., *window.slices)] = layers if self._has_bands else layers[0]

    def _note(self, name: str, value: list[int]) -> None:
        self._array.attrs[name] = value

    def _close(self) -> None:
        if not hasattr(self, "_array"):
            return
        import zarr

        with warnings.catch_warnings():
            # zarr warns of this in version 3 only, and may come to do so in version 2.
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(str(self.path))


def import_zarr(name: str) -> ModuleType:
    """Return zarr, or say that it is needed for a file."""
    try:
        import zarr
    except ImportError:
        raise MissingExtraError(
            f"{name} is Zarr, which needs zarr; install it with: pip install 'tsraster[volumes]'"
        ) from None
    return zarr
