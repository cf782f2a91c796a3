"""`Subject`: a source that is shown, opened once for all pages, with what was found out about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsraster.app.picture.overview import Overview
from tsraster.app.picture.viewports import PieceCache
from tsraster.errors import TsrasterError
from tsraster.pipeline.blocks import block_work
from tsraster.pipeline.fitting import tally_values
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.volumesources import hold_planes, open_volume_source
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.values import Values
from tsraster.preparing import Preparation, plan_preparation
from tsraster.preparing.computedbands import prepare_raster
from tsraster.raster import Band, Pixels, Raster, Window
from tsraster.schemes import Counted, Distribution, Summary
from tsraster.volume import Volume

Answer = TypeVar("Answer")

_VOLUMES = (".raw", ".mhd", ".mha", ".nrrd", ".nhdr", ".npy", ".zarr", ".h5", ".hdf5")
"""Endings of what may hold several planes."""


@dataclass(eq=False)
class Subject:
    """A source on the page."""

    source: str
    raster: Raster
    notes: tuple[str, ...] = ()
    planes: int = 1
    """Of a volume, of which one is shown at a time."""
    plane: int = 0
    listeners: list[Callable[[], None]] = field(default_factory=list, repr=False)
    """Called from other threads when more of it can be seen."""
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What pages keep in memory, by their own keys, so that a reload or another page finds it."""
    overview: Overview = field(init=False)
    _closing: ExitStack = field(default_factory=ExitStack, repr=False)
    _shown: dict[tuple[int | None, str | None], Shown] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.overview = Overview(self.raster, on_progress=self._tell)

    def _tell(self, share: float) -> None:
        del share
        for listener in list(self.listeners):
            listener()

    @property
    def title(self) -> str:
        """The name of the file."""
        return Path(self.source).name

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return Path(self.source).resolve().parent

    def show(self, band: int | None, smooth: str | None = None) -> Shown:
        """Return the values of a band, or of the gray of a picture, perhaps smoothed; made once."""
        with self._lock:
            key = band, smooth
            if key not in self._shown:
                self._forget(_MOST_SHOWN - 1)
                self._shown[key] = self._prepare(plan_preparation(self.raster, band=band, smooth=smooth))
            # Those that were asked for last stand last.
            self._shown[key] = self._shown.pop(key)
            return self._shown[key]

    def _forget(self, most: int) -> None:
        """Let go of values that nobody has asked for lately; who still shows them keeps what he has."""
        while len(self._shown) > most:
            shown = self._shown.pop(next(iter(self._shown)))
            if shown.overview is not self.overview:
                shown.overview.close()

    def _prepare(self, preparation: Preparation) -> Shown:
        if preparation.is_plain:
            return Shown(self.raster, preparation, self.raster, self.overview, preparation.bands[0])
        prepared = prepare_raster(self.raster, preparation)
        return Shown(self.raster, preparation, prepared, Overview(prepared, on_progress=self._tell), 1)

    def close(self) -> None:
        """Let go of files and threads."""
        for overview in (self.overview, *(one.overview for one in self._shown.values())):
            overview.close()
        self._closing.close()


