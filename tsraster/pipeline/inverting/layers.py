"""What is written of an inverted picture: its layers as bands of one file, as files of their own, or the values alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.inversion.recovery import Reason, Recovered
from tsraster.lut import Lut
from tsraster.raster import Georef, Raster, Window
from tsraster.writing import Image, ImageWriter, Outputs

Layers = Literal["bands", "files", "value"]
LAYERS: tuple[Layers, ...] = ("bands", "files", "value")

_TILE = (512, 512)

NAMES = ("value", "distance", "half_width", "mask")
"""Of the layers, in order."""

REASON_NAMES = {
    Reason.GOOD: "good",
    Reason.FAR: "far from the map",
    Reason.BACKGROUND: "background",
    Reason.MASKED: "masked by the user",
    Reason.AMBIGUOUS: "ambiguous",
    Reason.FILLED: "filled",
}

REASON_COLORS = Lut(
    name="reasons",
    kind="classes",
    keys=tuple(map(int, Reason)),
    colors=(
        (218, 224, 228, 255),
        (64, 64, 72, 255),
        (255, 255, 255, 255),
        (140, 120, 190, 255),
        (240, 150, 30, 255),
        (40, 140, 200, 255),
    ),
    names=tuple(REASON_NAMES[reason] for reason in Reason),
    nodata=(218, 224, 228, 255),
)


def list_layers(destination: Path, layers: Layers) -> list[Path]:
    """Return the files that are written.

    Raises
    ------
    UsageError
        The destination is no GeoTIFF, or there is no such choice of layers.
    """
    if layers not in LAYERS:
        raise UsageError(f"--layers {layers} is unknown; choose from {', '.join(LAYERS)}")
    if destination.suffix.lower() not in (".tif", ".tiff"):
        raise UsageError(f"{destination} cannot hold values; let it end in .tif")
    if layers != "files":
        return [destination]
    return [
        destination,
        *(destination.with_name(f"{destination.stem}_{name}{destination.suffix}") for name in NAMES[1:]),
    ]


def choose_tile(shape: tuple[int, int], tile: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Return rows and columns of the tiles of what is written, so that blocks are whole ones.

    Parameters
    ----------
    shape : (rows, cols)
        Of what is written.
    tile : (rows, cols)
        Of the pieces in which the picture is stored; blocks of a picture that is stored in lines are as wide as it.
    pixels : int
        About how many a block has.

    Examples
    --------
    >>> choose_tile((4000, 5000), (1, 5000), 2**18), choose_tile((4000, 5000), (512, 512), 2**18)
    ((48, 512), (512, 512))
    """
    if tile[1] < shape[1]:
        return _TILE
    return min(_TILE[0], max(1, pixels // shape[1] // 16) * 16), _TILE[1]


def describe_layers(
    layers: Layers,
    *,
    picture: Raster,
    shape: tuple[int, int],
    georef: Georef,
    unit: str,
    tile: tuple[int, int] = _TILE,
) -> list[Image]:
    """Return what each file is.

    Parameters
    ----------
    layers : "bands", "files" or "value"
        What is written.
    picture : Raster
        Whose tags go along.
    shape : (rows, cols)
        Of what is written.
    georef : Georef
        Where it lies.
    unit : str
        Of the values.
    tile : (rows, cols)
        As `choose_tile` returns it.
    """
    common: dict[str, Any] = {"shape": shape, "georef": georef, "tags": picture.tags, "tile": tile}
    floats: dict[str, Any] = {**common, "dtype": "float32", "nodata": math.nan}
    if layers == "bands":
        return [Image(**floats, bands=len(NAMES), names=NAMES, unit=unit)]
    value = Image(**floats, bands=1, unit=unit)
    if layers == "value":
        return [value]
    codes = tuple(map(int, Reason))
    mask = Image(
        **common, dtype="uint8", bands=1, nodata=None, codes=codes, labels=REASON_COLORS.names, lut=REASON_COLORS
    )
    return [value, Image(**floats, bands=1), value, mask]


class LayerWriter:
    """Write the layers of an inverted picture block by block; use it as a context manager.

    Parameters
    ----------
    outputs : Outputs
        Where files are staged.
    paths : sequence of paths
        As `list_layers` returns them.
    images : sequence of Image
        As `describe_layers` returns them.
    """

    def __init__(self, outputs: Outputs, paths: Sequence[Path], images: Sequence[Image]) -> None:
        self._stack = ExitStack()
        self._in_bands = images[0].bands > 1
        self._writers = [
            ImageWriter(outputs.stage(path), "GTiff", image) for path, image in zip(paths, images, strict=True)
        ]

    def __enter__(self) -> LayerWriter:
        for writer in self._writers:
            self._stack.enter_context(writer)
        return self

    def write(self, window: Window, found: Recovered) -> None:
        """Write the layers of a window."""
        layers: list[NDArray[Any]] = [found.values, found.distance, found.half_width, found.reasons]
        if self._in_bands:
            layers = [np.stack([layer.astype(np.float32, copy=False) for layer in layers])]
        for writer, layer in zip(self._writers, layers, strict=False):
            writer.write(window, layer)

    def count(self, reasons: NDArray[np.int64]) -> None:
        """Say how many pixels have each reason, for the attribute table of the mask; before the files are closed."""
        if len(self._writers) == len(NAMES):
            self._writers[-1].count(reasons.tolist())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
