"""Stage 6: class codes to colors."""

from tsraster.coloring.binding import bind_lut, spread_ramp
from tsraster.coloring.painting import colorize, flatten, paint

__all__ = ["bind_lut", "colorize", "flatten", "paint", "spread_ramp"]
