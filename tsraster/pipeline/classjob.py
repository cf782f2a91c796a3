"""The pass over all blocks in which a raster is classified, painted, written and counted."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import Outside, classify
from tsraster.classtable import ClassTable
from tsraster.errors import DataError
from tsraster.lut import Lut
from tsraster.measuring import count_codes
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import (
    Layers,
    Target,
    choose_layers,
    describe_codes,
    open_codes,
    open_colors,
    paint_layers,
    say_white,
)
from tsraster.pipeline.picturelegend import LegendWriter, PictureLegend
from tsraster.pipeline.preview import Preview
from tsraster.pipeline.values import Tabulated, Values
from tsraster.preparing.lookups import look_up
from tsraster.raster import Pixels, Window
from tsraster.schemes import NOTHING_VALID, Counted
from tsraster.writing import Image, ImageWriter, Outputs


@dataclass(kw_only=True)
class ClassTally:
    """What is counted while classifying."""

    counts: NDArray[np.int64]
    """Pixels of each class, shape (K,), in the order of the table."""
    valid: int = 0
    infinite: int = 0

    @classmethod
    def of(cls, pixels: Pixels, codes: NDArray[Any], table: ClassTable) -> ClassTally:
        """Count a block of values and their codes."""
        valid = int(np.count_nonzero(pixels.valid))
        can_be_infinite = pixels.data.dtype.kind == "f" and valid < pixels.valid.size
        return cls(
            counts=count_codes(codes, table),
            valid=valid,
            infinite=int(np.count_nonzero(np.isinf(pixels.data[~pixels.valid]))) if can_be_infinite else 0,
        )

    def add(self, other: ClassTally) -> None:
        """Add what another block holds."""
        self.counts += other.counts
        self.valid += other.valid
        self.infinite += other.infinite


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifyJob:
    """How the blocks of a raster become codes and colors; can be sent to another process."""

    values: Values
    table: ClassTable
    outside: Outside = "nodata"
    palette: Lut | None
    is_fitted: bool = False
    """Whether the table was made for just these values, and so holds them all."""
    legend: PictureLegend | None = None
    """What is laid over the color picture or beside it."""
    counted: Counted | None = None
    """Each of the values, where they are counted already."""
    origins: tuple[str, ...] = ()
    """What each class was made of, as text, where no interval says it."""

    def work_on(
        self, layers: Layers | None, window: Window
    ) -> tuple[NDArray[Any], NDArray[np.uint8] | None, ClassTally | None]:
        """Return the codes of a window, the colors if `layers` says which, and the counts that are not known yet."""
        pixels, codes = self._classify_window(window)
        painted = paint_layers(codes, self.palette, layers) if self.palette is not None and layers is not None else None
        tally = ClassTally.of(pixels, codes, self.table) if self._known is None else None
        return codes, painted, tally

    def _classify_window(self, window: Window) -> tuple[Pixels, NDArray[Any]]:
        """Return values, or the stored numbers that they are made of, and their codes."""
        if self._tabulated is None:
            pixels = self.values.read(window)
            return pixels, self.assign(pixels)
        tabulated, codes_of = self._tabulated
        numbers = tabulated.lookup.mark(tabulated.numbers.read(window))
        codes = look_up(codes_of, numbers.data)
        return numbers, np.multiply(codes, numbers.valid, out=codes)

    def assign(self, pixels: Pixels) -> NDArray[Any]:
        """Give values their codes."""
        return classify(pixels.data, self.table, valid=pixels.valid, outside=self.outside)

    @cached_property
    def _tabulated(self) -> tuple[Tabulated, NDArray[Any]] | None:
        """Stored numbers and the code of each, where values are looked up in a table: then so are the codes."""
        tabulated = self.values.tabulated
        if tabulated is None or self.outside == "error":  # a number that occurs nowhere may be outside
            return None
        return tabulated, self.assign(Pixels(data=tabulated.lookup.values, valid=tabulated.lookup.valid))

    def run(
        self, work: BlockWork, outputs: Outputs, codes_to: Target | None, colors_to: Target | None
    ) -> tuple[ClassTally, Preview]:
        """Classify all blocks into the staged outputs.

        Raises
        ------
        DataError
            No pixel is valid.
        """
        raster = self.values.raster
        total = self._known or ClassTally(counts=np.zeros(len(self.table), dtype=np.int64))
        preview = Preview(raster.shape, self.table.dtype)
        layers = (
            choose_layers(colors_to.driver, self.palette, complete=self._is_complete)
            if colors_to and self.palette
            else None
        )
        with ExitStack() as stack:
            class_map: ImageWriter | None = None
            picture: ImageWriter | LegendWriter | None = None
            if codes_to is not None:
                class_map = stack.enter_context(open_codes(outputs, codes_to, self.image))
            if colors_to is not None and layers is not None:
                picture = stack.enter_context(open_colors(outputs, colors_to, raster, layers, self.legend))
            blocks = work.run(raster, partial(self.work_on, layers))
            for window, (codes, painted, tally) in blocks:
                if tally is not None:
                    total.add(tally)
                preview.add(window, codes)
                if class_map is not None:
                    class_map.write(window, codes)
                if picture is not None and painted is not None:
                    picture.write(window, painted)
            if not total.valid:
                raise DataError(f"{raster.name}: {NOTHING_VALID}")
            if class_map is not None:
                class_map.count(total.counts.tolist())
        if colors_to is not None and self.palette is not None:
            without_class = raster.shape[0] * raster.shape[1] - int(total.counts.sum())
            say_white(colors_to, self.palette, without_class=without_class)
        return total, preview

    @property
    def image(self) -> Image:
        """What the class map is."""
        image = describe_codes(self.values.raster, self.table, self.palette)
        return replace(image, labels=self.table.names, intervals=self.origins) if self.origins else image

    @property
    def _is_complete(self) -> bool:
        """Whether every pixel is sure to get a class, before one is read."""
        edges = self.table.edges
        is_open = bool(edges) and not np.isfinite([edges[0], edges[-1]]).any()
        return (is_open or self.is_fitted or self.outside != "nodata") and not self.values.raster.can_be_invalid

    @cached_property
    def _known(self) -> ClassTally | None:
        """What the exact counts of the values tell about the classes, so that nothing is counted twice."""
        if self.counted is None:
            return None
        sums = count_codes(classify(self.counted.values, self.table), self.table, times=self.counted.counts)
        return ClassTally(counts=sums, valid=self.counted.count)
