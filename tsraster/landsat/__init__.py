"""Landsat scenes: their MTL files, the physical values of their bands, and their quality bits."""

from tsraster.landsat.bitfields import BitField, decode_bits, read_bitfields
from tsraster.landsat.bittests import BitTest, find_met, list_field_tests
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata, Scale
from tsraster.landsat.mtlfile import read_mtl
from tsraster.landsat.quality import (
    CONFIDENCES,
    LAYOUTS,
    PRESETS,
    Confidence,
    Layout,
    decode_quality,
    find_layout,
    find_masked,
    list_conditions,
    list_tests,
)
from tsraster.landsat.quantities import QUANTITIES, UNITS, Conversion, Quantity, plan_conversion
from tsraster.landsat.scenefiles import find_band_file, find_mtl

__all__ = [
    "CONFIDENCES",
    "LAYOUTS",
    "PRESETS",
    "QUANTITIES",
    "UNITS",
    "BitField",
    "BitTest",
    "Confidence",
    "Conversion",
    "LandsatBand",
    "LandsatMetadata",
    "Layout",
    "Quantity",
    "Scale",
    "decode_bits",
    "decode_quality",
    "find_band_file",
    "find_layout",
    "find_masked",
    "find_met",
    "find_mtl",
    "list_conditions",
    "list_field_tests",
    "list_tests",
    "plan_conversion",
    "read_bitfields",
    "read_mtl",
]
