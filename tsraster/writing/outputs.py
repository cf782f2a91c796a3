"""`Outputs`: files are made in a hidden folder beside their destination and moved there when all are done."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tsraster.errors import DestinationExistsError, UsageError, WriteError
from tsraster.writing.image import FORMATS

PathLike = str | os.PathLike[str]

_SIDECARS = (".aux.xml", ".ovr", ".msk", ".vat.dbf")
"""What GDAL keeps beside a raster under the raster's full name. An old one would override what a new raster says."""


_STORE = ".zarr"
"""The ending of an output that is a folder."""

_open: list[Outputs] = []
"""Those whose files are being made."""

_moving = threading.RLock()
"""Held while files are moved to their destinations, which must not be cut short, and while they are staged or discarded."""

_is_over = threading.Event()
"""Set when nothing may be staged any more."""


class Outputs:
    """Destinations that appear together, when the work is done, or not at all.

    Use it as a context manager: `stage` gives a path to write to; when the block ends without an error the files are moved to
    their destinations, sidecars first; otherwise nothing remains. Where one cannot be moved, the others are moved back.

    Parameters
    ----------
    destinations : iterable of paths or None
        All outputs of a job; None stands for one that is not wanted.
    sources : iterable of paths
        The inputs of the job, which must not be overwritten.
    overwrite : bool
        Whether existing destinations are replaced.

    Raises
    ------
    UsageError
        A destination is a source, or stands there twice.
    DestinationExistsError
        A destination exists, and `overwrite` is False.
    WriteError
        A destination cannot be written: no folder, a folder that may not be written, no regular file.
    """

    def __init__(
        self, destinations: Iterable[PathLike | None], *, sources: Iterable[PathLike], overwrite: bool
    ) -> None:
        self._destinations = [Path(d) for d in destinations if d is not None]
        self._sources = [os.fspath(source) for source in sources]
        self._overwrite = overwrite
        self._folders: dict[Path, Path] = {}
        self._moves: list[tuple[Path, Path | None]] = []
        for destination in self._destinations:
            _check_name(destination)
        _check_distinct(self._destinations, self._sources)
        for destination in self._destinations:
            _check_destination(destination, overwrite=overwrite)

    def stage(self, destination: PathLike) -> Path:
        """Return where to write the file that is to become `destination`; its sidecars go beside it."""
        real = _real_path(Path(destination))
        return self._folders[real] / real.name

    def __enter__(self) -> Outputs:
        with _moving:
            if _is_over.is_set():
                raise WriteError("nothing can be written any more, because the process is about to end")
            _open.append(self)
            try:
                for destination in self._destinations:
                    self._make_folder(destination)
            except BaseException:
                self.discard()
                raise
        return self

    def _make_folder(self, destination: Path) -> None:
        real = _real_path(destination)
        # It is noted before it is made, so that it is found whenever the work is stopped.
        folder = self._folders[real] = real.parent / f".tsraster-{os.urandom(6).hex()}"
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise WriteError(
                f"{destination} cannot be written: nothing can be made in the folder {real.parent} ({error.strerror})"
            ) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish()
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove what is staged."""
        with _moving:
            for folder in self._folders.values():
                _remove(folder)
            if self in _open:
                _open.remove(self)

    def _publish(self) -> None:
        with _moving:
            for destination in self._destinations:
                try:
                    self._move(destination)
                except BaseException as error:
                    self._move_back()
                    if isinstance(error, OSError) and not isinstance(error, WriteError):
                        raise WriteError(f"{destination} cannot be written ({error.strerror})") from None
                    raise
            self._moves.clear()

    def _move(self, destination: Path) -> None:
        if self not in _open:
            raise WriteError(f"{destination} cannot be written: what was made of it is discarded")
        real = _real_path(destination)
        staged = self.stage(destination)
        if real.exists():
            if not self._overwrite:
                raise DestinationExistsError(
                    f"{destination} was made by somebody else in the meantime; give --overwrite to replace it"
                )
            shutil.copymode(real, staged)
        for sidecar in _list_sidecars(real):
            if not self._is_of_source(sidecar):
                self._replace(sidecar, staged.with_name(sidecar.name))
        self._replace(real, staged, must_be=True)

    def _replace(self, place: Path, made: Path, *, must_be: bool = False) -> None:
        """Move a file to its place, or remove what is there if none was made; keep what was there until all is done."""
        self._moves.append((place, _keep(place, made.with_name(f".kept-{len(self._moves)}"))))
        if must_be or made.exists():
            os.replace(made, place)
        else:
            place.unlink(missing_ok=True)

    def _move_back(self) -> None:
        while self._moves:
            place, kept = self._moves.pop()
            with suppress(OSError):
                if place.is_dir():
                    shutil.rmtree(place)
                if kept is None:
                    place.unlink(missing_ok=True)
                else:
                    os.replace(kept, place)

    def _is_of_source(self, sidecar: Path) -> bool:
        """Tell whether a world file is also that of a source: scan.jgw goes with scan.jpg as with scan.jpeg."""
        suffixed = (Path(source) for source in self._sources if Path(source).suffix)
        return any(_is_same(sidecar, os.fspath(path.with_suffix(world_suffix(path)))) for path in suffixed)


def discard_staged(*, for_good: bool = False) -> None:
    """Remove what all jobs in this process have staged; files that are being moved just now are moved first.

    Any thread may call this, when the process is about to end. With `for_good` other threads cannot stage anything after it.
    """
    with _moving:
        if for_good:
            _is_over.set()
        while _open:
            _open[-1].discard()


def _remove(folder: Path) -> None:
    for _ in range(_TRIES):
        if not folder.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)


_TRIES = 5
"""Another thread may just make a file in a folder that is to be removed."""


def _keep(place: Path, kept: Path) -> Path | None:
    """Give a file a second name, under which it stays while it is replaced; None where there is none."""
    if not os.path.lexists(place):
        return None
    if place.is_dir():
        os.rename(place, kept)
        return kept
    try:
        os.link(place, kept)
    except OSError:  # not every file system has links
        shutil.copy2(place, kept)
    return kept


def _list_sidecars(path: Path) -> list[Path]:
    """Return all files that GDAL would read together with an output, whether they exist or not."""
    sidecars = [path.with_name(path.name + ending) for ending in _SIDECARS]
    return [*sidecars, path.with_suffix(world_suffix(path))] if path.suffix.lower() in FORMATS else sidecars


def world_suffix(path: Path) -> str:
    """Return the ending of the world file of a picture.

    Examples
    --------
    >>> world_suffix(Path("picture.png")), world_suffix(Path("SCAN.JPEG"))
    ('.pgw', '.JGW')
    """
    suffix = path.suffix
    return f"{suffix[:2]}{suffix[-1:]}{'W' if suffix.isupper() else 'w'}"


def _real_path(path: Path) -> Path:
    """Follow links, so that the file they lead to is replaced and not the link."""
    return Path(os.path.realpath(path))


def _check_name(destination: Path) -> None:
    if "\0" in str(destination):
        raise WriteError(f"{str(destination)!r} cannot be the name of a file")
    if destination.suffix.lower() not in FORMATS:
        return
    try:
        str(_real_path(destination)).encode("utf-8")
    except UnicodeEncodeError:
        raise WriteError(f"{destination} cannot be written: GDAL writes images only to paths that are UTF-8") from None


def _check_distinct(destinations: list[Path], sources: list[str]) -> None:
    by_place: dict[Path, Path] = {}
    for destination in destinations:
        for source in sources:
            if _is_same(destination, source):
                raise UsageError(f"the destination {destination} is an input, {source}; give another one")
        if by_place.setdefault(_real_path(destination), destination) is not destination:
            raise UsageError(f"{destination} is named for two outputs; give each a path of its own")
    for place, destination in by_place.items():
        sidecars = _list_sidecars(place)
        others = [str(by_place[sidecar]) for sidecar in sidecars if sidecar in by_place]
        others += [source for source in sources if any(_is_same(sidecar, source) for sidecar in sidecars)]
        if others:
            raise UsageError(f"{others[0]} has the name of a file that goes with {destination}; give another name")


def _is_same(destination: Path, source: str) -> bool:
    try:
        return os.path.samefile(destination, source)
    except (OSError, ValueError):
        return False


def _check_destination(destination: Path, *, overwrite: bool) -> None:
    try:
        mode = destination.stat().st_mode
    except FileNotFoundError:
        _check_folder(destination)
        return
    except (OSError, ValueError) as error:
        raise WriteError(f"{destination} cannot be written ({getattr(error, 'strerror', error)})") from None
    is_store = stat.S_ISDIR(mode) and destination.suffix == _STORE
    if stat.S_ISDIR(mode) and not is_store:
        raise WriteError(f"{destination} is a folder; name a file in it")
    if not (is_store or stat.S_ISREG(mode)):
        raise WriteError(f"{destination} is no regular file and cannot be replaced")
    if not overwrite:
        raise DestinationExistsError(
            f"{destination} exists already; give --overwrite to replace it, or name another file"
        )
    _check_folder(destination)


def _check_folder(destination: Path) -> None:
    folder = _real_path(destination).parent
    if not folder.is_dir():
        raise WriteError(f"{destination} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WriteError(f"{destination} cannot be written: the folder {folder} is read-only")
    if not destination.name:
        raise WriteError(f"{str(destination)!r} is no file name")
