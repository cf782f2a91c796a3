"""Which pixels of a source are left out: by a quality band, by a mask raster, and by shapes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, TsrasterWarning, UsageError
from tsraster.landsat.bittests import BitTest, find_met, list_field_tests
from tsraster.landsat.quality import find_layout, list_tests
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.stacsource import find_fields
from tsraster.preparing.views import Mask
from tsraster.raster import Georef, Raster, Window
from tsraster.reading import open_raster
from tsraster.reading.labelvectors import LabelShapes, read_label_shapes
from tsraster.reading.stacitems import StacItem

_OTHER_BITS = re.compile(
    r"(qa_radsat|qa_aerosol|cloud_qa|aerosol|st_qa|(sr|st|toa|bt)_b(and)?\d+|st_(atran|cdist|drad|emis|emsd|trad|urad)"
    r"|^l[cotem]\d.*_(b\d+(_vcid_\d)?|sza|saa|vza|vaa|atmos_opacity))$"
)
"""Files of Landsat that are no QA_PIXEL."""

_PIECE = 512
"""Rows and columns of the pieces of a mask that are looked at before anything is done."""

_SAME_PLACE = 0.01
"""Corners of a mask and of what it masks differ by less than that, in pixels: coordinates are rounded as they are written."""


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
        One has another size or place than the raster; or the bits are described wrongly.

    Warns
    -----
    TsrasterWarning
        One of them leaves out all pixels.
    """
    masks: list[QualityMask | RasterMask | ShapeMask] = []
    files: list[str] = []
    notes: list[str] = []
    for path, is_quality in ((qa, True), (mask_file, False)):
        if path is None:
            continue
        other = stack.enter_context(open_raster(path))
        _check_place(other, raster)
        files += [*other.files, str(path)]
        if is_quality:
            band, tests, note = _plan_tests(path, names, confidence, item)
            _check_bits(other, band, tests)
            masks.append(QualityMask(raster=other, tests=tests, band=band))
            notes += note
        else:
            masks.append(RasterMask(raster=other))
        _warn_of_all(masks[-1], raster.shape, other.name)
    if clip is not None:
        masks.append(ShapeMask(shapes=read_label_shapes(clip, raster, layer=clip_layer, with_classes=False)))
        files.append(str(clip))
    return list(masks), files, notes


def _warn_of_all(mask: Mask, shape: tuple[int, int], name: str) -> None:
    """Say so where a mask leaves out all pixels; looked for from the middle on, and no further than to the first that is kept."""
    rows, cols = shape
    starts = [(row, col) for row in range(0, rows, _PIECE) for col in range(0, cols, _PIECE)]
    starts.sort(key=lambda start: abs(2 * start[0] + _PIECE - rows) + abs(2 * start[1] + _PIECE - cols))
    for row, col in starts:
        piece = Window(row=row, col=col, rows=min(_PIECE, rows - row), cols=min(_PIECE, cols - col))
        if not mask.find(piece).all():
            return
    warnings.warn(f"the mask {name} leaves out all pixels", TsrasterWarning, stacklevel=4)


def _check_bits(quality: Raster, number: int, tests: Sequence[BitTest]) -> None:
    """Refuse bits beyond those of a number."""
    dtype = np.dtype(quality.band(number).dtype)
    if dtype.kind not in "iu":
        return  # is refused where it is read
    bits = 8 * dtype.itemsize
    for field, _, _ in tests:
        if field.offset + field.length > bits:
            raise DataError(
                f"the field {field.name} is in bits {field.offset} to {field.offset + field.length - 1}, and {quality.name} has "
                f"only the bits 0 to {bits - 1} ({dtype}); it holds other bits than it is said to"
            )


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
            f"the bits of {name} are not those of QA_PIXEL, and no STAC item says what they are; give the QA_PIXEL of the scene, "
            "or name an item with --stac that has classification:bitfields for this file"
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


def _check_place(mask: Raster, raster: Raster) -> None:
    if mask.shape != raster.shape:
        sizes = [f"{one.shape[0]} rows x {one.shape[1]} columns" for one in (mask, raster)]
        raise DataError(
            f"{mask.name} has {sizes[0]} and {raster.name} {sizes[1]}; a mask has the size of what it masks"
        )
    if _lies_elsewhere(mask.georef, raster.georef, raster.shape):
        raise DataError(f"{mask.name} lies elsewhere than {raster.name}; warp it to the same grid first")


def _lies_elsewhere(one: Georef, other: Georef, shape: tuple[int, int]) -> bool:
    """Say whether two rasters of one shape lie at different places, as far as both say where that is."""
    if one.crs is not None and other.crs is not None and one.crs != other.crs:
        return True
    if not (one.has_transform and other.has_transform) or other.transform.is_degenerate:
        return False
    corners = [(0, 0), (shape[1], 0), (0, shape[0]), (shape[1], shape[0])]
    back = ~other.transform
    moved = [np.subtract(back * (one.transform * corner), corner) for corner in corners]
    return bool(np.abs(moved).max() > _SAME_PLACE)
