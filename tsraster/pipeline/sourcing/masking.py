"""Which pixels of a source are left out: by a quality band, by a mask raster, and by shapes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.landsat.bittests import BitTest, find_met, list_field_tests
from tsraster.landsat.quality import find_layout, list_tests
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.stacsource import find_fields
from tsraster.preparing.views import Mask
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster
from tsraster.reading.labelvectors import LabelShapes, read_label_shapes
from tsraster.reading.stacitems import StacItem

_OTHER_BITS = re.compile(r"(qa_radsat|qa_aerosol|cloud_qa|aerosol)$")
"""Files of Landsat with bits that mean something else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class QualityMask:
    """Pixels under some conditions of a quality band."""

    raster: Raster
    tests: tuple[BitTest, ...]
    band: int = 1

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where a condition is met, shape (row, col)."""
        # Fill is a bit among others, and no missing pixel.
        pixels = self.raster.read(window, [self.band])
        return find_met(pixels.data[0], self.tests)

    def close(self) -> None:
        """Let go of the file."""
        self.raster.close()


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterMask:
    """Pixels that are 0 in another raster, in all of its bands, or have no data there."""

    raster: Raster

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where nothing is, shape (row, col)."""
        pixels = self.raster.read(window)
        return np.asarray(~(pixels.valid & (pixels.data != 0).any(axis=0)))

    def close(self) -> None:
        """Let go of the file."""
        self.raster.close()


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeMask:
    """Pixels outside of all shapes of a vector file."""

    shapes: LabelShapes

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True outside, shape (row, col)."""
        return np.asarray(self.shapes.draw(window) == 0)

    def close(self) -> None:
        """Do nothing: the shapes were read."""


def open_masks(
    raster: Raster,
    stack: ExitStack,
    *,
    qa: PathLike | None,
    names: Sequence[str],
    confidence: str,
    mask_file: PathLike | None,
    clip: PathLike | None,
    clip_layer: str | None = None,
    item: StacItem | None = None,
) -> tuple[list[Mask], list[str], list[str]]:
    """Open the masks of a raster; return them, the files that are read, and what there is to say of them.

    Raises
    ------
    UsageError
        A condition is unknown, or a layer has to be named.
    DataError
        One has another size than the raster; or the bits are described wrongly.
    """
    masks: list[Mask] = []
    files: list[str] = []
    notes: list[str] = []
    for path, is_quality in ((qa, True), (mask_file, False)):
        if path is None:
            continue
        other = stack.enter_context(open_raster(path))
        _check_size(other, raster)
        files += [*other.files, str(path)]
        if is_quality:
            band, tests, note = _plan_tests(path, names, confidence, item)
            masks.append(QualityMask(raster=other, tests=tests, band=other.band(band).number))
            notes += note
        else:
            masks.append(RasterMask(raster=other))
    if clip is not None:
        masks.append(ShapeMask(shapes=read_label_shapes(clip, raster, layer=clip_layer, with_classes=False)))
        files.append(str(clip))
    return masks, files, notes


def _plan_tests(
    path: PathLike, names: Sequence[str], confidence: str, item: StacItem | None
) -> tuple[int, tuple[BitTest, ...], list[str]]:
    """Return the band of the bits, what they are tested for, and where that comes from if no name of a file told it."""
    layout = find_layout(path)
    if layout is not None:
        return 1, list_tests(names, confidence, layout), []
    found, name = find_fields(path, item), Path(path).name
    if found is None and _OTHER_BITS.search(Path(path).stem.lower()):
        raise DataError(
            f"the bits of {name} are not those of QA_PIXEL, and no STAC item says what they are; name one with --stac that has "
            "classification:bitfields for this file"
        )
    if found is None:
        note = f"the bits of {name} are read as those of Landsat's QA_PIXEL, Collection 2: nothing says what they are"
        return 1, list_tests(names, confidence), [note]
    band, fields, said = found
    if confidence != "high":
        raise UsageError(
            f"--confidence {confidence} is for the bits of Landsat, and {Path(said).name} says what those of {name} are; "
            f"name a meaning in --mask, such as FIELD={confidence}, of the fields {', '.join(field.name for field in fields)}"
        )
    note = f"the bits of {name} are read as the STAC item {Path(said).name} says"
    return band, list_field_tests(names, fields), [note]


def _check_size(mask: Raster, raster: Raster) -> None:
    if mask.shape != raster.shape:
        sizes = [f"{one.shape[0]} rows x {one.shape[1]} columns" for one in (mask, raster)]
        raise DataError(
            f"{mask.name} has {sizes[0]} and {raster.name} {sizes[1]}; a mask has the size of what it masks"
        )
