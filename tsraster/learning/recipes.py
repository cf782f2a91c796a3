"""Recipes: which Gaussians the features of a scale are made of.

Every feature is computed in two stages. A picture is smoothed first, once for all features of a scale that can share it, and
what is left of the scale is in short filters:

========== ====================================== ===================================================
feature    ilastik                                scale-space
========== ====================================== ===================================================
first      sqrt(s**2 - 1) above 1, else s         what with the second stage makes up sigma = s
second     min(s, 1)                              min(s, 1)
difference less a second stage of 0.66 min(s, 1)  less the smoothing with sigma = 0.66 s
structure  slopes of 0.5 min(s, 1), products      slopes of sigma = s / 2, products smoothed with s
           smoothed with min(s, 1)
windows    3.5 sigma at first, then 2 sigma       4 sigma
========== ====================================== ===================================================

"ilastik" gives the numbers of that program, which smooths twice up to a scale of 1, and computes derivatives at a sigma of 1
at most with windows of 5 pixels. Its structure tensor is what the program computes: its text exchanges the two scales.
"scale-space" gives what textbooks mean by a feature at scale s.

References
----------
Berg et al. (2019), ilastik: interactive machine learning for (bio)image analysis, Nature Methods 16, 1226-1232.
Lindeberg (1994), Scale-Space Theory in Computer Vision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tsraster.learning.kernels import find_radius, sample_gaussian
from tsraster.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Stages:
    """A first smoothing, shared by several features, and the sigma of the short filters after it; in pixels."""

    first: float
    """0 for none."""
    second: float

    @classmethod
    def of_sigma(cls, sigma: float) -> Stages:
        """Split a Gaussian in two, of which the second is 1 at most; as variances, they add up."""
        second = min(sigma, 1.0)
        return cls(first=sqrt(sigma**2 - second**2), second=second)


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """The Gaussians of all features of one scale."""

    main: Stages
    """Of the smoothing, the Laplacian, the gradient and the Hessian."""
    narrow: Stages
    """Of what the difference subtracts from the smoothing."""
    slope: Stages
    """Of the slopes in the structure tensor."""
    outer: float
    """The sigma with which the products of the slopes are smoothed."""
    first_window: float
    """The radius of the first smoothing in sigmas."""
    window: float
    """The radius of all other filters in sigmas."""

    def sample_first(self, sigma: float) -> NDArray[np.float32]:
        """Return the taps of a first smoothing."""
        return sample_gaussian(sigma, 0, self.first_window)

    def sample(self, sigma: float, order: int = 0) -> NDArray[np.float32]:
        """Return the taps of a filter of the second stage."""
        return sample_gaussian(sigma, order, self.window)

    def first_reach(self, stages: Stages) -> int:
        """Return how many pixels around one its first smoothing depends on."""
        return find_radius(stages.first, 0, self.first_window)

    def reach(self, sigma: float, *, order: int = 1) -> int:
        """Return how many pixels around one a filter of the second stage depends on."""
        return find_radius(sigma, order, self.window)

    @property
    def slope_reach(self) -> int:
        """How many pixels around one the structure tensor depends on, after the first smoothing."""
        return self.reach(self.slope.second) + self.reach(self.outer, order=0)

    def find_halo(self, kind: str) -> int:
        """Return how many pixels around one a feature depends on."""
        if kind == "structure":
            return self.first_reach(self.slope) + self.slope_reach
        main = self.first_reach(self.main) + self.reach(self.main.second, order=int(kind not in _SMOOTH))
        if kind != "difference":
            return main
        return max(main, self.first_reach(self.narrow) + self.reach(self.narrow.second, order=0))


_SMOOTH = ("smoothing", "difference")

RECIPES: Registry[Callable[[float], ScalePlan]] = Registry("recipe")
"""What makes the plan of a scale, by name."""


@RECIPES.register("ilastik")
def _plan_ilastik(scale: float) -> ScalePlan:
    first, second = sqrt(scale**2 - 1) if scale > 1 else scale, min(scale, 1.0)
    return ScalePlan(
        main=Stages(first=first, second=second),
        narrow=Stages(first=first, second=0.66 * second),
        slope=Stages(first=first, second=0.5 * second),
        outer=second,
        first_window=3.5,
        window=2.0,
    )


@RECIPES.register("scale-space")
def _plan_scale_space(scale: float) -> ScalePlan:
    return ScalePlan(
        main=Stages.of_sigma(scale),
        narrow=Stages.of_sigma(0.66 * scale),
        slope=Stages.of_sigma(0.5 * scale),
        outer=scale,
        first_window=4.0,
        window=4.0,
    )
