"""Stage 1: whatever GDAL opens, as a `Raster` that hands out blocks of pixels."""

from tsraster.reading.categories import read_categories
from tsraster.reading.crs import parse_crs
from tsraster.reading.gcps import ControlPoints, read_gcps
from tsraster.reading.gdalreader import find_data
from tsraster.reading.naturalorder import natural_key
from tsraster.reading.pixelsize import PixelSize, find_pixel_area, find_pixel_size, parse_pixel_size
from tsraster.reading.sources import gdal_settings, open_raster

__all__ = [
    "ControlPoints",
    "PixelSize",
    "find_data",
    "find_pixel_area",
    "find_pixel_size",
    "gdal_settings",
    "natural_key",
    "open_raster",
    "parse_crs",
    "parse_pixel_size",
    "read_categories",
    "read_gcps",
]
