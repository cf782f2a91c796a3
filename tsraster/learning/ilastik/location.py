"""Where the images of an ilastik project lie on this machine, without going where the project has no business."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from tsraster.errors import DataError, MissingSourceError, ReadError

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:/")
_CONTAINER = re.compile(r"(?P<file>.*\.(?:h5|hdf5|ilp|n5|npz|zarr))/(?P<inner>.+)", re.IGNORECASE | re.DOTALL)
_SEVERAL = re.compile(r"[*?;:]")


def split_inner(path: str) -> tuple[str, str]:
    """Return the path of a file, with slashes, and the path of the data inside where it is a container.

    Examples
    --------
    >>> split_inner("sub\\\\stack.h5/volume/data")
    ('sub/stack.h5', 'volume/data')
    """
    path = path.replace("\\", "/")
    match = _CONTAINER.fullmatch(path)
    return (match["file"], match["inner"]) if match else (path, "")


def locate_file(path: str, folder: Path, *, follow: bool = False) -> Path:
    """Return where a file of a project is on this machine.

    A relative path counts from the project's folder. For an absolute path, which often comes from another machine, a file of the
    same name beside the project is taken.

    Parameters
    ----------
    path : str
        As it stands in the project, with slashes or backslashes.
    folder : Path
        The folder of the project.
    follow : bool
        Go to files outside of that folder too.

    Returns
    -------
    Path
        Inside of the folder unless `follow`, also after symbolic links.

    Raises
    ------
    DataError
        It is a network address or several files, or lies outside of the folder and `follow` was not asked for.
    MissingSourceError
        There is no such file.
    """
    plain, _ = split_inner(path)
    _check_path(plain, path)
    root = folder.resolve()
    is_absolute = plain.startswith("/") or _DRIVE.match(plain) is not None
    beside = root / PurePosixPath(plain).name
    candidates = [Path(plain)] if plain.startswith("/") or not is_absolute else []
    candidates = [root / candidate for candidate in candidates] + ([beside] if is_absolute else [])
    resolved = [candidate.resolve() for candidate in candidates]
    allowed = [one for one in resolved if follow or one.is_relative_to(root)]
    for one in allowed:
        if one.exists():
            return one
    if not is_absolute and not allowed:
        raise DataError(
            f"the project's image {path!r} lies outside of the folder {root}, which is followed only when asked to"
        )
    hint = f", nor {beside.name!r} beside the project" if is_absolute else ""
    outside = "" if allowed == resolved else "; files outside of the project's folder are followed only when asked to"
    raise MissingSourceError(f"the project's image {path!r} is not there{hint}{outside}")


def _check_path(plain: str, path: str) -> None:
    if not plain.strip("/. ") or "\0" in plain or len(plain) > 4096:
        raise ReadError(f"the project has the path {path[:80]!r} for an image, which names no file")
    if _URL.match(plain):
        raise DataError(
            f"the project's image {path!r} lies on the network, where it is not fetched from; give an image file"
        )
    if _SEVERAL.search(_DRIVE.sub("/", plain, count=1)):
        raise DataError(f"the project's image {path!r} is put together from several files; give them by their names")
