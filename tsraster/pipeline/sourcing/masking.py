"""Which pixels of a source are left out: by a quality band, by a mask raster, and by shapes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.landsat.quality import find_layout, find_masked
from tsraster.pipeline.imaging import PathLike
from tsraster.preparing.views import Mask
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster
from tsraster.reading.labelvectors import LabelShapes, read_label_shapes


@dataclass(frozen=True, kw_only=True, eq=False)
class QualityMask:
    """Pixels under some conditions of a quality band."""

    raster: Raster
    names: tuple[str, ...]
    confidence: str
    layout: str

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where a condition is met, shape (row, col)."""
        # Fill is a bit among others, and no missing pixel.
        pixels = self.raster.read(window, [1])
        return find_masked(pixels.data[0], self.names, self.confidence, self.layout)


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterMask:
    """Pixels that are 0 in another raster, in all of its bands, or have no data there."""

    raster: Raster

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where nothing is, shape (row, col)."""
        pixels = self.raster.read(window)
        return np.asarray(~(pixels.valid & (pixels.data != 0).any(axis=0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeMask:
    """Pixels outside of all shapes of a vector file."""

    shapes: LabelShapes

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True outside, shape (row, col)."""
        return np.asarray(self.shapes.draw(window) == 0)


def open_masks(
    raster: Raster,
    stack: ExitStack,
    *,
    qa: PathLike | None,
    names: Sequence[str],
    confidence: str,
    mask_file: PathLike | None,
    clip: PathLike | None,
) -> tuple[list[Mask], list[str]]:
    """Open the masks of a raster; return them, and the files that are read.

    Raises
    ------
    DataError
        One has another size than the raster.
    """
    masks: list[Mask] = []
    files: list[str] = []
    for path, is_quality in ((qa, True), (mask_file, False)):
        if path is None:
            continue
        other = stack.enter_context(open_raster(path))
        _check_size(other, raster)
        files += [*other.files, str(path)]
        if is_quality:
            layout = find_layout(path) or "collection-2"
            masks.append(QualityMask(raster=other, names=tuple(names), confidence=confidence, layout=layout))
        else:
            masks.append(RasterMask(raster=other))
    if clip is not None:
        masks.append(ShapeMask(shapes=read_label_shapes(clip, raster, with_classes=False)))
        files.append(str(clip))
    return masks, files


def _check_size(mask: Raster, raster: Raster) -> None:
    if mask.shape != raster.shape:
        sizes = [f"{one.shape[0]} rows x {one.shape[1]} columns" for one in (mask, raster)]
        raise DataError(
            f"{mask.name} has {sizes[0]} and {raster.name} {sizes[1]}; a mask has the size of what it masks"
        )
