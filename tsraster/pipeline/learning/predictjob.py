"""How a box of a scene is classified by a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.learning.classifier import Floats
from tsraster.learning.model import Model, find_margin
from tsraster.pipeline.learning.scenes import Box, Scene, divide, grow, locate

TILES = {2: (256, 1024), 3: (16, 128, 128)}
"""Features are computed of so many pixels at a time, and of those around them: what is made on the way stays in the cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictJob:
    """How boxes of a scene are classified; can be sent to another process."""

    scene: Scene
    model: Model
    wanted: frozenset[str]
    """Names of results, and "uncertainty" where places are wanted."""
    mask: Scene | None = None
    """Pixels that are 0 in it, or have no data, are not predicted."""
    labels: int | None = None
    """Which picture of the model's labels it is."""

    def work_on(self, box: Box) -> dict[str, NDArray[Any]]:
        """Return the results of a box: (row, col), or (band, row, col) for those of many; without data 0 or NaN."""
        outer = grow(box, self.model.halo, self.scene.shape)
        pixels = self.scene.read(outer)
        valid = pixels.valid[locate(box, outer)] & self._read_mask(box)
        results = self._make_empty(box)
        if "labels" in results:
            self._draw_labels(box, results["labels"])
        if self.wanted <= {"labels"}:
            return results
        for tile in divide(box, TILES[len(box)]):
            place = locate(tile, box)
            if not valid[place].any():
                continue
            wide = grow(tile, self.model.halo, self.scene.shape)
            around = locate(wide, outer)
            features = self.model.compute(pixels.data[:, *around], pixels.valid[around], locate(tile, wide))
            found = self._classify(features)
            self._put(found, results, place, valid[place])
        return results

    def _read_mask(self, box: Box) -> NDArray[np.bool_]:
        if self.mask is None:
            return np.ones([part.stop - part.start for part in box], np.bool_)
        pixels = self.mask.read(box)
        return np.asarray(pixels.valid & (pixels.data != 0).any(axis=0))

    def _make_empty(self, box: Box) -> dict[str, NDArray[Any]]:
        shape = tuple(part.stop - part.start for part in box)
        bands = {"probabilities": len(self.model.codes), "features": len(self.model.columns)}
        results: dict[str, NDArray[Any]] = {}
        for name in self.wanted:
            if name in ("segmentation", "labels"):
                results[name] = np.zeros(shape, self.model.dtype)
            else:
                size = (bands[name], *shape) if name in bands else shape
                results[name] = np.full(size, np.nan, np.float32)
        return results

    def _draw_labels(self, box: Box, drawn: NDArray[Any]) -> None:
        known = self.model.labels
        if known is None or self.labels is None:
            return
        own = known.source == self.labels
        places, codes = known.places[own], known.codes[own]
        starts, stops = np.array([part.start for part in box]), np.array([part.stop for part in box])
        inside = ((places >= starts) & (places < stops)).all(axis=1)
        drawn[tuple((places[inside] - starts).T)] = codes[inside]

    def _classify(self, features: Floats) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {"features": features} if "features" in self.wanted else {}
        classifier = self.model.classifier
        if not self.wanted & {"probabilities", "uncertainty"}:
            if "segmentation" in self.wanted:
                found["segmentation"] = self.model.to_codes(classifier.segment(features))
            return found
        probabilities = classifier.probabilities(features)
        if "probabilities" in self.wanted:
            found["probabilities"] = probabilities
        if "uncertainty" in self.wanted:
            found["uncertainty"] = find_margin(probabilities)
        if "segmentation" in self.wanted:
            found["segmentation"] = self.model.to_codes(probabilities.argmax(axis=0).astype(np.uint16))
        return found

    def _put(
        self,
        found: Mapping[str, NDArray[Any]],
        results: Mapping[str, NDArray[Any]],
        place: Box,
        valid: NDArray[np.bool_],
    ) -> None:
        for name, values in found.items():
            where: Any = (..., *place)
            part = results[name][where]
            np.copyto(part, values, where=valid)
