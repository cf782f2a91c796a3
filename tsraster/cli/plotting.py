"""The option ``--plot``, which draws what a command found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tsraster.errors import UsageError
from tsraster.writing import Outputs

PLOT = click.option(
    "--plot", metavar="FILE", help="Plot to write: .png, .pdf or .svg; needs the extra tsraster[plots]."
)

_ENDINGS = (".png", ".pdf", ".svg")


@contextmanager
def open_plot(
    path: str | None, sources: Sequence[str], *others: str | None, overwrite: bool
) -> Iterator[Callable[[str, Any], None]]:
    """Check that a plot can be written before anything long begins; give a function that draws it in the end.

    The function takes the name of a function of `tsraster.plots` and what that draws. It does nothing without a path.
    `sources` and `others`, the inputs and the other outputs of the command, must not be replaced by the plot.
    """
    if path is None:
        yield lambda _, __: None
        return
    if not path.lower().endswith(_ENDINGS):
        raise UsageError(f"{path} has no ending that a plot can have; choose from {', '.join(_ENDINGS)}")
    if Path(path).resolve() in [Path(other).resolve() for other in others if other is not None]:
        raise UsageError(f"{path} is named for two outputs; give each a path of its own")
    plots = import_module("tsraster.plots")
    plots.require_matplotlib()
    with Outputs([path], sources=sources, overwrite=overwrite) as outputs:

        def draw(name: str, result: Any) -> None:
            getattr(plots, name)(result, outputs.stage(path))
            click.echo(f"wrote {path}")

        yield draw
