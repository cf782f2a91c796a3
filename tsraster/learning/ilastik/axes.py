"""Axes as ilastik names them, by one letter each, and their order in tsraster: (band, row, col) or (band, plane, row, col)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError

_SPACE, _CHANNEL = 2, 1
_TYPE_FLAGS = {"c": _CHANNEL, "x": _SPACE, "y": _SPACE, "z": _SPACE, "t": 8}
"""As vigra numbers the kinds of axes."""

_LONGEST = 2**16
_FEW_CHANNELS = 4


def parse_axistags(text: str) -> str:
    """Return the letters of axes that vigra wrote as JSON; an empty text where there are none.

    Raises
    ------
    ReadError
        They are no axes, or one comes twice.

    Examples
    --------
    >>> parse_axistags('{"axes": [{"key": "y"}, {"key": "x"}, {"key": "c"}]}')
    'yxc'
    """
    if not text:
        return ""
    try:
        if len(text) > _LONGEST:
            raise ValueError
        keys = [axis["key"] for axis in json.loads(text)["axes"]]
        return check_axes("".join(keys))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ReadError(f"the project names axes in a way that is not understood: {text[:60]!r}") from None


def check_axes(axes: str) -> str:
    """Return the letters of axes.

    Raises
    ------
    ReadError
        One is not of t, z, y, x, c, or comes twice.
    """
    if set(axes) - set(_TYPE_FLAGS) or len(set(axes)) < len(axes):
        raise ReadError(f"the project has the axes {axes[:20]!r}; they can be t, z, y, x and c, each once")
    return axes


def axistags_text(axes: str) -> str:
    """Return axes as the JSON that vigra writes.

    Examples
    --------
    >>> parse_axistags(axistags_text("zyxc"))
    'zyxc'
    """
    tags = [{"key": axis, "typeFlags": _TYPE_FLAGS[axis], "resolution": 0, "description": ""} for axis in axes]
    return json.dumps({"axes": tags}, indent=2)


def default_axes(shape: Sequence[int]) -> str:
    """Return the axes that ilastik takes for data that do not name them.

    Examples
    --------
    >>> default_axes((5, 6)), default_axes((5, 6, 3)), default_axes((5, 6, 30))
    ('yx', 'yxc', 'zyx')
    """
    if len(shape) == 3:
        return "yxc" if shape[2] <= _FEW_CHANNELS else "zyx"
    return {2: "yx", 4: "zyxc", 5: "tzyxc"}.get(len(shape), "")


def plane_axis(axes: str, shape: Sequence[int]) -> str:
    """Return the axis along which planes follow each other: z, or t in a series of pictures; an empty text in one picture.

    Raises
    ------
    DataError
        There are both several planes and several times.
    """
    longer = [axis for axis in "zt" if axis in axes and shape[axes.index(axis)] > 1]
    if len(longer) > 1:
        raise DataError(
            f"the project has volumes at several times, axes {axes} of shape {tuple(shape)}; one volume can be used"
        )
    return longer[0] if longer else ""


def spatial_shape(axes: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return (row, col), or (plane, row, col) where there are several planes.

    Raises
    ------
    DataError
        There are both several planes and several times.
    """
    sizes = dict(zip(axes, shape, strict=True))
    planes = plane_axis(axes, shape)
    return tuple(sizes.get(axis, 1) for axis in (planes, "y", "x") if axis)


def arrange(values: NDArray[Any], axes: str, order: str) -> NDArray[Any]:
    """Return an array with its axes in another order, without the axes of length 1 that the order does not name.

    Raises
    ------
    ReadError
        The axes do not fit the array.
    """
    if len(axes) != values.ndim:
        raise ReadError(f"the project has an array of {values.ndim} dimensions with the axes {axes!r}")
    for axis in reversed(axes):
        if axis not in order:
            position = axes.index(axis)
            if values.shape[position] != 1:
                raise ReadError(
                    f"the project has {values.shape[position]} along the axis {axis}, where one is expected"
                )
            values, axes = values.take(0, axis=position), axes.replace(axis, "")
    missing = [axis for axis in order if axis not in axes]
    values = values[(None,) * len(missing)]
    known = "".join(missing) + axes
    return values.transpose([known.index(axis) for axis in order])