class Shown:
    """The values of a source that are classified: where they are read, and how they are distributed."""

    def __init__(self, source: Raster, preparation: Preparation, raster: Raster, overview: Overview, band: int) -> None:
        self.preparation = preparation
        self.raster, self.overview, self.band = raster, overview, band
        self.pieces = PieceCache()
        self._values = Values(source, preparation)
        self._tally: Tally | None = None
        self._counted: Counted | None = None
        self._lock = threading.Lock()

    @property
    def unit(self) -> str:
        """What the values are measured in."""
        return self.preparation.unit

    @property
    def known(self) -> Tally | None:
        """The counts of values, where they are done."""
        return self._tally

    def count(self) -> Tally:
        """Count all values; the first time this takes a pass or two over the source, once there is something to be seen.

        Raises
        ------
        DataError, ReadError
            No pixel has data; it cannot be read.
        """
        with self._lock:
            if self._tally is None:
                self.overview.wait(_PATIENCE)
                self._tally = self.ask(_tally)
            return self._tally

    def ask(self, question: Callable[[Distribution], Answer]) -> Answer:
        """Ask the distribution of all values something that may take another pass, such as a fit."""
        if self._counted is not None:
            return question(self._counted)
        with block_work() as work:
            found = tally_values(self._values, work, more=1)
            # Values that are counted one by one are few, and answer without another pass.
            self._counted = found if isinstance(found, Counted) else None
            return question(found)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Counts of all values: of each, or of so many bins that no screen shows more."""

    summary: Summary
    lower: NDArray[Any]
    """Lower ends, shape (N,); the values themselves where each is counted."""
    upper: NDArray[Any]
    """Upper ends, shape (N,)."""
    counts: NDArray[np.int64]
    """Pixels, shape (N,)."""

    @property
    def is_exact(self) -> bool:
        """Whether each value is counted for itself."""
        return self.lower is self.upper


_BINS = 4096
_MOST_SHOWN = 4
"""Bands and filters of a source whose values are held at a time."""
_PATIENCE = 60.0
"""Seconds."""


def _tally(distribution: Distribution) -> Tally:
    summary, distinct = distribution.summarize(), distribution.distinct
    if distinct is not None:
        return Tally(summary=summary, lower=distinct[0], upper=distinct[0], counts=distinct[1])
    edges = np.asarray(distribution.bin_edges(_BINS))
    return Tally(summary=summary, lower=edges[:-1], upper=edges[1:], counts=distribution.histogram(_BINS))


@dataclass(frozen=True, kw_only=True, eq=False)
class _PlaneReader:
    """One plane of a volume, read as a raster."""

    volume: Volume
    plane: int

    def read(self, bands: Any, window: Window) -> Pixels:
        del bands
        data = self.volume.reader.read(self.plane, self.plane + 1)[0][window.slices]
        valid = np.isfinite(data) if data.dtype.kind == "f" else np.ones(data.shape, np.bool_)
        if self.volume.nodata is not None:
            valid = valid & (data != self.volume.nodata)
        return Pixels(data=data[None], valid=valid)

    def to_xarray(self, chunks: Any) -> Any:
        del chunks
        raise TsrasterError("a plane of a volume cannot be had as an array of xarray; open the volume itself")

    def close(self) -> None:
        self.volume.reader.close()


def open_subject(source: PathLike, plan: SourcePlan, plane: int | None = None) -> Subject:
    """Open a raster, a picture, a Landsat scene, or a plane of a volume (by default the middle one).

    Raises
    ------
    TsrasterError
        It cannot be read; see `open_source` and `open_volume_source`.
    """
    stack = ExitStack()
    try:
        return _open(source, plan, plane, stack)
    except BaseException:
        stack.close()
        raise


def check_source(source: PathLike, plan: SourcePlan) -> None:
    """Open a source and close it again, without reading it.

    Raises
    ------
    TsrasterError
        It cannot be opened.
    """
    with ExitStack() as stack:
        if (volume := _find_volume(source)) is None:
            stack.enter_context(open_source(source, plan))
        else:
            volume.close()


def _open(source: PathLike, plan: SourcePlan, plane: int | None, stack: ExitStack) -> Subject:
    volume = _find_volume(source)
    if volume is None:
        opened = stack.enter_context(open_source(source, plan))
        return Subject(str(source), opened.raster, opened.notes, _closing=stack)
    held = stack.enter_context(hold_planes(volume))
    at = held.shape[0] // 2 if plane is None else plane
    return Subject(str(source), _show_plane(held, at), planes=held.shape[0], plane=at, _closing=stack)


def _find_volume(source: PathLike) -> Volume | None:
    if Path(source).suffix.lower() not in _VOLUMES:
        return None
    try:
        return open_volume_source(source)
    except TsrasterError:
        if Path(source).suffix.lower() == ".raw":
            raise
        return None


def _show_plane(volume: Volume, plane: int) -> Raster:
    shape = volume.shape[1:]
    return Raster(
        name=volume.name,
        driver=volume.form,
        shape=shape,
        bands=(Band(number=1, dtype=volume.dtype, nodata=volume.nodata),),
        reader=_PlaneReader(volume=volume, plane=plane),
        tile=shape,
        files=volume.files,
    )


def read_value(shown: Shown, row: int, col: int) -> tuple[NDArray[Any], bool]:
    """Return the value of a pixel, shape (), and whether it is data."""
    pixels = shown.raster.read(Window(row=row, col=col, rows=1, cols=1), [shown.band])
    return pixels.data[0, 0, 0], bool(pixels.valid[0, 0])
