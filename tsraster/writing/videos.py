"""Frames as an MP4 video, in H.264, as every browser and player shows it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, WriteError

_QUALITY = ["-crf", "18", "-preset", "medium", "-movflags", "+faststart"]
"""As good as one can see, and shown while it is still being loaded."""


def check_video_writer() -> None:
    """Check that what writes videos is installed.

    Raises
    ------
    MissingExtraError
        imageio-ffmpeg is not installed, or its program is not there.
    """
    _import_ffmpeg()


def write_mp4(path: Path, frames: Iterable[NDArray[np.uint8]], *, frames_per_second: float = 20) -> None:
    """Write frames as an MP4 video; afterwards its frames are counted.

    Parameters
    ----------
    path : Path
        Ends in .mp4; in a folder of its own (see `Outputs.stage`).
    frames : iterable of arrays of uint8, shape (row, col, 3)
        Red, green, blue; all of one shape. An odd row or column at the end is left out, for two pixels share their color in
        such videos.
    frames_per_second : float

    Raises
    ------
    MissingExtraError
        imageio-ffmpeg is not installed, or its program is not there.
    DataError
        There is no frame.
    WriteError
        It cannot be written, as when the disk is full.
    """
    ffmpeg = _import_ffmpeg()
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise DataError("a video needs at least one frame")
    rows, cols = (size // 2 * 2 for size in first.shape[:2])
    try:
        number = _send(ffmpeg, path, chain([first], rest), (rows, cols), frames_per_second)
        written = int(ffmpeg.count_frames_and_secs(str(path))[0]) if path.is_file() else 0
    except (OSError, RuntimeError) as error:
        raise WriteError(f"{path.name} cannot be written ({_find_cause(error)})") from None
    if written != number:
        raise WriteError(f"{path.name} cannot be written: it has {written} frames of {number}; is the disk full?")


def _send(ffmpeg: Any, path: Path, frames: Iterable[NDArray[np.uint8]], shape: tuple[int, int], rate: float) -> int:
    rows, cols = shape
    writer = ffmpeg.write_frames(
        str(path),
        (cols, rows),
        fps=rate,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        ffmpeg_log_level="error",
        output_params=_QUALITY,
    )
    number = 0
    try:
        writer.send(None)
        for number, frame in enumerate(frames, 1):  # noqa: B007 - counted
            writer.send(np.ascontiguousarray(frame[:rows, :cols]))
    finally:
        writer.close()
    return number


def _find_cause(error: Exception) -> str:
    said = (getattr(error, "strerror", None) or str(error)).strip()
    return said.splitlines()[0].rstrip(".") if said else "is the disk full?"


def _import_ffmpeg() -> Any:
    hint = (
        "a video needs imageio-ffmpeg; install it with: pip install 'tsraster[video]', or let the animation end in .gif"
    )
    try:
        import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise MissingExtraError(hint) from None
    return imageio_ffmpeg
