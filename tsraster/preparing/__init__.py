"""Stage 2: several bands to one array of values: gray, smoothing, expressions, spectral indices."""

from tsraster.preparing.expressions import Expression
from tsraster.preparing.expressiontext import parse_expression
from tsraster.preparing.gray import luminance
from tsraster.preparing.indexnames import find_index, list_indices, parse_index
from tsraster.preparing.indices import (
    BAND_NAMES,
    SpectralIndex,
    check_reflectance,
    compute_index,
    match_bands,
)
from tsraster.preparing.placing import move_georef, place_picture
from tsraster.preparing.preparation import Preparation, plan_preparation
from tsraster.preparing.registration import Shift, find_shift
from tsraster.preparing.smoothing import Smoothing, parse_smoothing, smooth

__all__ = [
    "BAND_NAMES",
    "Expression",
    "Preparation",
    "Shift",
    "Smoothing",
    "SpectralIndex",
    "check_reflectance",
    "compute_index",
    "find_index",
    "find_shift",
    "list_indices",
    "luminance",
    "match_bands",
    "move_georef",
    "parse_expression",
    "parse_index",
    "parse_smoothing",
    "place_picture",
    "plan_preparation",
    "smooth",
]
