"""Stage 1: whatever GDAL opens, as a `Raster` that hands out blocks of pixels."""

from tsraster.reading.categories import read_categories
from tsraster.reading.gdalreader import find_data
from tsraster.reading.sources import gdal_settings, open_raster

__all__ = ["find_data", "gdal_settings", "open_raster", "read_categories"]
