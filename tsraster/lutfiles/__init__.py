"""Color tables from files, one module a format, and those that are shipped."""

from tsraster.lutfiles import csvtable, gdaltext  # noqa: F401  each registers its format
from tsraster.lutfiles.lutformat import LUT_FORMATS
from tsraster.lutfiles.shipped import read_lut, shipped_luts

__all__ = ["LUT_FORMATS", "read_lut", "shipped_luts"]
