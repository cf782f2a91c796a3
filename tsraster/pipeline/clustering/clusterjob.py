"""The last pass over all scenes, in which pixels get their classes, are written and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.learning.clusters import Clusters
from tsraster.lut import Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.clustering.bandscenes import BandScene, go_over
from tsraster.pipeline.clustering.bandsums import BandSums, Scales
from tsraster.pipeline.imaging import Target, open_codes
from tsraster.pipeline.sidecars import write_sidecars
from tsraster.raster import Window
from tsraster.writing import Image, ImageWriter, Outputs, describe_classes


@dataclass(frozen=True, kw_only=True, eq=False)
class ClusterJob:
    """How the blocks of scenes become codes; can be sent to another process."""

    clusters: Clusters
    scales: Scales

    def work_on(self, scene: BandScene, window: Window) -> tuple[NDArray[Any], BandSums]:
        """Return the codes of a window, and the sums of each class."""
        pixels = scene.read(window)
        codes = self.clusters.assign(pixels.data, pixels.valid)
        parts = codes[pixels.valid].astype(np.intp) - 1
        return codes, BandSums.of(pixels.data[:, pixels.valid], self.scales, parts, len(self.clusters))

    def run(
        self,
        scenes: Sequence[BandScene],
        targets: Sequence[Target],
        beside: Sequence[Mapping[str, Path]],
        lut: Lut,
        outputs: Outputs,
        work: BlockWork,
    ) -> list[BandSums]:
        """Classify all scenes into the staged outputs, and return the sums of each."""
        totals = [BandSums.empty(self.scales, len(self.clusters)) for _ in scenes]
        images = [self._describe(scene, lut) for scene in scenes]
        at, writer = -1, None
        with ExitStack() as stack:
            for i, window, (codes, sums) in go_over(scenes, self.work_on, work):
                if writer is None or i != at:
                    _close(stack, writer, totals, at)
                    at, writer = i, stack.enter_context(open_codes(outputs, targets[i], images[i]))
                writer.write(window, codes)
                totals[i].add(sums)
            _close(stack, writer, totals, at)
        for total, image, target, files in zip(totals, images, targets, beside, strict=True):
            write_sidecars(outputs, dict(files), describe_classes(image, total.counts.tolist()), target)
        return totals

    def _describe(self, scene: BandScene, lut: Lut) -> Image:
        return Image(
            shape=scene.raster.shape,
            dtype=self.clusters.dtype.name,
            bands=1,
            georef=scene.raster.georef,
            tags=scene.raster.tags,
            codes=self.clusters.codes,
            labels=lut.names,
            lut=lut,
        )


def _close(stack: ExitStack, writer: ImageWriter | None, totals: Sequence[BandSums], at: int) -> None:
    """Finish the class map of a scene before that of the next one is begun."""
    if writer is not None:
        writer.count(totals[at].counts.tolist())
        stack.close()
