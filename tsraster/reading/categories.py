"""What a raster says of its class codes: names and colors.

rasterio has no way to category names and attribute tables. But GDAL writes all of it, from whatever format and sidecar, into the
XML of a VRT, and that is what is read here.
"""

from __future__ import annotations

from xml.etree import ElementTree

import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from tsraster.attributetable import Categories
from tsraster.raster import Raster, without_place_warning


def read_categories(raster: Raster, band: int = 1) -> Categories:
    """Read names and colors of the codes of a band.

    Parameters
    ----------
    raster : Raster
        It is opened anew, by its name.
    band : int
        Counted from 1.

    Returns
    -------
    Categories
        Empty where GDAL cannot say it, as of complex numbers.
    """
    root = _describe(raster.name)
    element = None if root is None else root.find(f"VRTRasterBand[@band='{band}']")
    return Categories(names={}, colors={}) if element is None else Categories.from_xml(element)


def _describe(name: str) -> ElementTree.Element | None:
    """Return the raster as GDAL would write it into a VRT."""
    try:
        # rasterio understands names such as zip://archive.zip!file.tif where it opens, and not where it copies.
        with without_place_warning(), rasterio.open(name) as source, MemoryFile(filename="categories.vrt") as memory:
            rasterio.shutil.copy(source, memory.name, driver="VRT")
            return ElementTree.fromstring(memory.read())  # noqa: S314, GDAL has just written it
    except (RasterioError, CPLE_BaseError, ElementTree.ParseError, OSError, ValueError):
        return None
