"""Labels and their color codes as volumes: a TIFF stack, with a palette where wanted, plane by plane."""

from __future__ import annotations

import warnings
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, LossWarning, MissingExtraError, WriteError
from tsraster.volume import Shape, VoxelSize

_STRIP = 2**18
"""Bytes of a strip of a TIFF, about: large enough to be compressed well, and several are compressed at once."""

_CLASSIC = 2**32 - 2**25
"""A TIFF that may grow beyond, was it not compressed, is a BigTIFF; as `tifffile` decides."""

_MOST_FRACTION = 2**32 - 1
"""Of the numbers of a resolution in a TIFF."""

_ROUNDED = 1e-6
"""Relative error of a resolution that is taken for none."""

_IMAGEJ_UNITS = {"um": "micron", "µm": "micron", "μm": "micron", "micrometer": "micron", "micrometre": "micron"}
"""Names that ImageJ gives to units; others are as they are."""


class PlaneWriter:
    """What all writers of volumes have in common: slabs come in order, and all of them; an error of the disk is a `WriteError`.

    Use it as a context manager. Where its block ends with an error, what is there is no volume.

    Parameters
    ----------
    path : Path
        In a folder of its own (see `Outputs.stage`).
    shape : (planes, rows, cols)
    dtype : str
        Of the voxels.
    """

    def __init__(self, path: Path, shape: Shape, dtype: str) -> None:
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self._done = 0

    def __enter__(self) -> PlaneWriter:
        try:
            self._open()
        except OSError as error:
            raise self._failed(error) from None
        return self

    def write(self, start: int, slab: NDArray[Any]) -> None:
        """Write planes from `start` on, shape (plane, row, col), of any integer type that holds the same values.

        Raises
        ------
        WriteError
            The disk is full, or a slab is not the next one.
        DataError
            A value is too large for the type of the voxels.
        """
        if start != self._done or slab.shape[1:] != self.shape[1:] or start + len(slab) > self.shape[0]:
            raise WriteError(
                f"{self.path.name} of {self.shape} voxels has {self._done} planes, and cannot be given {slab.shape} "
                f"voxels from plane {start}; give slabs in order, without gaps"
            )
        _check_values(slab, self.dtype)
        try:
            self._append(slab.astype(self.dtype, copy=False))
        except OSError as error:
            raise self._failed(error) from None
        self._done += len(slab)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(OSError):
                self._close()
            return
        try:
            self._close()
        except OSError as failure:
            raise self._failed(failure) from None
        if self._done < self.shape[0]:
            raise WriteError(f"{self.path.name} has {self._done} planes of {self.shape[0]}")

    def _open(self) -> None:
        raise NotImplementedError

    def _append(self, slab: NDArray[Any]) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError

    def _failed(self, error: OSError) -> WriteError:
        if isinstance(error, WriteError):
            return error
        # numpy says only how many items it could not write.
        return WriteError(f"{self.path.name} cannot be written ({error.strerror or 'is the disk full?'})")


def _check_values(slab: NDArray[Any], dtype: np.dtype[Any]) -> None:
    """Refuse what a cast would change."""
    if slab.size and not np.can_cast(slab.dtype, dtype):
        low, high, limits = slab.min(), slab.max(), np.iinfo(dtype)
        if low < limits.min or high > limits.max:
            raise DataError(f"values of {low} to {high} do not fit into {dtype.name}: {limits.min} to {limits.max}")


