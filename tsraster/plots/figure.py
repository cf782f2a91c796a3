"""The paper: a figure in the style of the package, for a page of 160 mm width, in the font that matplotlib brings along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tsraster.errors import MissingExtraError, WriteError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 6.3
"""Inches."""
GRAY, RED = "#5b6770", "#c1272d"
_DOTS = 200
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "tsraster",
    # A dollar in a file name or the name of a class is a dollar.
    "text.parse_math": False,
}


def require_matplotlib() -> None:
    """Raise `MissingExtraError` where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("a plot needs matplotlib; install it with: pip install 'tsraster[plots]'") from None


@contextmanager
def open_figure(
    path: str | os.PathLike[str], *, size: tuple[float, float], layout: Literal["constrained"] | None = None
) -> Iterator[Figure]:
    """Give an empty figure in the style of the package, and save it when the block ends well."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout=layout)
        yield figure
        try:
            figure.savefig(path, dpi=_DOTS, bbox_inches="tight", pad_inches=0.05, metadata=_dateless(path))
        except OSError as failure:
            raise WriteError(f"{Path(path).name} cannot be written ({failure.strerror})") from None


def _dateless(path: str | os.PathLike[str]) -> dict[str, None]:
    """Leave out of a file when it was made, so that the same plot is the same bytes."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(Path(path).suffix.lower(), {})
