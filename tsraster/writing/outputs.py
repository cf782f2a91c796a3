"""`Outputs`: files are made in a hidden folder beside their destination and moved there when all are done."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from tsraster.errors import DestinationExistsError, UsageError, WriteError

PathLike = str | os.PathLike[str]

_SIDECARS = (".aux.xml", ".ovr", ".msk")
"""What GDAL keeps beside a raster under the raster's full name. An old one would override what a new raster says."""


class Outputs:
    """Destinations that appear together, when the work is done, or not at all.

    Use it as a context manager: `stage` gives a path to write to; when the block ends without an error the files are moved to
    their destinations, sidecars first; otherwise nothing remains.

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
        self._folders: dict[Path, Path] = {}
        _check_distinct(self._destinations, [os.fspath(source) for source in sources])
        for destination in self._destinations:
            _check_destination(destination, overwrite=overwrite)

    def stage(self, destination: PathLike) -> Path:
        """Return where to write the file that is to become `destination`; its sidecars go beside it."""
        real = _real_path(Path(destination))
        if real.parent not in self._folders:
            try:
                self._folders[real.parent] = Path(tempfile.mkdtemp(prefix=".tsraster-", dir=real.parent))
            except OSError as error:
                raise WriteError(
                    f"{destination} cannot be written: the folder {real.parent} cannot be ({error.strerror})"
                ) from None
        return self._folders[real.parent] / real.name

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for destination in self._destinations:
                    self._publish(destination)
        finally:
            for folder in self._folders.values():
                shutil.rmtree(folder, ignore_errors=True)

    def _publish(self, destination: Path) -> None:
        real = _real_path(destination)
        staged = self._folders[real.parent] / real.name
        try:
            for ending in _SIDECARS:
                real.with_name(real.name + ending).unlink(missing_ok=True)
            for sidecar in _staged_sidecars(staged):
                os.replace(sidecar, real.with_name(sidecar.name))
            os.replace(staged, real)
        except OSError as error:
            raise WriteError(f"{destination} cannot be written ({error.strerror})") from None


def _staged_sidecars(staged: Path) -> list[Path]:
    """The files made beside a staged one: under its full name with an ending more, or its world file."""
    world = staged.with_suffix(world_suffix(staged))
    return [path for path in staged.parent.iterdir() if path.name.startswith(staged.name + ".") or path == world]


def world_suffix(path: Path) -> str:
    """Return the ending of the world file of a picture, such as .pgw for .png."""
    suffix = path.suffix
    return f"{suffix[:2]}{suffix[-1:]}w"


def _real_path(path: Path) -> Path:
    """Follow links, so that the file they lead to is replaced and not the link."""
    return path.resolve()


def _check_distinct(destinations: list[Path], sources: list[str]) -> None:
    for i, destination in enumerate(destinations):
        for source in sources:
            if _is_same(destination, source):
                raise UsageError(f"the destination {destination} is the source; give another one")
        if _real_path(destination) in [_real_path(other) for other in destinations[:i]]:
            raise UsageError(f"{destination} is named for two outputs; give each a path of its own")


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
    if stat.S_ISDIR(mode):
        raise WriteError(f"{destination} is a folder; name a file in it")
    if not stat.S_ISREG(mode):
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
