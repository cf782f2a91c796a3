"""Read the labels of an ilastik project: boxes of the image, each with its place as a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsraster.errors import ReadError
from tsraster.learning.ilastik.axes import arrange, parse_axistags, plane_axis
from tsraster.learning.ilastik.hdf5access import find, list_children, read_array
from tsraster.learning.ilastik.hdf5texts import read_attribute
from tsraster.learning.ilastik.project import Dataset, LabelBlock

_SLICE = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")
_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.?([0-9]{1,6})?(?:(b|rc|post)([0-9]{1,6}))?")
_STAGES = {"b": -2, "rc": -1, None: 0, "post": 1}
_ORIGINAL_ORDER = ((1, 3, 3, 1, 2), (1, 4, 0, -2, 7))
"""Between these versions, labels were stored in the order of the axes of the file; before and after, with channels last."""


def read_blocks(group: Any | None, raw: Dataset | None, version: str, left: int) -> tuple[LabelBlock, ...]:
    """Read the labels of one image.

    Parameters
    ----------
    group : h5py.Group, optional
    raw : Dataset, optional
        The image.
    version : str
        Of ilastik, on which the order of the axes depends where the blocks do not tell them.
    left : int
        How many pixels may still be read.

    Raises
    ------
    ReadError
        They are too many, no labels, or outside of the image.
    """
    blocks: list[LabelBlock] = []
    for name, block in list_children(group, "block"):
        stored = find(block, "data") if hasattr(block, "keys") else block
        values = read_array(stored, "buif", largest=left * getattr(getattr(stored, "dtype", None), "itemsize", 1))
        left -= values.size
        slices = _parse_slices(read_attribute(block, "blockSlice"), values.shape, name)
        axes = parse_axistags(read_attribute(block, "axistags"))
        axes = axes if len(axes) == values.ndim else _guess_axes(values.ndim, raw, version)
        blocks.append(_arrange_block(values, slices, axes, raw))
    return tuple(blocks)


def _parse_slices(text: str, shape: Sequence[int], name: str) -> tuple[int, ...]:
    """Return where a block begins along each of its axes."""
    parts = [_SLICE.fullmatch(part.strip()) for part in text.strip("[]() ").split(",")]
    ends = [(int(part[1]), int(part[2])) for part in parts if part]
    if len(ends) != len(parts) or [stop - start for start, stop in ends] != list(shape):
        raise ReadError(
            f"the labels of {name} have the place {text[:80]!r}, which is none for the shape {tuple(shape)}"
        )
    return tuple(start for start, _ in ends)


def _guess_axes(dimensions: int, raw: Dataset | None, version: str) -> str:
    """Return the axes of labels that do not tell them: those of the image, with channels last."""
    known = raw.axes if raw is not None else ""
    original = known if "c" in known else known + "c"
    last = known.replace("c", "") + "c"
    axes = original if _ORIGINAL_ORDER[0] <= parse_version(version) <= _ORIGINAL_ORDER[1] else last
    if len(axes) == dimensions and known:
        return axes
    usual = {2: "yx", 3: "yxc", 4: "zyxc", 5: "txyzc"}.get(dimensions)
    if usual is None:
        raise ReadError(f"the project has labels of {dimensions} dimensions; they can have 2 to 5")
    return usual


def parse_version(text: str) -> tuple[int, ...]:
    """Return a version of ilastik as numbers that compare in its order; zeros where it is none.

    Examples
    --------
    >>> parse_version("1.3.3post2") < parse_version("1.4.0b7") < parse_version("1.4.0")
    True
    """
    match = _VERSION.match(text)
    if match is None:
        return (0, 0, 0, 0, 0)
    return (int(match[1]), int(match[2]), int(match[3] or 0), _STAGES[match[4]], int(match[5] or 0))


def _arrange_block(values: Any, starts: Sequence[int], axes: str, raw: Dataset | None) -> LabelBlock:
    planes = _plane_axis_of(axes, starts, values.shape, raw)
    order = f"{planes}yx"
    offset = dict(zip(axes, starts, strict=True))
    if any(offset.get(axis, 0) for axis in axes if axis not in order):
        raise ReadError(
            f"the project has labels at {tuple(starts)} along the axes {axes}, which the image does not have"
        )
    if values.dtype.kind == "f" or (values.size and (values.min() < 0 or values.max() > 255)):
        raise ReadError("the project has labels that are no whole numbers from 0 to 255")
    block = LabelBlock(
        offset=tuple(offset.get(axis, 0) for axis in order),
        values=np.ascontiguousarray(arrange(values, axes, order)).astype(np.uint8),
    )
    shape = raw.spatial_shape if raw is not None else ()
    if shape and any(stop > length for stop, length in zip(block.stop, shape, strict=True)):
        raise ReadError(f"the project has labels up to {block.stop}, outside of their image of shape {shape}")
    return block


def _plane_axis_of(axes: str, starts: Sequence[int], shape: Sequence[int], raw: Dataset | None) -> str:
    """Return the axis of the planes of the image, or, where that is unknown, of the block."""
    if raw is not None and raw.spatial_shape:
        return plane_axis(raw.axes, raw.shape)
    return plane_axis(axes, [start + length for start, length in zip(starts, shape, strict=True)])
