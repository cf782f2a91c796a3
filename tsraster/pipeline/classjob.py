"""The pass over all blocks in which a raster is classified, painted, written and counted."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import Outside, classify
from tsraster.classtable import ClassTable
from tsraster.errors import DataError
from tsraster.lut import Lut
from tsraster.measuring import count_codes
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import Layers, Target, choose_layers, open_codes, open_colors, paint_layers, say_white
from tsraster.pipeline.preview import Preview
from tsraster.preparing import Preparation
from tsraster.raster import Pixels, Raster, Window
from tsraster.schemes import NOTHING_VALID
from tsraster.writing import Outputs


@dataclass(kw_only=True)
class ClassTally:
    """What is counted while classifying."""

    counts: NDArray[np.int64]
    """Pixels of each class, shape (K,), in the order of the table."""
    valid: int = 0
    infinite: int = 0

    def add(self, other: ClassTally) -> None:
        """Add what another block holds."""
        self.counts += other.counts
        self.valid += other.valid
        self.infinite += other.infinite


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifyJob:
    """How the blocks of a raster become codes and colors; can be sent to another process."""

    raster: Raster
    preparation: Preparation
    table: ClassTable
    outside: Outside
    palette: Lut | None
    is_fitted: bool
    """Whether the table was fitted to this raster, in a pass before."""

    def work_on(self, layers: Layers | None, window: Window) -> tuple[NDArray[Any], NDArray[np.uint8] | None, ClassTally]:
        """Return the codes of a window, the colors if `layers` says which, and the counts."""
        pixels = self.preparation.read(self.raster, window)
        codes = classify(pixels.data, self.table, valid=pixels.valid, outside=self.outside)
        painted = paint_layers(codes, self.palette, layers) if self.palette is not None and layers is not None else None
        tally = ClassTally(
            counts=count_codes(codes, self.table),
            valid=int(np.count_nonzero(pixels.valid)),
            infinite=_count_infinite(pixels) if self.preparation.smoothing is None else 0,
        )
        return codes, painted, tally

    def run(
        self, work: BlockWork, outputs: Outputs, codes_to: Target | None, colors_to: Target | None
    ) -> tuple[ClassTally, Preview]:
        """Classify all blocks into the staged outputs.

        Raises
        ------
        DataError
            No pixel is valid.
        """
        total = ClassTally(counts=np.zeros(len(self.table), dtype=np.int64))
        preview = Preview(self.raster.shape, self.table.dtype)
        layers = choose_layers(colors_to.driver, self.palette, complete=self._is_complete) if colors_to and self.palette else None
        passes = 2 if self.is_fitted else 1
        with ExitStack() as stack:
            class_map = picture = None
            if codes_to is not None:
                class_map = stack.enter_context(open_codes(outputs, codes_to, self.raster, self.table, self.palette))
            if colors_to is not None and layers is not None:
                picture = stack.enter_context(open_colors(outputs, colors_to, self.raster, layers))
            blocks = work.run(self.raster, partial(self.work_on, layers), done=passes - 1, passes=passes)
            for window, (codes, painted, tally) in blocks:
                total.add(tally)
                preview.add(window, codes)
                if class_map is not None:
                    class_map.write(window, codes)
                if picture is not None and painted is not None:
                    picture.write(window, painted)
            if not total.valid:
                raise DataError(f"{self.raster.name}: {NOTHING_VALID}")
        if colors_to is not None and layers == "white" and int(total.counts.sum()) < self.raster.shape[0] * self.raster.shape[1]:
            say_white(colors_to)
        return total, preview

    @property
    def _is_complete(self) -> bool:
        """Whether every pixel is sure to get a class, before one is read."""
        edges = self.table.edges
        is_open = bool(edges) and not np.isfinite([edges[0], edges[-1]]).any()
        return (is_open or self.is_fitted or self.outside == "clamp") and not self.raster.can_be_invalid


def _count_infinite(pixels: Pixels) -> int:
    if pixels.data.dtype.kind != "f" or pixels.valid.all():
        return 0
    return int(np.count_nonzero(np.isinf(pixels.data[~pixels.valid])))
