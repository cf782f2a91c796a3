"""Samples drawn by code, each with its truth: a thermal scene, a thin section, and volumes of pores."""

from tsraster.samples.balls import Balls, BallVolume, draw_ball_slabs, draw_balls, draw_radii, place_balls
from tsraster.samples.medium import draw_medium
from tsraster.samples.section import ThinSection, draw_thin_section
from tsraster.samples.thermal import ThermalScene, draw_thermal_scene

__all__ = [
    "BallVolume",
    "Balls",
    "ThermalScene",
    "ThinSection",
    "draw_ball_slabs",
    "draw_balls",
    "draw_medium",
    "draw_radii",
    "draw_thermal_scene",
    "draw_thin_section",
    "place_balls",
]
