"""`tsraster labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsraster.classification import OUTSIDE
from tsraster.cli.printing import print_table
from tsraster.cli.spelling import NUMBERS, TEXTS, WHOLE_NUMBERS, option, progress_bar
from tsraster.errors import DataError
from tsraster.pipeline.labeling.labelcoding import EXPORTS, STYLES
from tsraster.pipeline.labeling.labels import labels_files

if TYPE_CHECKING:
    from tsraster.pipeline.labeling.labelreport import LabelClass, LabelSet

_LISTED = 6
"""So many pictures are named in one line."""


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.argument("destination", metavar="DST_DIR")
@option(labels_files, "exclude", kind=TEXTS, metavar="A,B,...")
@option(labels_files, "cutoffs", kind=NUMBERS, metavar="A,B,...")
@option(labels_files, "bins", kind=int, metavar="N")
@option(labels_files, "scheme", metavar="NAME[:NUMBERS]")
@option(labels_files, "classes", kind=int, metavar="K")
@option(labels_files, "table", metavar="TABLE.json")
@option(labels_files, "phase", metavar='"NAME: ..."', multiple=True)
@option(labels_files, "band", kind=int, metavar="N")
@option(labels_files, "smooth", metavar="NAME:SIZE")
@option(labels_files, "closed", kind=click.Choice(["right", "left"]))
@option(labels_files, "names", kind=TEXTS, metavar="A,B,...")
@option(labels_files, "outside", kind=click.Choice(OUTSIDE))
@option(labels_files, "lut", metavar="NAME|FILE")
@option(labels_files, "style", kind=click.Choice(STYLES))
@option(labels_files, "values", kind=WHOLE_NUMBERS, metavar="A,B,...")
@option(labels_files, "first_id", kind=int, metavar="0|1")
@option(labels_files, "unlabeled", kind=int, metavar="N")
@option(labels_files, "export", kind=click.Choice(EXPORTS))
@option(labels_files, "test_share", kind=float, metavar="SHARE")
@option(labels_files, "seed", kind=int, metavar="N")
@option(labels_files, "tile", kind=int, metavar="N")
@option(labels_files, "overwrite")
@option(labels_files, "workers", kind=int, metavar="N")
def labels(sources: tuple[str, ...], destination: str, **options: Any) -> None:
    """Make label images of all pictures in SRC (files, folders, or patterns in quotes) by one recipe, into DST_DIR.

    labels/NAME.png holds the ids of classes and looks black; preview/NAME.png and overlay/NAME.jpg are to look at; classes.json
    says what each number means, and labels.csv how many pixels each class has. A picture that cannot be read does not stop the
    others.

    \b
    tsraster labels photos out --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75
    tsraster labels "photos/*.jpg" set --cutoffs 0.25,0.4 --export keras --tile 512
    """
    with progress_bar("labels") as progress:
        result = labels_files(sources, destination, progress=progress, **options)
    _print_classes(result)
    _print_absent(result)
    if result.check is not None:
        _print_training_set(result)
    several = "pictures" if len(result.pictures) != 1 else "picture"
    click.echo(f"wrote {len(result.pictures)} {several} to {result.folder}")
    problems = result.check.problems if result.check is not None else ()
    for line in [*(f"failed: {failure.problem}" for failure in result.failures), *problems]:
        click.echo(line, err=True)
    if result.failures:
        total = len(result.pictures) + len(result.failures)
        raise DataError(f"{len(result.failures)} of {total} pictures failed; the others are written")
    if problems:
        raise DataError(f"the training set in {result.folder} would be refused by its loader: {len(problems)} problems")


def _print_classes(result: LabelSet) -> None:
    totals = result.totals
    every = max(1, sum(picture.pixels for picture in result.pictures))
    rows = [
        [
            click.style("  ", bg=one.color) + f" {one.id}",
            f"{one.value:g}",
            one.interval,
            one.name,
            str(total),
            f"{100 * total / every:.2f}",
            str(sum(bool(picture.counts[i]) for picture in result.pictures)),
        ]
        for i, (one, total) in enumerate(zip(result.classes, totals, strict=True))
    ]
    header = ["id", "value", "interval", "name", "pixels", "percent", "pictures"]
    hidden = {"name"} if not any(one.name for one in result.classes) else set()
    hidden |= {"value"} if all(one.value == one.id for one in result.classes) else set()
    kept = [i for i, title in enumerate(header) if title not in hidden]
    print_table([header[i] for i in kept], [[row[i] for i in kept] for row in rows], left=("interval", "name"))


def _print_absent(result: LabelSet) -> None:
    everywhere = [one for i, one in enumerate(result.classes) if not any(p.counts[i] for p in result.pictures)]
    if everywhere and result.pictures:
        click.echo(f"in no picture: class {', '.join(map(_spell_class, everywhere))}")
    absent = {name: set(ids) - {one.id for one in everywhere} for name, ids in result.absent.items()}
    texts = [f"{name} lacks {', '.join(map(str, sorted(ids)))}" for name, ids in absent.items() if ids]
    if texts:
        more = f"; and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
        click.echo(f"not every class is in every picture: {'; '.join(texts[:_LISTED])}{more}")
    unlabeled = sum(picture.unlabeled for picture in result.pictures)
    if unlabeled:
        percent = 100 * unlabeled / sum(picture.pixels for picture in result.pictures)
        click.echo(f"no class: {unlabeled} pixels, {percent:.2f} %, which have the id {result.unlabeled}")


def _spell_class(one: LabelClass) -> str:
    return f"{one.id} {one.name or one.interval}"


def _print_training_set(result: LabelSet) -> None:
    if result.check is None:
        return
    pairs = ", ".join(
        f"{count} for {'training' if part == 'train' else 'tests'}" for part, count in result.check.pairs.items()
    )
    click.echo(f"n_classes = {result.n_classes}; pairs of photo and label image: {pairs}", nl=False)
    click.echo("; read again by the rules of the loader" if not result.check.problems else "")
