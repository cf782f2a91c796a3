"""`Pores`: what is found of the pores of a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.measuring.lognormal import LognormalFit, fit_lognormal
from tsraster.measuring.porespace import PoreSpace, Profiles, describe_pore_space, make_profiles, measure_pore_space
from tsraster.measuring.representative import Representative, find_representative
from tsraster.measuring.sensitivity import ThresholdRow, vary_threshold
from tsraster.measuring.sizedistribution import SizeDistribution, find_diameters, measure_sizes
from tsraster.pipeline.pores.porebodies import BodySizes
from tsraster.pipeline.pores.poremask import PoreMask
from tsraster.pipeline.pores.segmentation import PoreRule
from tsraster.volume import Volume, VoxelSize
from tsraster.volumes.components import Components
from tsraster.volumes.preview import PreviewVolume
from tsraster.volumes.surfaces import Surfaces

if TYPE_CHECKING:
    from tsraster.schemes import Distribution


@dataclass(frozen=True, kw_only=True, eq=False)
class Pores:
    """What `pores_file` found and wrote."""

    source: str
    shape: tuple[int, int, int]
    dtype: str
    voxel_size: VoxelSize | None
    rule: PoreRule
    scheme: str
    denoise: str | None
    min_size: int
    components: Components
    """Of at least `min_size` voxels."""
    space: PoreSpace
    """Of all pore voxels."""
    without_data: int
    """Voxels without data, which count as solid."""
    profiles: Profiles
    """Porosity in each slice along each axis."""
    sensitivity: tuple[ThresholdRow, ...]
    """The porosity by thresholds around the one taken; empty where there is none for all."""
    before: tuple[Number, float] | None
    """Threshold and porosity without denoising, where there is some."""
    sizes: SizeDistribution
    fit: LognormalFit | None
    fit_sentence: str
    representative: Representative | None
    bodies: BodySizes
    """Sizes of bodies in the connected space, where they were wanted."""
    written: tuple[str, ...]
    box: tuple[int, ...] | None = None
    """The part of the volume, z0, y0, x0, z1, y1, x1, from whose corner places are counted; None for all of it."""
    statements: tuple[str, ...] = ()
    """On connectivity, percolation, and how much of the pore space is one component."""
    surfaces: Surfaces | None = None
    """Of each pore, where they were wanted."""
    preview: PreviewVolume | None = None
    """A small volume of the color codes of pores, where it was wanted."""

    @property
    def voxel_volume(self) -> float:
        """In cubic units; 1 where the size of voxels is unknown."""
        return 1.0 if self.voxel_size is None else self.voxel_size.volume

    @property
    def unit(self) -> str:
        """Of lengths."""
        return "voxels" if self.voxel_size is None else self.voxel_size.unit or "units"

    @property
    def diameters(self) -> NDArray[np.float64]:
        """Of the balls of the same volumes, shape (K,)."""
        return find_diameters(self.components.voxels, self.voxel_volume)


def measure_pores(
    volume: Volume,
    mask: PoreMask,
    components: Components,
    before: tuple[Number, float] | None,
    distribution: Distribution | None,
    *,
    scheme: str,
    denoise: str | None,
    min_size: int,
) -> Pores:
    """Return what components, counts of cells and the distribution of values say of the pores."""
    space = measure_pore_space(
        components.voxels,
        components.touches,
        volume.shape,
        left_out=components.total - int(components.voxels.sum()),
    )
    voxel_volume = 1.0 if volume.voxel_size is None else volume.voxel_size.volume
    inside = ~components.touches_border
    unit = "voxels" if volume.voxel_size is None else f"{volume.voxel_size.unit or 'units'}3"
    fit, sentence = fit_lognormal(components.voxels, voxel_volume, min_size=min_size, kept=inside, unit=unit)
    return Pores(
        source=volume.name,
        shape=volume.shape,
        dtype=volume.dtype,
        voxel_size=volume.voxel_size,
        rule=mask.rule,
        scheme=scheme,
        denoise=denoise,
        min_size=min_size,
        components=components,
        space=space,
        without_data=mask.without_data,
        profiles=make_profiles(*components.profiles),
        sensitivity=_vary(distribution, mask.rule),
        before=before,
        sizes=measure_sizes(components.voxels, voxel_volume, kept=inside),
        fit=fit,
        fit_sentence=sentence,
        representative=find_representative(mask.cells, mask.cell) if mask.cells.size else None,
        bodies=BodySizes(partition=None, thickness=None),
        written=(),
        statements=describe_pore_space(space, components.connectivity),
    )


def _vary(distribution: Distribution | None, rule: PoreRule) -> tuple[ThresholdRow, ...]:
    if distribution is None or distribution.distinct is None or rule.threshold is None or rule.side is None:
        return ()
    values, counts = distribution.distinct
    return vary_threshold(values, counts, float(rule.threshold), pore=rule.side)
