"""`tsraster predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsraster.cli.printing import print_table
from tsraster.cli.spelling import NUMBERS, TEXTS, WHOLE_NUMBERS, option, progress_bar
from tsraster.errors import DataError
from tsraster.pipeline.learning.predict import predict_files
from tsraster.writing.rescaling import DTYPES

if TYPE_CHECKING:
    from tsraster.pipeline.learning.predict import Prediction
    from tsraster.pipeline.learning.predicttask import PredictedPicture

_LISTED = 40
"""Of more pictures none are listed one by one."""


@click.command()
@click.argument("model")
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.argument("destination", metavar="DST")
@option(predict_files, "export", kind=TEXTS, metavar="A,B,...")
@option(predict_files, "name", metavar="PATTERN")
@option(predict_files, "bands", kind=WHOLE_NUMBERS, metavar="A,B,...")
@option(predict_files, "raw")
@option(predict_files, "region", kind=WHOLE_NUMBERS, metavar="L,T,R,B")
@option(predict_files, "mask_file", metavar="FILE")
@option(predict_files, "dtype", kind=click.Choice(DTYPES))
@option(predict_files, "in_range", kind=NUMBERS, metavar="LOW,HIGH")
@option(predict_files, "out_range", kind=NUMBERS, metavar="LOW,HIGH")
@option(predict_files, "uncertain", metavar="FILE.csv")
@option(predict_files, "places", kind=int, metavar="N")
@option(predict_files, "overwrite")
@option(predict_files, "workers", kind=int, metavar="N")
def predict(model: str, sources: tuple[str, ...], destination: str, **options: Any) -> None:
    """Classify the pixels of SRC by MODEL, which tsraster train or ilastik made, into DST.

    DST is a file for one source and one result, else a folder. Places, CRS, class names and colors are kept; pixels without
    data get no class.

    \b
    tsraster predict section.tsmodel other.png classes.tif
    tsraster predict section.tsmodel *.png out --export segmentation,uncertainty --dtype uint8
    tsraster predict project.ilp image.png out --export probabilities --name "{nickname}_{result_type}.h5"
    """
    with progress_bar("predict") as progress:
        result = predict_files(model, sources, destination, progress=progress, **options)
    for note in result.notes:
        click.echo(note)
    _print_classes(result, "without data" if options["mask_file"] is None else "without data or left out by the mask")
    for picture in result.pictures:
        _print_places(picture)
    written = [path for picture in result.pictures for path in picture.written]
    if written:
        are_listed = len(written) <= _LISTED
        click.echo(f"wrote {', '.join(written)}" if are_listed else f"wrote {len(written)} files to {destination}")
    failures = [picture for picture in result.pictures if picture.problem]
    for picture in failures:
        click.echo(f"failed: {picture.problem}", err=True)
    if failures:
        rest = "the others are written" if written else "nothing is written"
        raise DataError(f"{len(failures)} of {len(result.pictures)} pictures failed; {rest}")


def _print_classes(result: Prediction, why: str) -> None:
    counted = [picture.counts for picture in result.pictures if picture.counts]
    if not counted:
        return
    total = {code: sum(counts[code] for counts in counted) for code in counted[0]}
    every = max(1, sum(total.values()))
    lut = result.model.lut
    rows = [
        [click.style("  ", bg=color[:3]) + f" {code}", name, str(total[code]), f"{100 * total[code] / every:.2f}"]
        for code, name, color in zip(result.model.codes, lut.names, lut.colors, strict=True)
    ]
    print_table(["code", "name", "pixels", "percent"], rows, left=("name",))
    if total[0]:
        click.echo(f"no class: {total[0]} pixels {why}")


def _print_places(picture: PredictedPicture) -> None:
    if picture.places:
        click.echo(f"most uncertain in {picture.source}, where labels would help most:")
        is_volume = picture.places[0].plane is not None
        rows = [
            [*([str(one.plane)] if is_volume else []), str(one.row), str(one.col), f"{one.uncertainty:.3f}"]
            for one in picture.places[:10]
        ]
        print_table([*(["plane"] if is_volume else []), "row", "column", "uncertainty"], rows)
