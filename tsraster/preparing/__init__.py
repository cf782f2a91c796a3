"""Stage 2: several bands to one array of values: gray, smoothing."""

from tsraster.preparing.gray import luminance
from tsraster.preparing.placing import move_georef, place_picture
from tsraster.preparing.preparation import Preparation, plan_preparation
from tsraster.preparing.registration import Shift, find_shift
from tsraster.preparing.smoothing import Smoothing, parse_smoothing, smooth

__all__ = [
    "Preparation",
    "Shift",
    "Smoothing",
    "find_shift",
    "luminance",
    "move_georef",
    "parse_smoothing",
    "place_picture",
    "plan_preparation",
    "smooth",
]
