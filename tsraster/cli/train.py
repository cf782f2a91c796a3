"""`tsraster train`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from tsraster.cli.printing import print_table
from tsraster.cli.spelling import NUMBERS, WHOLE_NUMBERS, option, progress_bar
from tsraster.learning.estimators import ESTIMATORS
from tsraster.learning.recipes import RECIPES
from tsraster.learning.training import VALIDATIONS
from tsraster.pipeline.learning.train import train_file

if TYPE_CHECKING:
    from tsraster.measuring.confusion import Confusion
    from tsraster.pipeline.learning.fitting import Training

_COLUMNS = 12
"""A table of more classes does not fit the screen; the report holds it."""
_IMPORTANT = 8
"""So many features are listed."""


@click.command()
@click.argument("model")
@click.argument("source", metavar="SRC")
@click.argument("labels", required=False)
@option(train_file, "also", kind=(str, str), metavar="SRC LABELS", multiple=True)
@option(train_file, "features", metavar='"NAME:SCALES ..."')
@option(train_file, "recipe", kind=click.Choice(list(RECIPES)))
@option(train_file, "slicewise", kind=NUMBERS, metavar="A,B,...")
@option(train_file, "suggest_features")
@option(train_file, "bands", kind=WHOLE_NUMBERS, metavar="A,B,...")
@option(train_file, "raw")
@option(train_file, "volume")
@option(train_file, "region", kind=WHOLE_NUMBERS, metavar="L,T,R,B")
@option(train_file, "column", metavar="NAME")
@option(train_file, "layer", metavar="NAME")
@option(train_file, "label_offset", kind=WHOLE_NUMBERS, metavar="COLUMN,ROW")
@option(train_file, "mapping", metavar="RULES|@FILE")
@option(train_file, "samples", kind=int, metavar="N")
@option(train_file, "estimator", kind=click.Choice(list(ESTIMATORS)))
@option(train_file, "trees", kind=int, metavar="N")
@option(train_file, "seed", kind=int, metavar="N")
@option(train_file, "validation", kind=click.Choice(VALIDATIONS))
@option(train_file, "validation_block", kind=int, metavar="PIXELS")
@option(train_file, "lut", metavar="NAME|FILE")
@option(train_file, "follow_paths")
@option(train_file, "report", metavar="FILE.json")
@option(train_file, "overwrite")
@option(train_file, "workers", kind=int, metavar="N")
def train(model: str, source: str, labels: str | None, **options: Any) -> None:
    """Train MODEL with the pixels of SRC that LABELS names, to classify the others and other pictures by it.

    LABELS is a raster of class codes (0 is no label), a vector file of polygons, lines or points, or a project of ilastik; such
    a project is also a SRC with labels of its own. Accuracy is always that of pixels which were not trained on.

    \b
    tsraster train section.tsmodel section.png labels.png
    tsraster train cover.tsmodel scene.tif places.gpkg --column name --features "smoothing:0.3,1.6 edge:1"
    tsraster train cells.ilp cells.png labels.png --validation blocks
    """
    with progress_bar("train") as progress:
        result = train_file(model, source, labels, progress=progress, **options)
    for note in result.notes:
        click.echo(note)
    _print_classes(result)
    if result.suggestion is not None:
        _print_suggestion(result)
    if result.confusion is not None:
        _print_validation(result, result.confusion)
    elif options["validation"] != "none":
        click.echo("\naccuracy is not known: the labels lie in too few blocks to train on some and check on others")
    if result.importances:
        rows = [
            [f"{one.kind}:{one.scale:g}", str(one.columns), f"{100 * one.share:.1f}"]
            for one in result.importances[:_IMPORTANT]
        ]
        click.echo()
        print_table(["feature", "columns", "importance %"], rows, left=("feature",))
    click.echo(f"wrote {', '.join(result.written)}")


def _print_classes(result: Training) -> None:
    lut = result.model.lut
    rows = [
        [
            click.style("  ", bg=color[:3]) + f" {code}",
            name,
            str(result.labeled[code]),
            str(result.used[code]),
        ]
        for code, name, color in zip(result.model.codes, lut.names, lut.colors, strict=True)
    ]
    print_table(["code", "name", "labeled", "used"], rows, left=("name",))
    if result.without_data:
        click.echo(f"left out: {result.without_data} labels on pixels without data")


def _print_suggestion(result: Training) -> None:
    if result.suggestion is None:
        return
    click.echo("\nsteps by which features were left out; the accuracy is of pixels that were not trained on:")
    rows = [
        [
            str(len(step.columns)),
            f"{100 * step.accuracy:.2f}",
            "" if math.isnan(step.standard_error) else f"{100 * step.standard_error:.2f}",
            "<- taken" if step is result.suggestion.recommended else "",
        ]
        for step in result.suggestion.steps
    ]
    print_table(["columns", "accuracy %", "standard error %", ""], rows, left=("",))
    click.echo(f'--features "{result.suggestion.recommended}"')


def _print_validation(result: Training, table: Confusion) -> None:
    names = dict(zip(result.model.codes, result.model.lut.names, strict=True))
    labels = [f"{code} {names.get(code, '')}".rstrip() for code in table.codes]
    click.echo()
    if len(labels) <= _COLUMNS:
        click.echo("rows: predicted; columns: labeled; pixels that were not trained on")
        rows = [[label, *map(str, counts)] for label, counts in zip(labels, table.counts.tolist(), strict=True)]
        print_table(["predicted", *labels], rows, left=("predicted",))
    error = "" if result.standard_error is None else f" +- {100 * result.standard_error:.2f}"
    click.echo(f"{result.method} accuracy {100 * table.overall_accuracy:.2f}{error} % of {table.pixels} pixels")
    if result.unchecked:
        missing = ", ".join(f"{code} {names.get(code, '')}".rstrip() for code in result.unchecked)
        why = "lies in one block" if result.method == "blocks" else "was drawn for every tree"
        click.echo(f"not checked: {missing}; all that is labeled of each {why}")
    if result.method == "out-of-bag":
        click.echo("neighbors of labeled pixels flatter it; --validation blocks leaves whole surroundings out")
