"""Virtual rasters (.vrt): a stack of bands that stay in the files where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from tsraster.errors import UsageError
from tsraster.raster import Band, Window, without_place_warning
from tsraster.writing.image import Image, select_tags

_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float16": "Float16",
    "float32": "Float32",
    "float64": "Float64",
    "complex_int16": "CInt16",
    "complex64": "CFloat32",
    "complex128": "CFloat64",
}
"""What GDAL calls them."""

_WKT = "WKT2_2019"
"""Older ones leave out some of what a CRS may say."""

_PASSING = re.compile(r"^MEM:|/vsimem/|/vsistdin|^<")
"""Names of rasters that only this program knows, or only now."""


@dataclass(frozen=True, kw_only=True)
class BandPlace:
    """Where a band of a virtual raster is."""

    path: str
    """As GDAL opens it; absolute, or relative to the virtual raster."""
    is_relative: bool
    number: int
    """Of the band in its file."""
    shape: tuple[int, int]
    """Rows and columns of its file."""
    row: int = 0
    col: int = 0
    """Of the first pixel that is taken."""
    fill: float | None = None
    """A number in the file that becomes the nodata value of the band."""


def find_reference(name: str, files: Sequence[str], folder: Path) -> tuple[str, bool]:
    """Return how a virtual raster names a file, and whether that is relative to its own folder.

    Parameters
    ----------
    name : text
        As GDAL opened it.
    files : sequence of text
        The files that hold it.
    folder : path
        Where the virtual raster will be.

    Returns
    -------
    text, bool
        Local files are relative, where there is a relative path. What is in an archive or container is named by its absolute
        path; addresses are read part by part and not fetched whole.

    Raises
    ------
    UsageError
        It is only in memory, or its name is no UTF-8.

    Examples
    --------
    >>> find_reference("/vsizip//data/scene.zip/b4.tif", ["/data/scene.zip"], Path("/out"))
    ('/vsizip//data/scene.zip/b4.tif', False)
    """
    if _PASSING.search(name):
        raise UsageError(f"a .vrt cannot refer to {name[:60]}, which is gone when the program ends; write .tif")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"a .vrt cannot refer to {name!r}, whose name is no UTF-8; write .tif") from None
    if name.startswith(("http://", "https://")):
        return f"/vsicurl/{name}", False
    if not os.path.exists(name):
        return _make_absolute(name, files), False
    path = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
    try:
        relative = os.path.relpath(path, os.path.realpath(folder))
    except ValueError:  # on another drive
        return path, False
    # A reader of XML may leave out a space that stands first.
    return (relative if not relative[0].isspace() else os.path.join(os.curdir, relative)), True


def _make_absolute(name: str, files: Sequence[str]) -> str:
    """Return the name of a raster in a container with the absolute path of that."""
    for file in files:
        if file in name and not os.path.isabs(file) and os.path.exists(file):
            return name.replace(file, os.path.abspath(file), 1)
    return name


def spell_virtual(image: Image, places: Sequence[BandPlace]) -> str:
    """Return the XML of a virtual raster.

    Parameters
    ----------
    image : Image
        A stack, whose bands are described.
    places : sequence of BandPlace
        One for each band.

    Notes
    -----
    All bands get the type of the image, as in a GeoTIFF, because programs read several types together badly, or not.

    References
    ----------
    https://gdal.org/en/stable/drivers/raster/vrt.html
    """
    rows, cols = image.shape
    root = Element("VRTDataset", rasterXSize=str(cols), rasterYSize=str(rows))
    _add_place(root, image)
    for domain, items in select_tags(image.tags).items():
        _add_tags(root, items, domain)
    if image.georef.rpcs is not None:
        _add_tags(root, image.georef.rpcs.to_gdal(), "RPC")
    for i, (band, place) in enumerate(zip(image.described, places, strict=True)):
        element = SubElement(root, "VRTRasterBand", dataType=_TYPES[image.dtype], band=str(i + 1))
        light = image.spectrum[i] if image.spectrum else None
        _add_tags(element, {} if light is None else light.tags, "IMAGERY")
        for name, text in _list_facts(band, image.names[i], is_first=i == 0):
            SubElement(element, name).text = text
        _add_source(element, band, place, image.shape)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_place(root: Element, image: Image) -> None:
    georef = image.georef
    if georef.crs is not None:
        SubElement(root, "SRS").text = georef.crs.to_wkt(version=_WKT)
    if georef.has_transform:
        SubElement(root, "GeoTransform").text = ", ".join(repr(float(part)) for part in georef.transform.to_gdal())
    if not georef.gcps:
        return
    points = SubElement(
        root, "GCPList", Projection="" if georef.gcp_crs is None else georef.gcp_crs.to_wkt(version=_WKT)
    )
    for i, gcp in enumerate(georef.gcps, start=1):
        numbers = {"Pixel": gcp.col, "Line": gcp.row, "X": gcp.x, "Y": gcp.y, "Z": gcp.z or 0.0}
        texts = {"Id": gcp.id or str(i), "Info": gcp.info or ""}
        SubElement(points, "GCP", texts | {name: repr(float(number)) for name, number in numbers.items()})


def _add_tags(parent: Element, items: Mapping[str, str], domain: str) -> None:
    if items:
        tags = SubElement(parent, "Metadata", {"domain": domain} if domain else {})
        for key, value in items.items():
            SubElement(tags, "MDI", key=key).text = str(value)


def _list_facts(band: Band, name: str, *, is_first: bool) -> Iterator[tuple[str, str]]:
    """Yield what is said of a band, in the order in which GDAL writes it; the colors are those of a stack in a GeoTIFF."""
    yield "Description", name
    if band.nodata is not None:
        yield "NoDataValue", _spell_number(band.nodata)
    if band.unit:
        yield "UnitType", band.unit
    if band.offset:
        yield "Offset", repr(float(band.offset))
    if band.scale != 1:
        yield "Scale", repr(float(band.scale))
    yield "ColorInterp", "Gray" if is_first else "Undefined"


def _spell_number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _add_source(element: Element, band: Band, place: BandPlace, shape: tuple[int, int]) -> None:
    source = SubElement(element, "SimpleSource" if place.fill is None else "ComplexSource")
    SubElement(source, "SourceFilename", relativeToVRT=str(int(place.is_relative))).text = place.path
    SubElement(source, "SourceBand").text = str(place.number)
    size = {"RasterXSize": str(place.shape[1]), "RasterYSize": str(place.shape[0])}
    SubElement(source, "SourceProperties", size | {"DataType": _TYPES[band.dtype]})
    for name, row, col in (("SrcRect", place.row, place.col), ("DstRect", 0, 0)):
        SubElement(source, name, xOff=str(col), yOff=str(row), xSize=str(shape[1]), ySize=str(shape[0]))
    if place.fill is not None:
        # What is left out of a source keeps what the band begins with, its nodata value.
        SubElement(source, "NODATA").text = _spell_number(place.fill)


def read_virtual(image: Image, places: Sequence[BandPlace], folder: Path, window: Window) -> NDArray[np.generic]:
    """Return the pixels that GDAL finds in a virtual raster that is not yet in its folder, shape (band, row, col).

    Raises
    ------
    UsageError
        GDAL cannot read it.
    """
    # Where a link is followed, a path may leave the folder that it seems to be in; so it is resolved by the system.
    resolved = [
        replace(place, path=os.path.join(os.path.realpath(folder), place.path), is_relative=False)
        if place.is_relative
        else place
        for place in places
    ]
    part = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
    try:
        with without_place_warning(), rasterio.open(spell_virtual(image, resolved)) as file:
            return np.asarray(file.read(window=part))
    except RasterioError as error:
        cause = str(error.__cause__ or error).strip().rstrip(".")
        raise UsageError(f"a .vrt of these sources cannot be read by GDAL ({cause[:200]}); write .tif") from None
