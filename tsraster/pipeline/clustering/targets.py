"""Where the class maps of clusters go, and how they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tsraster.errors import UsageError, WriteError
from tsraster.pipeline.imaging import PathLike, Target, choose_targets
from tsraster.writing.image import FORMATS


def plan_targets(sources: Sequence[PathLike], destination: PathLike, *, cog: bool) -> list[Target]:
    """Return where the class map of each source goes; a folder is made if it is not there.

    Raises
    ------
    UsageError
        There are several sources and the destination is a file; or one source and an ending that cannot be written.
    WriteError
        The folder cannot be made.
    """
    folder = Path(destination)
    if not sources:
        raise UsageError("no source is named; give at least one raster")
    is_file = folder.suffix.lower() in FORMATS and not folder.is_dir()
    if len(sources) > 1 and is_file:
        raise UsageError(f"{destination} is one file, and there are {len(sources)} sources; name a folder")
    paths: list[PathLike] = [destination]
    if len(sources) > 1 or folder.is_dir():
        _make_folder(folder)
        paths = [folder / f"{name_source(source)}_clusters.tif" for source in sources]
    targets = [choose_targets(path, None, cog=cog)[0] for path in paths]
    return [target for target in targets if target is not None]


def name_source(source: PathLike) -> str:
    """Return what a source is called: the name of its file without the ending; of a scene without MTL, or that of its folder.

    Examples
    --------
    >>> name_source("in/LC08_L2SP_224078_MTL.txt"), name_source("in/scene.tif")
    ('LC08_L2SP_224078', 'scene')
    """
    path = Path(source)
    if path.is_dir():
        return path.resolve().name
    return path.stem[:-4] if path.stem.lower().endswith("_mtl") else path.stem


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None
