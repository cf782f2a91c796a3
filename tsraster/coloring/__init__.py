"""Stage 6: class codes to colors. Legends have a room of their own in it, `tsraster.coloring.legends`."""

from tsraster.coloring.binding import bind_lut, number_colors, spread_ramp, stretch_lut
from tsraster.coloring.distinctness import Confusion, find_confusions
from tsraster.coloring.painting import colorize, flatten, flatten_color, paint

__all__ = [
    "Confusion",
    "bind_lut",
    "colorize",
    "find_confusions",
    "flatten",
    "flatten_color",
    "number_colors",
    "paint",
    "spread_ramp",
    "stretch_lut",
]
