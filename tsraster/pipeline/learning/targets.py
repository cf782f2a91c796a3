"""Where the results of a prediction go."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from tsraster.errors import UsageError, WriteError
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.naming import DEFAULT, check_pattern, name_result
from tsraster.writing.arrayfiles import RESULT_ENDINGS


def plan_targets(
    sources: Sequence[PathLike],
    destination: Path,
    exports: Sequence[str],
    name: str | None,
    endings: Collection[str] = RESULT_ENDINGS,
) -> list[dict[str, Path]]:
    """Return, for each source, where each result goes; a folder is made if it is not there.

    Raises
    ------
    UsageError
        There are several results and the destination is a file; or the pattern is wrong.
    """
    is_file = destination.suffix.lower() in endings and (
        not destination.is_dir() or destination.suffix.lower() == ".zarr"
    )
    if is_file and name is None and len(sources) * len(exports) == 1:
        return [{exports[0]: destination}]
    if is_file:
        raise UsageError(
            f"{destination} is one file, and there are {len(sources) * len(exports)} results; name a folder"
            if name is None
            else f"--name is for results in a folder, and {destination} is a file"
        )
    if name is None and len(sources) * len(exports) == 1 and destination.suffix:
        raise UsageError(f"{destination} has no ending that can be written; choose from {', '.join(endings)}")
    pattern = f"{DEFAULT}.tif" if name is None else name
    check_pattern(pattern)
    if Path(pattern).suffix.lower() not in endings:
        raise UsageError(f"--name {pattern} has no ending that can be written; choose from {', '.join(endings)}")
    targets = [{e: name_result(pattern, os.fspath(s), e, destination) for e in exports} for s in sources]
    _make_folder(destination)
    return targets


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None
