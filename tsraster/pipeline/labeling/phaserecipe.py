"""`PhaseRecipe`: pixels to classes by their colors, instead of by one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import Phase, assign_phases, find_samples
from tsraster.coloring import bind_lut
from tsraster.lut import Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.colors import check_colors, find_colors, read_colors
from tsraster.pipeline.labeling.recipe import color_classes
from tsraster.pipeline.labeling.seriesfit import Share
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster


@dataclass(frozen=True, kw_only=True)
class PhaseRecipe:
    """Each pixel gets the first phase whose color it has; the rest is in no class."""

    phases: tuple[Phase, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each phase."""
        return tuple(phase.name for phase in self.phases)

    @property
    def rules(self) -> tuple[str, ...]:
        """What each phase is like."""
        return tuple(str(phase).partition(":")[2].strip() for phase in self.phases)

    def read_codes(self, raster: Raster, window: Window) -> NDArray[np.uint8]:
        """Return the codes of a window, shape (row, col)."""
        pixels = read_colors(raster, window)
        return assign_phases(pixels.data, self.phases, pixels.valid)

    def describe(self) -> dict[str, Any]:
        """Say which phases there are, in the form in which they can be given again."""
        return {"phases": [str(phase) for phase in self.phases]}


@dataclass(frozen=True, kw_only=True)
class PhasePlan:
    """Phases, some of which may be named by points of the first picture."""

    phases: tuple[Phase, ...]
    lut: Lut | None = None
    leaves_rest: bool = True

    @property
    def is_fitted(self) -> bool:
        """Whether somebody has to look at a picture."""
        return bool(find_samples(self.phases))

    @property
    def expected(self) -> int:
        """How many phases there are."""
        return len(self.phases)

    def describe_kind(self, raster: Raster) -> str:
        """Say that it is a color picture, or raise `BandError`."""
        check_colors(raster)
        return "colors"

    def fit(self, paths: Sequence[str], work: BlockWork, share: Share) -> tuple[PhasePlan, dict[str, str]]:  # noqa: ARG002
        """Look up the points in the first picture."""
        with open_raster(paths[0]) as raster:
            found = find_colors(self.phases, raster)
        share(1.0)
        return replace(self, phases=found), {}

    def finish(self) -> tuple[PhaseRecipe, Lut]:
        """Return the recipe; its colors are those of the color table, or else those that phases have themselves."""
        palette = color_classes(len(self.phases))
        own = [phase.color for phase in self.phases]
        if self.lut is not None:
            bound = bind_lut(self.lut, range(1, len(self.phases) + 1))
            palette = color_classes(len(self.phases), bound.colors)
        elif any(own):
            colors = [(*color, 255) if color else other for color, other in zip(own, palette.colors, strict=True)]
            palette = color_classes(len(self.phases), colors)
        return PhaseRecipe(phases=self.phases), palette
