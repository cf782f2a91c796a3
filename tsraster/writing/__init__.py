"""Stage 7: GeoTIFF, COG, PNG, JPEG with their sidecars, and tables; every output appears whole or not at all."""

from tsraster.writing.image import Image, Spectrum, check_format, describe_classes
from tsraster.writing.outputs import Outputs, discard_staged
from tsraster.writing.rasters import ImageWriter
from tsraster.writing.sidecars import amend_aux_xml
from tsraster.writing.stac import describe_item
from tsraster.writing.tables import write_bytes, write_json, write_rows, write_text

__all__ = [
    "Image",
    "ImageWriter",
    "Outputs",
    "Spectrum",
    "amend_aux_xml",
    "check_format",
    "describe_classes",
    "describe_item",
    "discard_staged",
    "write_bytes",
    "write_json",
    "write_rows",
    "write_text",
]
