"""`ImageWriter`: class codes or colors, block by block, to GeoTIFF, COG, PNG or JPEG, with everything that says where they lie."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import rasterio.windows
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from tsraster.errors import LossWarning, UsageError, WriteError
from tsraster.lut import Lut
from tsraster.raster import Georef, Tags, Window, without_place_warning
from tsraster.writing.sidecars import amend_aux_xml, list_categories, write_world_file

FORMATS = {".tif": "GTiff", ".tiff": "GTiff", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""By the ending of the destination."""

_TILE = 512
_ROOM = 4 * 2**20
"""Bytes that must be free on the disk while there is more to write."""

_GEOTIFF = {
    "driver": "GTiff",
    "tiled": True,
    "blockxsize": _TILE,
    "blockysize": _TILE,
    "compress": "deflate",
    # On class codes level 5 takes a third of the time of level 6, the default, and a tenth more room.
    "zlevel": 5,
    "bigtiff": "if_safer",
    "num_threads": "all_cpus",
}
_COPY_OPTIONS: dict[str, dict[str, Any]] = {
    "COG": {"compress": "DEFLATE", "overview_resampling": "NEAREST", "bigtiff": "IF_SAFER", "num_threads": "ALL_CPUS"},
    "PNG": {},
    "JPEG": {"quality": 95},
}


def check_format(destination: str | os.PathLike[str], *, cog: bool = False, is_codes: bool = False) -> str:
    """Return the GDAL driver for a destination, by its ending.

    Parameters
    ----------
    destination : path
        Ends in .tif, .tiff, .png, .jpg or .jpeg.
    cog : bool
        Whether a GeoTIFF is to be cloud optimized.
    is_codes : bool
        Whether class codes are to be written, and not colors.

    Raises
    ------
    UsageError
        The ending is unknown; a picture is asked to be a COG; or class codes are to go into a JPEG, which would change them.

    Examples
    --------
    >>> check_format("classes.tif", cog=True), check_format("picture.JPG")
    ('COG', 'JPEG')
    """
    suffix = Path(destination).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{destination} has no ending that can be written; choose from {', '.join(FORMATS)}")
    driver = FORMATS[suffix]
    if is_codes and driver == "JPEG":
        raise UsageError(
            f"{destination} cannot hold class codes, because JPEG changes them; write .tif or .png, or paint a JPEG with --color"
        )
    if cog and driver != "GTiff":
        raise UsageError(f"{destination} cannot be a COG, which is a GeoTIFF; let it end in .tif")
    return "COG" if cog else driver


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """What a raster to be written is, apart from its pixels."""

    shape: tuple[int, int]
    dtype: str
    bands: int
    """1 for class codes, 3 for red, green, blue, 4 with alpha."""
    georef: Georef = field(default_factory=Georef)
    tags: Tags = field(default_factory=dict)
    codes: Sequence[int] = ()
    """The codes of the classes, where it holds codes."""
    labels: Sequence[str] = ()
    """The name of each class."""
    lut: Lut | None = None
    """Colors of the codes, for a palette."""
    nodata: float = 0
    """What a single band has where there is no data."""
    unit: str = ""
    """What a single band is measured in."""


class ImageWriter:
    """Write an image block by block; use it as a context manager.

    It is a GeoTIFF at first, which takes blocks in any order at any size, and where another format is wanted that is
    made from it in the end. Nodata is 0 for codes; colors have none, because black is a color.

    Parameters
    ----------
    path : Path
        The file to make, in a folder of its own (see `Outputs.stage`).
    driver : str
        As `check_format` returns it.
    image : Image
        What it is.

    Raises
    ------
    WriteError
        The disk is full, or the file cannot be written for another reason.

    Notes
    -----
    What the format cannot hold is said with a `LossWarning`.
    """

    def __init__(self, path: Path, driver: str, image: Image) -> None:
        self._path, self._driver, self._image = path, driver, image
        self._first = path if driver == "GTiff" else path.with_name(f"first-{path.name}.tif")
        self._stack = ExitStack()
        self._left = image.shape[0] * image.shape[1] * image.bands * np.dtype(image.dtype).itemsize
        _say_losses(driver, image)

    def __enter__(self) -> ImageWriter:
        if _shifts_gcps(self._image):
            # GDAL up to 3.10 at least moves the GCPs of a file made this way in the wrong direction; so it is told to keep
            # its hands off, and `_place_gcps` moves them.
            self._stack.enter_context(rasterio.Env(GTIFF_POINT_GEO_IGNORE=True))
        try:
            with without_place_warning():
                self._file = rasterio.open(self._first, "w", **_creation_options(self._image))
            _describe(self._file, self._image, self._driver)
        except (RasterioError, CPLE_BaseError, OSError) as error:
            self._stack.close()
            raise self._failed(error) from None
        return self

    def write(self, window: Window, pixels: NDArray[Any]) -> None:
        """Write pixels of shape (row, col), or (band, row, col) for colors."""
        if shutil.disk_usage(self._first.parent).free < min(_ROOM, self._left):
            raise WriteError(f"{self._path.name} cannot be written: no room is left on the disk")
        place = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
        try:
            self._file.write(pixels if pixels.ndim == 3 else pixels[np.newaxis], window=place)
        except (RasterioError, CPLE_BaseError) as error:
            raise self._failed(error) from None
        self._left -= pixels.nbytes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._stack:
                self._file.close()
            if kind is None:
                _check_whole(self._first)
                self._finish()
        except (RasterioError, CPLE_BaseError, OSError) as failure:
            if kind is None:
                raise self._failed(failure) from None

    def _finish(self) -> None:
        image = self._image
        categories = list_categories(image.codes, image.labels) if image.codes else []
        tags = {domain: items for domain, items in image.tags.items() if domain} if self._driver != "GTiff" else {}
        if not _has_geokeys(image) and "AREA_OR_POINT" in image.tags.get("", {}):
            tags[""] = {"AREA_OR_POINT": image.tags[""]["AREA_OR_POINT"]}
        if self._driver != "GTiff":
            rasterio.shutil.copy(self._first, self._path, driver=self._driver, **_COPY_OPTIONS[self._driver])
            rasterio.shutil.delete(self._first)
        amend_aux_xml(self._path, categories=categories, tags=tags)
        if self._driver in ("PNG", "JPEG"):
            write_world_file(self._path, image.georef)

    def _failed(self, error: Exception) -> WriteError:
        if isinstance(error, WriteError):
            return error
        cause = str(error.__cause__ or error).strip().rstrip(".")
        return WriteError(f"{self._path.name} cannot be written ({cause})")


