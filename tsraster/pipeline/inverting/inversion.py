"""`Inversion`: what is found of a colored picture."""

from __future__ import annotations

from dataclasses import dataclass

from tsraster.inversion.matching import Space
from tsraster.inversion.recovery import HAS_NO_VALUE, Rules
from tsraster.measuring.residuals import Residuals
from tsraster.pipeline.inverting.invertjob import InvertTally
from tsraster.pipeline.inverting.scaling import ChosenScale
from tsraster.raster import Georef, Window
from tsraster.reading import ControlPoints


@dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """What `invert_file` found and wrote."""

    source: str
    shape: tuple[int, int]
    """Rows and columns of what was inverted: all of the picture, or the part of it in the box."""
    window: Window
    """That part."""
    georef: Georef
    """Where it lies."""
    chosen: ChosenScale
    """Which value each color stands for."""
    rules: Rules
    space: Space
    unit: str
    tally: InvertTally
    """What was counted."""
    points: ControlPoints | None
    residuals: Residuals | None
    """Of the control points."""
    written: tuple[str, ...]

    @property
    def without_value(self) -> int:
        """How many pixels have no value."""
        return self.tally.count(*HAS_NO_VALUE)
