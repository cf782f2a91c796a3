"""Options that say how a source is read: Landsat values, indices, masks; the same for every command that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tsraster.cli.spelling import TEXTS, option
from tsraster.landsat.quality import CONFIDENCES
from tsraster.landsat.quantities import QUANTITIES

Command = TypeVar("Command", bound=Callable[..., Any])


def source_options(function: Callable[..., Any]) -> Callable[[Command], Command]:
    """Make the options of the parameters of `function` that `tsraster.pipeline.sourcing.sources.SourcePlan` holds."""
    options = (
        option(function, "landsat", kind=click.Choice(QUANTITIES)),
        option(function, "mtl", metavar="FILE"),
        option(function, "raw"),
        option(function, "index", metavar="NAME|FORMULA"),
        option(function, "force"),
        option(function, "qa", metavar="FILE"),
        option(function, "mask", kind=TEXTS, metavar="A,B,..."),
        option(function, "confidence", kind=click.Choice(CONFIDENCES)),
        option(function, "mask_file", metavar="FILE"),
        option(function, "clip", metavar="FILE"),
    )

    def add(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return add
