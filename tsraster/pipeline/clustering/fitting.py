"""`ClusterPlan`: how clusters are found, or the file they are taken from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsraster.errors import BandError, DataError, FewerClassesWarning, ReadError, TableError, UsageError
from tsraster.learning.clusterfits import fit_kmeans
from tsraster.learning.clusters import MOST_CLASSES, Clusters
from tsraster.learning.isodata import IsodataRules, fit_isodata
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.clustering.bandscenes import BandScene
from tsraster.pipeline.clustering.bandsums import Scales
from tsraster.pipeline.clustering.classcolors import color_classes, find_rgb
from tsraster.pipeline.clustering.survey import Survey, survey
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.valueunits import describe_unit, differ

_FEWEST_SAMPLES = 1000
_MOST_SAMPLES = 10_000_000
_NAMELESS = "band "
"""What bands without a name are called by, with their number."""
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
    max_classes: int | None
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
        if self.max_classes is not None and not (self.classes or 0) <= self.max_classes <= 2 * MOST_CLASSES:
            raise UsageError(
                f"--max-classes is {self.max_classes}; give a number from that of --classes to {2 * MOST_CLASSES}"
            )
        if self.isodata:
            self._make_rules(1)

    def _check_source(self) -> None:
        if self.classes is None and not self.is_loaded:
            raise UsageError("nothing says how many classes there are; give --classes K, or --model FILE.json")
        if self.is_loaded and (self.classes is not None or self.isodata or self.rgb is not None):
            raise UsageError("--model brings its classes and colors along; leave --classes, --isodata and --rgb out")
        own = {
            "--max-std": self.max_std,
            "--min-distance": self.min_distance,
            "--min-pixels": self.min_pixels,
            "--max-classes": self.max_classes,
        }
        given = [name for name, value in own.items() if value is not None]
        if given and not self.isodata:
            raise UsageError(f"{given[0]} is for ISODATA; give --isodata too, or leave it out")

    def _make_rules(self, count: int) -> IsodataRules:
        share = _MIN_SHARE if self.min_pixels is None else self.min_pixels / count
        return IsodataRules(
            max_std=0.5 if self.max_std is None else self.max_std,
            min_distance=0.5 if self.min_distance is None else self.min_distance,
            min_share=share,
            max_classes=self.max_classes,
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

    def describe(self, clusters: Clusters) -> list[str]:
        """Say why ISODATA made another number of classes than was asked for; nothing where it did not."""
        made = len(clusters)
        if not self.isodata or made == self.classes:
            return []
        why = "others would be closer than --min-distance or smaller than --min-pixels"
        if made > (self.classes or 0):
            why = "they are wide, or stand apart from each other"
        return [f"ISODATA made {made} classes where {self.classes} were aimed at: {why}"]

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
            name or f"{_NAMELESS}{number}" for name, number in zip(scenes[0].band_names, scenes[0].numbers, strict=True)
        )
        return replace(
            bare,
            centers=centers,
            names=(),
            bands=names,
            units=scenes[0].units,
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


def check_fit(clusters: Clusters, scene: BandScene, path: PathLike, *, are_named: bool = False) -> None:
    """Check that clusters that were saved fit a scene.

    Where both have names for their bands, those are the same, upper and lower case aside, unless the user has said which bands
    they are (`are_named`). What says nothing of its values fits any.

    Raises
    ------
    BandError
        It has another number of bands, others, or in another order.
    DataError
        Its values are others: stored numbers where the clusters are of physical values, or in another unit.
    """
    if len(scene.numbers) != len(clusters.means):
        raise BandError(
            f"{path} has classes of {len(clusters.means)} bands ({', '.join(clusters.bands)}), and {scene.raster.name} has "
            f"{len(scene.numbers)}; name as many with --bands: {scene.raster.list_bands()}"
        )
    if not are_named:
        _check_names(clusters, scene, path)
    for name, wanted, unit in zip(clusters.bands, clusters.units, scene.units, strict=True):
        if differ(wanted, unit):
            raise DataError(
                f"{path} has classes of {describe_unit(wanted)} in {name or 'its bands'}, and {scene.raster.name} has "
                f"{describe_unit(unit)}; read it as what the classes were found in: with or without --landsat, or with --raw"
            )


def _check_names(clusters: Clusters, scene: BandScene, path: PathLike) -> None:
    wanted = ["" if name.startswith(_NAMELESS) else name.strip().lower() for name in clusters.bands]
    found = [name.strip().lower() for name in scene.band_names]
    if all(one == other for one, other in zip(wanted, found, strict=True) if one and other):
        return
    order = [scene.numbers[found.index(name)] for name in wanted if name in found]
    advice = (
        f"name them with --bands {','.join(map(str, order))}"
        if len(set(order)) == len(wanted)
        else ("if they see the same nevertheless, say which they are with --bands")
    )
    raise BandError(
        f"{path} has classes of the bands {', '.join(clusters.bands)}, and {scene.raster.name} has "
        f"{', '.join(name or _NAMELESS + str(number) for name, number in zip(scene.band_names, scene.numbers, strict=True))}; "
        f"{advice}"
    )
