"""TIFF and BigTIFF with several pages, as ImageJ, microscopes (OME) and tomographs write them.

References
----------
ImageJ, ``ij.io.TiffDecoder`` and ``FileSaver.getDescriptionString``: a stack may have one directory and its planes behind each
other; ``spacing`` is left out where it is 1. The OME schema 2016-06: PhysicalSizeX, Y, Z, whose default unit is µm.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, ReadError
from tsraster.reading.volumes.elementtypes import check_type
from tsraster.reading.volumes.pages import read_pages
from tsraster.reading.volumes.pieces import Piece, PieceReader
from tsraster.reading.volumes.tiffsizes import read_voxel_size
from tsraster.volume import PlaneReader, Shape, Volume

_MISSING = re.compile(r"TiffPages|corrupted file|failed to reshape|missing [0-9]+ frames")
_MOST_CHANNELS = 7
"""ImageJ shows no more in one picture; a stack without planes that has more is one that was not told what its pages are."""


def open_tiff(path: str) -> Volume:
    """Open a TIFF; see `tsraster.reading.volumes.open_volume`.

    Raises
    ------
    MissingExtraError
        tifffile is not installed.
    """
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(
            f"{path} is a TIFF, and a volume in one needs tifffile; install it with: pip install 'tsraster[volumes]'"
        ) from None
    with _complaints() as complaints:
        try:
            with tifffile.TiffFile(path, _multifile=False) as file:
                volume = _describe(path, file)
        except ReadError:
            if not complaints:
                raise
        except Exception as error:  # whatever tifffile raises for a damaged file
            complaints.append(str(error))
    if complaints:
        raise ReadError(f"{path} is damaged or cut off, and cannot be read as TIFF: {complaints[0]}")
    return volume


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what tifffile logs when planes are missing: it goes on with fewer, or with another shape."""
    logger, found, thread = logging.getLogger("tifffile"), list[str](), threading.get_ident()

    def note(record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.thread == thread and _MISSING.search(text):
            found.append(text)

    handler = logging.Handler()
    handler.emit = note  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _describe(path: str, file: Any) -> Volume:
    series = _choose_series(path, file)
    shape = _find_shape(path, series)
    page = series.keyframe
    dtype = check_type(np.dtype(series.dtype), path)
    return Volume(
        name=path,
        form="tiff",
        shape=shape,
        dtype=dtype,
        reader=_make_reader(path, series, shape),
        voxel_size=read_voxel_size(file, page, shape),
        nodata=float(page.nodata) if 42113 in page.tags else None,
        files=(path,),
    )


def _choose_series(path: str, file: Any) -> Any:
    """Return the only series of pages that is a volume; small pictures beside it, such as a preview, do not count."""
    with_planes = [series for series in file.series if math.prod(series.shape) > math.prod(series.keyframe.shape)]
    found = with_planes or list(file.series)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ReadError(f"{path} has no pages")
    sizes = ", ".join(" x ".join(map(str, series.shape)) for series in found[:6])
    raise ReadError(
        f"{path} holds {len(found)} images of different size ({sizes}); save the one that is meant as a file of its own"
    )


def _find_shape(path: str, series: Any) -> Shape:
    pairs = list(zip(series.axes, series.shape, strict=True))
    sides = dict(pairs)
    planes = [(axis, side) for axis, side in pairs if axis not in "YXSC" and side > 1]
    if not planes and sides.get("C", 1) > _MOST_CHANNELS:
        planes = [("C", sides.pop("C"))]
    for axis, what, advice in (
        ("S", "numbers a voxel: it is in color", "convert it to 8-bit gray"),
        ("C", "channels", "save the one that is meant (in ImageJ: Image > Color > Split Channels)"),
    ):
        if sides.get(axis, 1) > 1:
            raise ReadError(f"{path} has {sides[axis]} {what}; a volume has one: {advice}")
    if len(planes) > 1 and "T" in dict(planes):
        raise ReadError(
            f"{path} has {sides['T']} time points; a volume has one: save the one that is meant (in ImageJ: Image > Duplicate)"
        )
    if len(planes) != 1:
        said = " x ".join(map(str, series.shape))
        raise ReadError(
            f"{path} is one plane, {said}; a volume has several: give a folder or a pattern of slices"
            if not planes
            else f"{path} has {said} voxels (axes {series.axes}); a volume has three axes"
        )
    return int(planes[0][1]), int(sides["Y"]), int(sides["X"])


def _make_reader(path: str, series: Any, shape: Shape) -> PlaneReader:
    page, dtype = series.keyframe, np.dtype(series.dtype).newbyteorder(series.parent.byteorder)
    plane = shape[1] * shape[2] * dtype.itemsize
    if (
        page.compression == 1
        and page.bitspersample == 8 * dtype.itemsize
        and page.predictor == 1
        and page.fillorder == 1
    ):
        if series.dataoffset is not None:
            return PieceReader(
                path, [Piece(path=path, offset=series.dataoffset, planes=shape[0], stride=plane)], shape, dtype
            )
        if all(one is not None and _is_whole(one, page, plane) for one in series.pages):
            pieces = [Piece(path=path, offset=one.dataoffsets[0], planes=1, stride=plane) for one in series.pages]
            return PieceReader(path, pieces, shape, dtype)
    if len(series.pages) != shape[0] or any(one is None for one in series.pages):
        raise ReadError(
            f"{path} lacks some of the {shape[0]} planes that its header tells of; "
            "if they are in other files, give those as slices"
        )
    return PageReader(path, [one.offset for one in series.pages], shape, check_type(np.dtype(series.dtype), path))


def _is_whole(page: Any, keyframe: Any, size: int) -> bool:
    """Tell whether all bytes of a page follow each other."""
    offsets, counts = page.dataoffsets, page.databytecounts
    ends = [offset + count for offset, count in zip(offsets, counts, strict=True)]
    return bool(
        not keyframe.is_tiled and sum(counts) == size and all(a == b for a, b in zip(ends, offsets[1:], strict=False))
    )


class PageReader:
    """Read the pages of a TIFF one after another with GDAL, which knows every compression.

    Parameters
    ----------
    path : str
        The file.
    directories : sequence of int
        Where in the file the directory of each page is.
    shape : (planes, rows, cols)
        Of the volume.
    dtype : str
        Of the voxels.
    """

    def __init__(self, path: str, directories: Sequence[int], shape: Shape, dtype: str) -> None:
        self.path, self.directories, self.shape, self.dtype = path, tuple(directories), shape, dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        sources = [
            (f"GTIFF_DIR:off:{place}:{self.path}", f"page {start + i + 1} of {self.path}")
            for i, place in enumerate(self.directories[start:stop])
        ]
        return read_pages(sources, self.shape[1:], self.dtype)

    def close(self) -> None:
        """Do nothing: no file stays open."""