def _creation_options(image: Image) -> dict[str, Any]:
    options = {
        **_GEOTIFF,
        "dtype": image.dtype,
        "count": image.bands,
        "height": image.shape[0],
        "width": image.shape[1],
    }
    if image.bands == 1:
        options["nodata"] = image.nodata
    else:
        options |= {"photometric": "RGB", "interleave": "pixel"}
        if image.bands == 4:
            options["alpha"] = "yes"
    if image.georef.crs is not None:
        options["crs"] = image.georef.crs
    if image.georef.has_transform:
        options["transform"] = image.georef.transform
    return options


def _describe(file: Any, image: Image, driver: str) -> None:
    """Put everything into the file that is not pixels; before the first pixel, as a GeoTIFF wants it."""
    tags = dict(image.tags.get("", {}))
    if not _has_geokeys(image):
        # Without a CRS this tag would make GDAL invent one; it goes into the .aux.xml.
        tags.pop("AREA_OR_POINT", None)
    file.update_tags(**tags)
    for domain, items in image.tags.items():
        if domain and items:
            file.update_tags(ns=domain, **items)
    if image.unit:
        file.units = (image.unit,)
    if image.lut is not None and _can_have_palette(image, driver):
        file.write_colormap(1, {0: image.lut.nodata, **dict(zip(image.lut.keys, image.lut.colors, strict=True))})
    if image.georef.gcps and not image.georef.has_transform:
        file.gcps = (_place_gcps(image), image.georef.gcp_crs)
    if image.georef.rpcs is not None:
        file.rpcs = image.georef.rpcs


def _has_geokeys(image: Image) -> bool:
    return image.georef.crs is not None or image.georef.gcp_crs is not None


def _is_point(image: Image) -> bool:
    return image.tags.get("", {}).get("AREA_OR_POINT", "").lower() == "point"


def _shifts_gcps(image: Image) -> bool:
    return _is_point(image) and _has_geokeys(image) and bool(image.georef.gcps) and not image.georef.has_transform


def _place_gcps(image: Image) -> list[Any]:
    """Return GCPs as a file stores them: where pixels are points, counted from the middle of the first one."""
    if not _shifts_gcps(image):
        return list(image.georef.gcps)
    moved = []
    for gcp in image.georef.gcps:
        fields = {name: value for name, value in gcp.asdict().items() if value is not None}
        moved.append(rasterio.control.GroundControlPoint(**fields | {"row": gcp.row - 0.5, "col": gcp.col - 0.5}))
    return moved


def _can_have_palette(image: Image, driver: str) -> bool:
    return image.dtype == "uint8" or (image.dtype == "uint16" and driver != "PNG")


def _say_losses(driver: str, image: Image) -> None:
    if image.georef.gcps and image.georef.has_transform:
        _warn("the GCPs are left out, because a file holds either GCPs or a transform")
    if image.lut is None:
        return
    if image.bands == 1 and not _can_have_palette(image, driver):
        _warn(f"no palette: {driver} holds none for codes of {image.dtype}; paint a color picture instead")
    elif image.bands == 1 and not image.lut.is_opaque:
        _warn("the palette is opaque, because a GeoTIFF palette has no alpha; the color picture has it")


def _warn(text: str) -> None:
    warnings.warn(text, LossWarning, stacklevel=4)


def _check_whole(path: Path) -> None:
    """Check that every tile is in the file.

    GDAL compresses in threads of its own and reports a disk that ran full neither when writing nor when closing.
    """
    size = path.stat().st_size
    with without_place_warning(), rasterio.open(path) as file:
        rows, cols = (-(-length // _TILE) for length in file.shape)
        for row in range(rows):
            for col in range(cols):
                offset, length = (
                    file.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE")
                )
                if offset is None or length is None or int(offset) + int(length) > size:
                    raise WriteError(f"{path.name} cannot be written whole; is the disk full?")
