"""Options that say how a source is read: Landsat values, indices, masks; the same for every command that has them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import click

from tsraster.cli.spelling import TEXTS, option
from tsraster.landsat.quality import CONFIDENCES
from tsraster.landsat.quantities import QUANTITIES

Command = TypeVar("Command", bound=Callable[..., Any])


def source_options(function: Callable[..., Any], *, without: Collection[str] = ()) -> Callable[[Command], Command]:
    """Make the options of the parameters of `function` that `tsraster.pipeline.sourcing.sources.SourcePlan` holds.

    Those in `without` are left out, which the function does not have.
    """
    kinds: dict[str, dict[str, Any]] = {
        "landsat": {"kind": click.Choice(QUANTITIES)},
        "mtl": {"metavar": "FILE"},
        "raw": {},
        "index": {"metavar": "NAME|FORMULA"},
        "force": {},
        "qa": {"metavar": "FILE"},
        "mask": {"kind": TEXTS, "metavar": "A,B,..."},
        "confidence": {"kind": click.Choice(CONFIDENCES)},
        "mask_file": {"metavar": "FILE"},
        "clip": {"metavar": "FILE"},
        "clip_layer": {"metavar": "NAME"},
        "stac": {"metavar": "ITEM.json"},
    }
    options = [option(function, name, **how) for name, how in kinds.items() if name not in without]

    def add(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return add
