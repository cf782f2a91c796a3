"""Results as arrays: `open_result` chooses a writer by the ending, and `ArrayWriter` is what those of arrays have in common."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, LossWarning, UsageError, WriteError
from tsraster.raster import Window
from tsraster.writing.image import FORMATS, Image
from tsraster.writing.rasters import ImageWriter

EXPORTED = "exported_data"
"""What ilastik calls the array in a file."""

ARRAY_FORMATS = {".h5": "HDF5", ".hdf5": "HDF5", ".npy": "NumPy", ".zarr": "Zarr"}
"""By the ending of the destination."""

RESULT_ENDINGS = (*FORMATS, *ARRAY_FORMATS)

_TAKEN = ("x", "y", "c", "band", "spatial_ref")
"""Names of what says where an array lies."""

_ROOM = 4 * 2**20
"""Bytes that must be free on the disk while there is more to write."""


class ResultWriter(Protocol):
    """What writes a result block by block; use it as a context manager."""

    def write(self, window: Window, pixels: NDArray[Any]) -> None:
        """Write pixels of shape (row, col) or (band, row, col)."""

    def count(self, counts: Sequence[int]) -> None:
        """Say how many pixels each class has; before the file is closed."""

    def __enter__(self) -> ResultWriter: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ArrayWriter:
    """What all writers of arrays have in common; windows may come in any order.

    Parameters
    ----------
    path : Path
        The file to make, in a folder of its own (see `Outputs.stage`).
    image : Image
        What it is. Pixels that are not written get `nodata`, or 0.
    dataset : str
        What the array in the file is called, where it has a name.

    Raises
    ------
    WriteError
        The disk is full, or the file cannot be written for another reason.

    Notes
    -----
    What the format cannot hold is said with a `LossWarning`.
    """

    def __init__(self, path: Path, image: Image, dataset: str = EXPORTED) -> None:
        self.path, self.image, self.dataset = path, image, dataset
        self.dtype = np.dtype(image.dtype)
        self._left = image.shape[0] * image.shape[1] * image.bands * self.dtype.itemsize
        for loss in self.list_losses():
            warnings.warn(loss, LossWarning, stacklevel=3)

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException as error:
            with suppress(OSError, RuntimeError):
                self._close()
            if isinstance(error, OSError):
                raise self._failed(error) from None
            raise
        return self

    def write(self, window: Window, pixels: NDArray[Any]) -> None:
        """Write pixels of shape (row, col), or (band, row, col), of a type that the file holds without a change.

        Raises
        ------
        DataError
            They are of another size or type.
        """
        layers = pixels[np.newaxis] if pixels.ndim == 2 else pixels
        if layers.shape != (self.image.bands, window.rows, window.cols) or not np.can_cast(layers.dtype, self.dtype):
            raise DataError(
                f"{self.path.name} has {self.image.bands} bands of {self.dtype}, and takes no pixels of shape "
                f"{pixels.shape} and type {pixels.dtype} for {window}"
            )
        if shutil.disk_usage(self.path.parent).free < min(_ROOM, self._left):
            raise WriteError(f"{self.path.name} cannot be written: no room is left on the disk")
        try:
            self._put(window, layers.astype(self.dtype, copy=False))
        except OSError as error:
            raise self._failed(error) from None
        self._left -= pixels.nbytes

    def count(self, counts: Sequence[int]) -> None:
        """Say how many pixels each class has, for the attribute ``class_pixels``; before the file is closed."""
        self._note("class_pixels", [int(count) for count in counts])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(OSError, RuntimeError):
                self._close()
            return
        try:
            self._close()
        except (OSError, RuntimeError) as failure:
            raise self._failed(failure) from None

    def list_losses(self) -> list[str]:
        """Say in one line each what of the image the format cannot hold."""
        raise NotImplementedError

    def _note(self, name: str, value: list[int]) -> None:
        """Put an attribute beside the array, where the format has room for it."""

    def _open(self) -> None:
        raise NotImplementedError

    def _put(self, window: Window, layers: NDArray[Any]) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError

    def _failed(self, error: Exception) -> WriteError:
        if isinstance(error, WriteError):
            return error
        cause = getattr(error, "strerror", None) or str(error).strip().rstrip(".") or "is the disk full?"
        return WriteError(f"{self.path.name} cannot be written ({cause})")


def check_result(destination: str | os.PathLike[str], image: Image) -> str:
    """Return the format of a destination, by its ending, after checking that it can hold an image.

    Parameters
    ----------
    destination : path
        Ends in .tif, .tiff, .png, .jpg, .jpeg, .h5, .hdf5, .npy or .zarr.
    image : Image
        What is to be written.

    Raises
    ------
    UsageError
        The ending is unknown, or the format does not hold that many bands or that type of numbers.

    Examples
    --------
    >>> check_result("cells.h5", Image(shape=(9, 9), dtype="float32", bands=3))
    'HDF5'
    """
    suffix = Path(destination).suffix.lower()
    form = {**FORMATS, **ARRAY_FORMATS}.get(suffix)
    if form is None:
        raise UsageError(f"{destination} has no ending that can be written; choose from {', '.join(RESULT_ENDINGS)}")
    if form not in ("PNG", "JPEG"):
        return form
    types, bands = (("uint8", "uint16"), (1, 3, 4)) if form == "PNG" else (("uint8",), (1, 3))
    if image.dtype not in types:
        raise UsageError(
            f"{destination} cannot hold {image.dtype}, because {form} has {' and '.join(types)} only; write .tif, or "
            f"have --dtype bring the values into {types[0]}"
        )
    if image.bands not in bands:
        raise UsageError(
            f"{destination} cannot hold {image.bands} bands, because {form} has {' or '.join(map(str, bands))}; write .tif"
        )
    if form == "JPEG" and image.codes:
        raise UsageError(f"{destination} cannot hold class codes, because JPEG changes them; write .tif or .png")
    return form


def open_result(path: Path, image: Image, *, dataset: str = EXPORTED) -> ResultWriter:
    """Return a writer of an image in the format that the ending says.

    Parameters
    ----------
    path : Path
        The file to make, or the folder for .zarr, in a folder of its own (see `Outputs.stage`); nothing is there yet.
    image : Image
        What it is.
    dataset : str
        What the array is called, in HDF5 and Zarr.

    Returns
    -------
    ResultWriter
        A context manager with ``write(window, pixels)``; windows may come in any order.

    Raises
    ------
    UsageError
        As `check_result` does; or the dataset has a name that is none.
    MissingExtraError
        h5py or zarr is not installed.
    WriteError
        It cannot be written.
    """
    form = check_result(path, image)
    _check_dataset(dataset)
    if form == "HDF5":
        from tsraster.writing.hdf5arrays import Hdf5Writer

        return Hdf5Writer(path, image, dataset)
    if form == "Zarr":
        from tsraster.writing.zarrarrays import ZarrWriter

        return ZarrWriter(path, image, dataset)
    if form == "NumPy":
        from tsraster.writing.npyarrays import NpyWriter

        return NpyWriter(path, image)
    return ImageWriter(path, form, image)


def _check_dataset(name: str) -> None:
    if name in _TAKEN or not all(part.strip(" .") for part in name.split("/")):
        raise UsageError(f"{name!r} is no name of an array in a file, or is needed there; ilastik's is {EXPORTED}")
