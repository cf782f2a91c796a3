"""Where the files of a scene are: the MTL file beside a band, and the file of a band beside the MTL."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tsraster.errors import MissingSourceError, UsageError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata

_FORMS = (".txt", ".json", ".xml")
"""The same tree; where all three are there, the first is read."""
_MTL = re.compile(r"(.+)_mtl")
_RASTERS = (".tif", ".tiff")


def find_mtl(band_path: str | os.PathLike[str]) -> Path:
    """Find the MTL file of the scene that a band belongs to.

    Parameters
    ----------
    band_path : path
        A band of the scene, whose name begins as that of its MTL: ``X_B6.TIF`` and ``X_MTL.txt``; or the folder of a scene.

    Returns
    -------
    path
        Of .txt, .json and .xml of one scene, the first: they say the same.

    Raises
    ------
    MissingSourceError
        There is none.
    UsageError
        There are several, or the band is not in a folder of this computer.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("LC08_A_MTL.txt", "LC08_A_MTL.json", "LC08_B_MTL.txt"):
    ...         _ = (Path(folder) / name).write_text("")
    ...     print(find_mtl(Path(folder) / "LC08_A_SR_B4.TIF").name)
    LC08_A_MTL.txt
    """
    text = os.fspath(band_path)
    if text.startswith("/vsi") or "://" in text:
        raise UsageError(f"the MTL file of {text} cannot be looked for there; name it")
    path = Path(text)
    folder = path if path.is_dir() else path.parent
    files = _list_mtls(folder)
    wanted = files if path.is_dir() else [file for file in files if _is_of(file, path)]
    if not wanted:
        of = "" if path.is_dir() else f" of {path.name}"
        raise MissingSourceError(f"there is no MTL file{of} in {folder}{_say_others(files)}; name it")
    # Of X_MTL.txt and X_Y_MTL.txt, the longer is meant.
    longest = max(len(_get_scene(file)) for file in wanted)
    found = wanted if path.is_dir() else [file for file in wanted if len(_get_scene(file)) == longest]
    best = min(_FORMS.index(file.suffix.lower()) for file in found)
    first = [file for file in found if _FORMS.index(file.suffix.lower()) == best]
    if len(first) > 1 or len({_get_scene(file) for file in found}) > 1:
        names = ", ".join(file.name for file in (first if len(first) > 1 else found)[:5])
        of = "" if path.is_dir() else f" for {path.name}"
        raise UsageError(f"there are several MTL files{of} in {folder}: {names}; name one")
    return first[0]


def find_band_file(metadata: LandsatMetadata, band: LandsatBand) -> Path:
    """Find the file of a band beside the MTL file, whether it ends in .TIF, .tif or .tiff.

    Raises
    ------
    MissingSourceError
        It is not there.
    """
    folder, stem = metadata.path.parent, Path(band.file_name).stem.lower()
    found = [file for file in _list_files(folder) if file.stem.lower() == stem and file.suffix.lower() in _RASTERS]
    exact = [file for file in found if file.name == band.file_name]
    if not found:
        raise MissingSourceError(f"there is no file {band.file_name} of band {band.key} beside {metadata.path}")
    return (exact or found)[0]


def _list_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError:
        return []


def _list_mtls(folder: Path) -> list[Path]:
    files = [file for file in _list_files(folder) if file.suffix.lower() in _FORMS]
    return [file for file in files if _MTL.fullmatch(file.stem.lower())]


def _get_scene(file: Path) -> str:
    return file.stem.lower().removesuffix("_mtl")


def _is_of(file: Path, band: Path) -> bool:
    """Say whether an MTL is of the scene of a band; before 2012 half of the bands of Landsat 7 began with L72."""
    stem = band.stem.lower()
    return any(name.startswith(f"{_get_scene(file)}_") for name in (stem, re.sub(r"^l72", "l71", stem)))


def _say_others(files: list[Path]) -> str:
    return f" ({files[0].name} is of another scene)" if files else ""
