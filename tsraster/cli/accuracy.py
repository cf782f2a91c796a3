"""`tsraster accuracy`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.cli.printing import print_table
from tsraster.cli.spelling import WHOLE_NUMBERS, option, progress_bar
from tsraster.pipeline.accuracy import Accuracy, accuracy_file

_COLUMNS = 12
"""A table of more classes does not fit the screen; the CSV holds it."""
_ROWS = 256


@click.command()
@click.argument("classes")
@click.argument("reference")
@option(accuracy_file, "match")
@option(accuracy_file, "with_zero")
@option(accuracy_file, "band", kind=int, metavar="N")
@option(accuracy_file, "reference_band", kind=int, metavar="N")
@option(accuracy_file, "column", metavar="NAME")
@option(accuracy_file, "layer", metavar="NAME")
@option(accuracy_file, "region", kind=WHOLE_NUMBERS, metavar="L,T,R,B")
@option(accuracy_file, "csv", metavar="FILE.csv")
@option(accuracy_file, "overwrite")
@option(accuracy_file, "workers", kind=int, metavar="N")
def accuracy(classes: str, reference: str, **options: Any) -> None:
    """Compare CLASSES, a class map, with REFERENCE: the true codes of the same pixels, or shapes that name their class.

    User's accuracy: of the pixels that the map gives a class, the share that has it in the reference. Producer's accuracy:
    of those that have it in the reference, the share that the map finds. IoU, intersection over union: of those that have it
    in either, the share that has it in both.

    \b
    tsraster accuracy classes.tif truth.tif --csv confusion.csv
    tsraster accuracy clusters.tif truth.tif --match
    tsraster accuracy cover.tif points.gpkg --column name
    """
    with progress_bar("accuracy") as progress:
        result = accuracy_file(classes, reference, progress=progress, **options)
    _print_accuracy(result)


def _print_accuracy(result: Accuracy) -> None:
    table = result.confusion
    labels = [f"{code} {name}".rstrip() for code, name in zip(table.codes, result.names, strict=True)]
    if result.matching is not None:
        _print_matching(result, dict(zip(table.codes, labels, strict=True)))
    if len(labels) <= _COLUMNS:
        click.echo("rows: classes of the map; columns: classes of the reference; pixels")
        rows = [
            [label, *map(str, counts), str(sum(counts))]
            for label, counts in zip(labels, table.counts.tolist(), strict=True)
        ]
        totals = [*map(str, table.counts.sum(axis=0).tolist()), str(table.pixels)]
        print_table(["map", *labels, "all"], [*rows, ["all", *totals]], left=("map",))
    else:
        click.echo(f"{len(labels)} classes make a table too wide for the screen; --csv FILE.csv writes it")
    click.echo()
    figures = zip(labels, table.users_accuracy, table.producers_accuracy, table.iou, strict=True)
    print_table(
        ["class", "user's %", "producer's %", "IoU"],
        [[label, _percent(users), _percent(found), f"{iou:.3f}"] for label, users, found, iou in figures][:_ROWS],
        left=("class",),
    )
    click.echo(
        f"overall accuracy {100 * table.overall_accuracy:.2f} % of {table.pixels} pixels; mean IoU {table.mean_iou:.3f}"
    )
    _print_rest(result)


def _print_matching(result: Accuracy, labels: dict[int, str]) -> None:
    merged: dict[int, list[int]] = {}
    for code, other in sorted((result.matching or {}).items()):
        merged.setdefault(other, []).append(code)
    texts = [f"{', '.join(map(str, codes))} is {labels[other]}" for other, codes in sorted(merged.items())]
    click.echo(f"matched by most overlap: {'; '.join(texts)}")
    click.echo("this is optimistic: the reference said what the classes are, and is then asked whether they are right")


def _percent(share: float) -> str:
    return "none" if share != share else f"{100 * share:.2f}"


def _print_rest(result: Accuracy) -> None:
    if result.matching is None and not result.confusion.agreeing.any():
        click.echo("no pixel has the same code in both; --match assigns the classes of the map to the reference")
    if result.without_class:
        click.echo(f"left out: {result.without_class} pixels without a class in the map")
    if result.without_reference:
        click.echo(f"left out: {result.without_reference} pixels with a class and without a reference")
    if result.written:
        click.echo(f"wrote {', '.join(result.written)}")
