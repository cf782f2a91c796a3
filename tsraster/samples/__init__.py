"""Samples drawn by code, each with its truth: a thermal scene and a thin section."""

from tsraster.samples.section import ThinSection, draw_thin_section
from tsraster.samples.thermal import ThermalScene, draw_thermal_scene

__all__ = ["ThermalScene", "ThinSection", "draw_thermal_scene", "draw_thin_section"]
