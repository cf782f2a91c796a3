"""Samples drawn by code, each with its truth: a thermal scene and a thin section."""

from .section import ThinSection, draw_thin_section
from .thermal import ThermalScene, draw_thermal_scene

__all__ = ["ThermalScene", "ThinSection", "draw_thermal_scene", "draw_thin_section"]
