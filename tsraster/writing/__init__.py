"""Stage 7: GeoTIFF, COG, PNG, JPEG with their sidecars, and tables; every output appears whole or not at all."""

from tsraster.writing.outputs import Outputs
from tsraster.writing.rasters import Image, ImageWriter, check_format
from tsraster.writing.tables import write_rows, write_text

__all__ = ["Image", "ImageWriter", "Outputs", "check_format", "write_rows", "write_text"]
