"""Results of volumes: `open_volume_result` chooses a writer by the ending; all of them take slabs of planes, in order."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import LossWarning, UsageError
from tsraster.volume import VoxelSize
from tsraster.writing.arrayfiles import EXPORTED
from tsraster.writing.image import Image
from tsraster.writing.labelvolumes import StackWriter
from tsraster.writing.metaimages import MetaImageWriter
from tsraster.writing.omezarr import OmeZarrWriter
from tsraster.writing.volumewriters import UM, Hdf5VolumeWriter, NpyVolumeWriter, ZarrVolumeWriter

VOLUME_FORMATS = {
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".npy": "NumPy",
    ".zarr": "Zarr",
    ".mha": "MetaImage",
}
"""By the ending of the destination."""

_SINGLE = ("TIFF", "MetaImage")
"""Those that hold one band."""


class VolumeWriter(Protocol):
    """What writes a result slab by slab; use it as a context manager."""

    def write(self, start: int, slab: NDArray[Any]) -> None:
        """Write planes from `start` on: shape (plane, row, col), or (plane, row, col, band) where there are several bands."""

    def __enter__(self) -> VolumeWriter: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def check_volume_result(destination: str | os.PathLike[str], image: Image) -> str:
    """Return the format of a destination, by its ending, after checking that it can hold a volume.

    Parameters
    ----------
    destination : path
        Ends in .tif, .tiff, .h5, .hdf5, .npy, .zarr or .mha.
    image : Image
        What each plane is.

    Raises
    ------
    UsageError
        The ending is that of no volume, or the format does not hold that many bands.

    Examples
    --------
    >>> check_volume_result("rock.mha", Image(shape=(9, 9), dtype="uint8", bands=1))
    'MetaImage'
    """
    form = VOLUME_FORMATS.get(Path(destination).suffix.lower())
    if form is None:
        raise UsageError(f"{destination} cannot hold a volume; choose an ending from {', '.join(VOLUME_FORMATS)}")
    if form in _SINGLE and image.bands > 1:
        raise UsageError(
            f"{destination} cannot hold {image.bands} numbers a voxel, because {form} has one; write .h5, .npy or .zarr"
        )
    return form


def open_volume_result(
    path: Path, image: Image, planes: int, *, voxel_size: VoxelSize | None = None, dataset: str = EXPORTED
) -> VolumeWriter:
    """Return a writer of a volume in the format that the ending says.

    Parameters
    ----------
    path : Path
        The file to make, or the folder for .zarr, in a folder of its own (see `Outputs.stage`); nothing is there yet.
    image : Image
        What each plane is: its shape (row, col), type, bands, names, codes and colors. It has no place but the voxel size.
    planes : int
        How many there are.
    voxel_size : VoxelSize, optional
        Written where the format has a place for it.
    dataset : str
        What the array is called, in HDF5, and in Zarr where it holds no class codes.

    Returns
    -------
    VolumeWriter
        A context manager with ``write(start, slab)``. Slabs come in order, and all of them.

    Raises
    ------
    UsageError
        As `check_volume_result` does.
    MissingExtraError
        h5py, tifffile or zarr is not installed.
    WriteError
        It cannot be written.

    Warns
    -----
    LossWarning
        The format has no place for names or colors of classes, for names of bands, or for the voxel size.
    """
    form = check_volume_result(path, image)
    for loss in _list_losses(path, form, image, voxel_size):
        warnings.warn(loss, LossWarning, stacklevel=2)
    shape = (planes, *image.shape)
    if form == "TIFF":
        return StackWriter(path, shape, image.dtype, voxel_size=voxel_size, colors=_paint_palette(image))
    if form == "MetaImage":
        return MetaImageWriter(path, shape, image.dtype, voxel_size=voxel_size)
    if form == "Zarr" and image.codes:
        return OmeZarrWriter(
            path,
            shape,
            image.dtype,
            voxel_size=voxel_size,
            colors=_paint_codes(image),
            names=dict(zip(image.codes, image.labels, strict=False)),
        )
    writers: dict[str, Callable[..., VolumeWriter]] = {
        "HDF5": Hdf5VolumeWriter,
        "NumPy": NpyVolumeWriter,
        "Zarr": ZarrVolumeWriter,
    }
    return writers[form](path, image, planes, voxel_size, dataset)


def _list_losses(path: Path, form: str, image: Image, size: VoxelSize | None) -> list[str]:
    """Say in one line what of the volume the format cannot hold."""
    colors = "colors" if form != "TIFF" or _paint_palette(image) is None else ""
    classes = " and ".join(filter(None, ("names", colors)))
    lost = {
        "voxel size": size is not None and (form == "NumPy" or (form == "HDF5" and size.unit not in UM)),
        "names of the bands": image.names and form not in ("HDF5", "Zarr"),
        f"{classes} of the classes": image.codes and form not in ("HDF5", "Zarr"),
    }
    listed = [what for what, has in lost.items() if has]
    return (
        [f"the {' and the '.join(listed)}: not in {path.name}, because {form} has no place for them"] if listed else []
    )


def _paint_codes(image: Image) -> NDArray[np.uint8] | None:
    if image.lut is None:
        return None
    colors = np.zeros((max(image.codes) + 1, 3), np.uint8)
    for key, color in zip(image.lut.keys, image.lut.colors, strict=False):
        colors[int(key)] = color[:3]
    return colors


def _paint_palette(image: Image) -> NDArray[np.uint8] | None:
    """Return the palette of a TIFF; None for numbers, and for codes that are too large for one."""
    colors = _paint_codes(image)
    if colors is None or image.dtype != "uint8":
        return None
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(colors)] = colors
    return palette