class StackWriter(PlaneWriter):
    """Write a volume as a TIFF of one page a plane, compressed without loss, that ImageJ opens as a stack.

    With colors it is an 8-bit palette image. Of more than 4 GB it is a BigTIFF, which ImageJ opens through Bio-Formats.

    Parameters
    ----------
    path : Path
        Ends in .tif.
    shape : (planes, rows, cols)
    dtype : str
        uint8, uint16, int32 or uint32. ImageJ shows labels of 32 bits as floats: those above 16 777 216 are rounded there.
    voxel_size : VoxelSize, optional
        Becomes the resolution and the calibration of ImageJ.
    colors : array of uint8, shape (256, 3), optional
        Of codes 0 to 255, for uint8.

    Raises
    ------
    MissingExtraError
        tifffile is not installed.
    WriteError
        It cannot be written, as when the disk is full.

    Warns
    -----
    LossWarning
        The size of a voxel is too small or too large a number of its unit for a TIFF: below 2e-10, or above 4e9.

    Notes
    -----
    How many images there are is not said in the description: older versions of ImageJ would then take pages for uncompressed ones
    that lie one after the other.

    References
    ----------
    TIFF 6.0, section 5, palette-color images; ``ij.io.TiffDecoder`` of ImageJ.

    Examples
    --------
    >>> import tempfile, tifffile
    >>> path = Path(tempfile.mkdtemp()) / "labels.tif"
    >>> labels = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    >>> size = VoxelSize(z=2.0, y=0.5, x=0.5, unit="um")
    >>> with StackWriter(path, labels.shape, "int32", voxel_size=size) as writer:
    ...     for plane in range(2):
    ...         writer.write(plane, labels[plane : plane + 1])
    >>> bool((tifffile.imread(path) == labels).all())
    True
    """

    def __init__(
        self,
        path: Path,
        shape: Shape,
        dtype: str = "uint8",
        *,
        voxel_size: VoxelSize | None = None,
        colors: NDArray[np.uint8] | None = None,
    ) -> None:
        super().__init__(path, shape, dtype)
        self._tifffile = _import_tifffile()
        self._resolution = None if voxel_size is None else (_fraction(voxel_size.x), _fraction(voxel_size.y))
        if self._resolution is not None and None in self._resolution:
            message = f"a TIFF cannot hold voxels of {voxel_size}; {path.name} does not say how large they are"
            warnings.warn(message, LossWarning, stacklevel=2)
            voxel_size = self._resolution = None
        self._voxel_size = voxel_size
        self._page: dict[str, Any] = {"photometric": "minisblack"}
        if colors is not None:
            self._page = {"photometric": "palette", "colormap": colors.T.astype(np.uint16) * 257}

    def _open(self) -> None:
        is_big = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize > _CLASSIC
        self._file = self._tifffile.TiffWriter(self.path, bigtiff=is_big, byteorder="<", shaped=False)

    def _append(self, slab: NDArray[Any]) -> None:
        row = max(1, self.shape[2] * self.dtype.itemsize)
        for number, plane in enumerate(slab, self._done):
            self._file.write(
                plane,
                compression="zlib",
                rowsperstrip=max(1, min(self.shape[1], _STRIP // row)),
                # Only the first page is described; the others have nothing of their own to say.
                description=_describe_stack(self.shape[0], self.dtype, self._voxel_size) if number == 0 else None,
                resolution=self._resolution,
                resolutionunit="none",
                software="tsraster",
                metadata=None,
                contiguous=False,
                **self._page,
            )

    def _close(self) -> None:
        self._file.close()


def _describe_stack(planes: int, dtype: np.dtype[Any], size: VoxelSize | None) -> str:
    """Return what ImageJ reads of a stack; ASCII, as TIFF wants it."""
    lines = ["ImageJ=1.54f", f"slices={planes}", "loop=false"]
    if size is not None:
        unit = _IMAGEJ_UNITS.get(size.unit, size.unit).encode("ascii", "replace").decode()
        lines += [f"unit={unit}", f"spacing={size.z!r}"]
    if dtype == np.uint8:
        lines += ["min=0.0", "max=255.0"]
    return "\n".join([*lines, ""])


def _fraction(length: float) -> tuple[int, int] | None:
    """Return voxels a unit as two numbers of 32 bits, of 2.25 exactly 4 and 9; None where they cannot hold it."""
    exact = 1 / Fraction(repr(float(length)))
    if exact >= 1:
        swapped = (1 / exact).limit_denominator(_MOST_FRACTION)
        top, bottom = swapped.denominator, swapped.numerator
    else:
        near = exact.limit_denominator(_MOST_FRACTION)
        top, bottom = near.numerator, near.denominator
    holds = top and bottom and abs(top / bottom / exact - 1) < _ROUNDED
    return (top, bottom) if holds else None


def _import_tifffile() -> ModuleType:
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(
            "a TIFF stack needs tifffile; install it with: pip install 'tsraster[volumes]'"
        ) from None
    return tifffile
