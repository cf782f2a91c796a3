"""`ClusterPlan`: how clusters are found, or the file they are taken from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsraster.errors import BandError, FewerClassesWarning, ReadError, TableError, UsageError
from tsraster.learning.clusterfits import fit_kmeans
from tsraster.learning.clusters import MOST_CLASSES, Clusters
from tsraster.learning.isodata import IsodataRules, fit_isodata
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.clustering.bandscenes import BandScene
from tsraster.pipeline.clustering.bandsums import Scales
from tsraster.pipeline.clustering.classcolors import color_classes, find_rgb
from tsraster.pipeline.clustering.survey import Survey, survey
from tsraster.pipeline.imaging import PathLike

_FEWEST_SAMPLES = 1000
_MOST_SAMPLES = 10_000_000
_MIN_SHARE = 0.002
"""Of all pixels: what a class of ISODATA must have where nobody says how many pixels."""


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """What was asked of a fit.

    Raises
    ------
    UsageError
        Something is out of range, or contradicts something else.
    """

    classes: int | None
    seed: int
    samples: int
    isodata: bool
    max_std: float | None
    min_distance: float | None
    min_pixels: int | None
    rgb: Sequence[int] | None
    is_loaded: bool
    """Whether clusters were fitted before."""

    def __post_init__(self) -> None:
        self._check_source()
        if self.classes is not None and not 2 <= self.classes <= MOST_CLASSES:
            raise UsageError(f"--classes is {self.classes}; give a number from 2 to {MOST_CLASSES}")
        if not _FEWEST_SAMPLES <= self.samples <= _MOST_SAMPLES:
            raise UsageError(f"--samples is {self.samples}; give a number from {_FEWEST_SAMPLES} to {_MOST_SAMPLES}")
        if self.seed < 0:
            raise UsageError(f"--seed is {self.seed}; give 0 or a whole number above it")
        if self.min_pixels is not None and self.min_pixels < 0:
            raise UsageError(f"--min-pixels is {self.min_pixels}; give 0 or a whole number above it")
        if self.isodata:
            self._make_rules(1)

    def _check_source(self) -> None:
        if self.classes is None and not self.is_loaded:
            raise UsageError("nothing says how many classes there are; give --classes K, or --model FILE.json")
        if self.is_loaded and (self.classes is not None or self.isodata or self.rgb is not None):
            raise UsageError("--model brings its classes and colors along; leave --classes, --isodata and --rgb out")
        own = {"--max-std": self.max_std, "--min-distance": self.min_distance, "--min-pixels": self.min_pixels}
        given = [name for name, value in own.items() if value is not None]
        if given and not self.isodata:
            raise UsageError(f"{given[0]} is for ISODATA; give --isodata too, or leave it out")

    def _make_rules(self, count: int) -> IsodataRules:
        share = _MIN_SHARE if self.min_pixels is None else self.min_pixels / count
        return IsodataRules(
            max_std=0.5 if self.max_std is None else self.max_std,
            min_distance=0.5 if self.min_distance is None else self.min_distance,
            min_share=share,
        )

    def fit(self, scenes: Sequence[BandScene], scales: Scales, work: BlockWork) -> Clusters:
        """Fit clusters to all scenes together.

        Warns
        -----
        FewerClassesWarning
            There are fewer different pixels than classes.

        Raises
        ------
        DataError
            No pixel has data.
        BandError
            Red, green and blue are not among the bands.
        """
        rgb = find_rgb(scenes[0], self.rgb)
        found = survey(scenes, scales, self.samples, self.seed, work)
        clusters = self._find(found, scenes)
        is_picture = scenes[0].raster.is_color and scenes[0].dtype == np.uint8
        return replace(clusters, colors=color_classes(clusters, found.sample, rgb, is_picture=is_picture))

    def _find(self, found: Survey, scenes: Sequence[BandScene]) -> Clusters:
        wanted = self.classes or 2
        bare = Clusters(means=found.means, stds=found.stds, centers=np.zeros((1, len(found.means))))
        sample = bare.standardize(found.sample)
        if self.isodata:
            centers = fit_isodata(sample, wanted, self._make_rules(found.count), seed=self.seed)
        else:
            centers = fit_kmeans(sample, wanted, seed=self.seed)
            if len(centers) < wanted:
                _say_fewer(len(centers), wanted)
        names = tuple(
            name or f"band {number}" for name, number in zip(scenes[0].band_names, scenes[0].numbers, strict=True)
        )
        return replace(
            bare,
            centers=centers,
            names=(),
            bands=names,
            method="ISODATA" if self.isodata else "k-means",
            fitted_on={
                "sources": [Path(scene.raster.name).name for scene in scenes],
                "pixels": found.count,
                "sampled": len(sample),
                "seed": self.seed,
            },
        ).sort()


def _say_fewer(made: int, wanted: int) -> None:
    classes = "class" if made == 1 else "classes"
    warnings.warn(
        f"{made} {classes} were made instead of {wanted}: there are no more different pixels",
        FewerClassesWarning,
        stacklevel=4,
    )


def load_clusters(path: PathLike) -> Clusters:
    """Read clusters that were saved.

    Raises
    ------
    ReadError
        The file cannot be read.
    TableError
        It holds no clusters.
    """
    try:
        return Clusters.from_json(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ReadError(f"the clusters {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise TableError(f"{path} is not UTF-8 text, and so no file of clusters; make one with --save-model") from None
    except TableError as error:
        raise TableError(f"{path}: {error}") from None


def check_fit(clusters: Clusters, scene: BandScene, path: PathLike) -> None:
    """Check that clusters that were saved fit a scene.

    Raises
    ------
    BandError
        It has another number of bands.
    """
    if len(scene.numbers) != len(clusters.means):
        raise BandError(
            f"{path} has classes of {len(clusters.means)} bands ({', '.join(clusters.bands)}), and {scene.raster.name} has "
            f"{len(scene.numbers)}; name as many with --bands: {scene.raster.list_bands()}"
        )
