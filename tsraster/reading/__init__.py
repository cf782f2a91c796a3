"""Stage 1: whatever GDAL opens, as a `Raster` that hands out blocks of pixels."""

from tsraster.reading.categories import read_categories
from tsraster.reading.gdalreader import find_data
from tsraster.reading.pixelsize import PixelSize, find_pixel_area, find_pixel_size, parse_pixel_size
from tsraster.reading.sources import gdal_settings, open_raster

__all__ = [
    "PixelSize",
    "find_data",
    "find_pixel_area",
    "find_pixel_size",
    "gdal_settings",
    "open_raster",
    "parse_pixel_size",
    "read_categories",
]
