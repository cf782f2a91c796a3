"""Stage 7: GeoTIFF, COG, PNG, JPEG with their sidecars, and tables; every output appears whole or not at all."""

from tsraster.writing.image import Image, check_format
from tsraster.writing.outputs import Outputs, discard_staged
from tsraster.writing.rasters import ImageWriter
from tsraster.writing.tables import write_rows, write_text

__all__ = ["Image", "ImageWriter", "Outputs", "check_format", "discard_staged", "write_rows", "write_text"]
