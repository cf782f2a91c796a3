"""The GeoTIFF that every image is at first: how it is made, what is put into it, and whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import rasterio
import rasterio.control
import rasterio.shutil
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from tsraster.errors import WriteError
from tsraster.lut import RGBA, Lut
from tsraster.raster import without_place_warning
from tsraster.writing.image import Image, can_have_palette

FIRST = "first-"
"""What the name of a GeoTIFF begins with that becomes another format in the end."""

_OPTIONS = {
    "driver": "GTiff",
    "tiled": True,
    "compress": "deflate",
    # On class codes level 5 takes a third of the time of level 6, the default, and a tenth more room.
    "zlevel": 5,
    "bigtiff": "if_safer",
    "num_threads": "all_cpus",
}

_PARAMETERS = ("ns", "bidx")
"""Tags that rasterio would take for its own parameters."""


def list_options(image: Image) -> dict[str, Any]:
    """Return how rasterio is to make the file."""
    options = {
        **_OPTIONS,
        "blockysize": image.tile[0],
        "blockxsize": image.tile[1],
        "dtype": image.dtype,
        "count": image.bands,
        "height": image.shape[0],
        "width": image.shape[1],
    }
    if image.names:
        options |= {"nodata": image.nodata, "photometric": "MINISBLACK", "interleave": "band"}
    elif image.bands == 1:
        options["nodata"] = image.nodata
    else:
        options |= {"photometric": "RGB", "interleave": "pixel"}
        if image.bands == 4:
            options["alpha"] = "yes"
    if image.georef.crs is not None and not image.lies_by_gcps:
        options["crs"] = image.georef.crs
    if image.georef.has_transform:
        options["transform"] = image.georef.transform
    return options


def list_settings(image: Image) -> dict[str, Any]:
    """Return the settings of GDAL under which the file is to be made and closed.

    GDAL up to 3.10 at least moves the GCPs of a file made block by block in the wrong direction where pixels are points;
    so it is told to keep its hands off, and `describe` moves them.
    """
    return {"GTIFF_POINT_GEO_IGNORE": True} if _moves_gcps(image) else {}


def describe(file: Any, image: Image, driver: str) -> None:
    """Put everything into the file that is not pixels; before the first pixel, as a GeoTIFF wants it."""
    outside = list_outside_tags(image)
    file.update_tags(**{key: value for key, value in image.tags.get("", {}).items() if key not in outside})
    for domain, items in image.tags.items():
        if domain and items:
            file.update_tags(ns=domain, **items)
    if image.names:
        file.descriptions = tuple(image.names)
    if image.unit:
        file.units = (image.unit, *[""] * (image.bands - 1))
    _describe_bands(file, image)
    if image.lut is not None and can_have_palette(image, driver):
        file.write_colormap(1, _list_colors(image.lut))
    if image.lies_by_gcps:
        file.gcps = (_place_gcps(image), image.georef.gcp_crs or CRS())
    if image.georef.rpcs is not None:
        file.rpcs = image.georef.rpcs


def _describe_bands(file: Any, image: Image) -> None:
    """Put what is said of each band of a stack into the file; what is as usual needs no word."""
    bands = image.described
    if any((band.scale, band.offset) != (1, 0) for band in bands):
        file.scales, file.offsets = [band.scale for band in bands], [band.offset for band in bands]
    if any(band.unit for band in bands):
        file.units = tuple(band.unit for band in bands)
    for number, light in enumerate(image.spectrum, start=1):
        if light is not None:
            file.update_tags(number, ns="IMAGERY", **light.tags)


def list_outside_tags(image: Image) -> Mapping[str, str]:
    """Return the tags of the default domain that go into the ``.aux.xml``, because the file itself cannot take them.

    In a GeoTIFF without a CRS, AREA_OR_POINT would make GDAL invent one.
    """
    unheld = _PARAMETERS if image.has_crs else (*_PARAMETERS, "AREA_OR_POINT")
    return {key: value for key, value in image.tags.get("", {}).items() if key in unheld}


def _moves_gcps(image: Image) -> bool:
    return image.is_point and image.lies_by_gcps and image.has_crs


def _place_gcps(image: Image) -> list[Any]:
    """Return GCPs as a file stores them: where pixels are points, counted from the middle of the first one."""
    if not _moves_gcps(image):
        return list(image.georef.gcps)
    moved = []
    for gcp in image.georef.gcps:
        fields = {name: value for name, value in gcp.asdict().items() if value is not None}
        moved.append(rasterio.control.GroundControlPoint(**fields | {"row": gcp.row - 0.5, "col": gcp.col - 0.5}))
    return moved


def _list_colors(lut: Lut) -> dict[int, RGBA]:
    return {0: lut.nodata, **{int(key): color for key, color in zip(lut.keys, lut.colors, strict=True)}}


def wrap_translucent(path: Path, lut: Lut) -> Path:
    """Make a VRT of a GeoTIFF with a palette, and put the alpha of the colors, which a GeoTIFF cannot hold, into it.

    Parameters
    ----------
    path : Path
        The GeoTIFF.
    lut : Lut
        The colors of its palette.

    Returns
    -------
    Path
        The VRT, beside the GeoTIFF.
    """
    wrapped = path.with_suffix(".vrt")
    rasterio.shutil.copy(path, wrapped, driver="VRT")
    tree = ElementTree.parse(wrapped)  # noqa: S314, GDAL has just written it
    entries = tree.findall("VRTRasterBand/ColorTable/Entry")
    for code, color in _list_colors(lut).items():
        entries[code].set("c4", str(color[3]))
    tree.write(wrapped, encoding="utf-8")
    return wrapped


def check_whole(path: Path) -> None:
    """Check that every tile is in the file.

    GDAL compresses in threads of its own and reports a disk that ran full neither when writing nor when closing. Then
    tiles are missing, or cut short, or longer than what the file says of them. Where tiles do not lie side by side up to
    the end of the file, which has other reasons as well, all are decoded.

    Raises
    ------
    WriteError
        A tile is missing or damaged.
    """
    end = path.stat().st_size
    with without_place_warning(), rasterio.open(path) as file:
        tiles = sorted(_locate_tile(file, row, col) for row, col in _list_tiles(file))
        whole = all(length and start + length <= end for start, length in tiles)
        starts = [start for start, _ in tiles[1:]] + [end]
        if whole and any(start + length != after for (start, length), after in zip(tiles, starts, strict=True)):
            whole = _can_decode(file)
    if not whole:
        raise WriteError(f"{path.name.removeprefix(FIRST)} cannot be written whole; is the disk full?")


def check_copy(path: Path) -> None:
    """Check that a file which GDAL has made of a GeoTIFF can be read from end to end, for the same reason.

    Raises
    ------
    WriteError
        It cannot.
    """
    strict = {"GDAL_ERROR_ON_LIBJPEG_WARNING": True, "GDAL_PNG_WHOLE_IMAGE_OPTIM": False}
    with rasterio.Env(**strict), without_place_warning(), rasterio.open(path) as file:
        if not _can_decode(file):
            raise WriteError(f"{path.name} cannot be written whole; is the disk full?")


def _list_tiles(file: Any) -> list[tuple[int, int]]:
    rows, cols = (-(-length // side) for length, side in zip(file.shape, file.block_shapes[0], strict=True))
    return [(row, col) for row in range(rows) for col in range(cols)]


def _locate_tile(file: Any, row: int, col: int) -> tuple[int, int]:
    """Return where a tile begins in the file, and how many bytes it has; 0 bytes where it is missing."""
    start, length = (file.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
    return int(start or 0), int(length or 0)


def _can_decode(file: Any) -> bool:
    try:
        for _, window in file.block_windows(1):
            file.read(window=window)
    except RasterioError:
        return False
    return True
