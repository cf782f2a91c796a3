"""Color tables from one format to another: `convert_lut_file`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tsraster.coloring import bind_lut, number_colors, stretch_lut
from tsraster.errors import LossWarning, LutError, TsrasterError, UnknownNameError, UsageError
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut
from tsraster.lutfiles.finding import list_by_ending, read_content
from tsraster.lutfiles.lutformat import LutFile, LutKind
from tsraster.lutfiles.pamsidecar import amend_pam
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.luts import load_lut
from tsraster.reading import open_raster, read_categories
from tsraster.registry import suggestion
from tsraster.writing import Outputs, write_bytes


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What `convert_lut_file` wrote."""

    lut: Lut
    """The color table as the new file holds it."""
    format: str
    losses: tuple[str, ...]
    """What the new format cannot hold, in a line each."""
    written: str


def convert_lut_file(
    source: Lut | PathLike,
    destination: PathLike,
    *,
    lut_format: str | None = None,
    to: str | None = None,
    kind: LutKind | None = None,
    classes: int | None = None,
    first_code: int | None = None,
    value_range: Sequence[float] | None = None,
    overwrite: bool = False,
) -> Conversion:
    """Write a color table in another format.

    Parameters
    ----------
    source : name or path
        Color table: a shipped one or an installed colormap by name, a file in any format of tsraster lut list, or a raster.
    destination : path
        Color table to write, in the format that its ending says; one that ends in .aux.xml gives names and colors to a raster.
    lut_format : text, optional
        Format of the source, where it is not to be found out from content and ending.
    to : text, optional
        Format of the destination, where its ending does not say it.
    kind : classes or ramp, optional
        What the numbers of the source are, where its format (GDAL, GRASS) leaves that open.
    classes : int, optional
        Take a color for each of so many classes from a ramp, with the codes 1, 2, 3, ...
    first_code : int, optional
        Code of the first color, for tables that hold only colors in order (ImageJ, GIMP, Adobe).
    value_range : numbers, optional
        Lowest and highest value over which a ramp, or colors that have only an order, are laid, separated by a comma.
    overwrite : bool
        Replace an output that exists; in an .aux.xml only names and colors are replaced.

    Returns
    -------
    Conversion

    Raises
    ------
    UsageError
        The ending says no format; the options contradict each other.
    LutError
        The source is wrong, or the format cannot hold such a table.
    WriteError
        The destination exists and `overwrite` is False, or cannot be written.

    Warns
    -----
    LossWarning
        The format cannot hold something, one warning each; or a raster has a palette in itself, beside which the colors
        of its .aux.xml do not show.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = convert_lut_file("thermal", f"{folder}/thermal.clr", classes=5)
    >>> result.format, result.lut.keys
    ('esri', (1, 2, 3, 4, 5))
    """
    form = choose_lut_format(destination, to)
    lut = bind_as_asked(load_lut(source, lut_format=lut_format, kind=kind), classes, first_code, value_range)
    with Outputs([destination], sources=list_paths(source), overwrite=overwrite) as outputs:
        path = outputs.stage(destination)
        lut, losses = fit_lut(lut, LUT_FORMATS[form])
        write_bytes(path, _write(lut, form, Path(destination)))
    for loss in losses:
        warnings.warn(f"{destination} does not hold {loss}", LossWarning, stacklevel=2)
    if form == "pam":
        _say_palette(lut, os.fspath(destination))
    return Conversion(lut=lut, format=form, losses=tuple(losses), written=os.fspath(destination))


def choose_lut_format(destination: PathLike, to: str | None) -> str:
    """Return the name of the format to write: as the user says, else by the ending.

    Raises
    ------
    UnknownNameError, UsageError
        There is no such format; no format has that ending.
    """
    if to is not None:
        if to not in LUT_FORMATS:
            raise UnknownNameError(f"unknown color table format {to!r}; {suggestion(to, list(LUT_FORMATS))}")
        return to
    found = list_by_ending(os.fspath(destination))
    if not found:
        endings = sorted({ending for key in LUT_FORMATS for ending in LUT_FORMATS[key].endings})
        raise UsageError(
            f"{destination} has no ending of a color table; choose from {', '.join(endings)}, or name a format with --to"
        )
    return found[0]


def bind_as_asked(lut: Lut, classes: int | None, first_code: int | None, value_range: Sequence[float] | None) -> Lut:
    """Give colors codes or values, or take classes from a ramp, as the user asks.

    Raises
    ------
    UsageError
        More than one way is asked, or it does not go with the table.
    """
    ways = {"--classes": classes, "--first-code": first_code, "--value-range": value_range}
    chosen = [way for way, value in ways.items() if value is not None]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other; give one of them")
    try:
        if value_range is not None:
            if len(value_range) != 2:
                raise UsageError(
                    f"--value-range has {len(value_range)} numbers; give the lowest and the highest, as in 0,100"
                )
            return stretch_lut(lut, *value_range)
        if first_code is not None:
            return number_colors(lut, first_code)
    except LutError as error:
        raise UsageError(str(error)) from None
    except OverflowError:
        raise UsageError("--value-range holds a number that is too large; give finite ones") from None
    return lut if classes is None else _take_classes(lut, classes)


def _take_classes(lut: Lut, classes: int) -> Lut:
    if lut.kind != "ramp":
        raise UsageError(f"{lut.name} is no ramp but a table of {lut.kind}; --classes takes colors from a ramp")
    if not 1 <= classes <= 2**16:
        raise UsageError(f"{classes} classes cannot be taken from a ramp; give a number from 1 to {2**16}")
    return bind_lut(lut, range(1, classes + 1))


def _write(lut: Lut, form: str, destination: Path) -> bytes:
    """Return the content of the new file; in the sidecar of a raster, beside whatever else that says."""
    if form == "pam" and destination.exists():
        return amend_pam(LutFile(name=os.fspath(destination), data=read_content(destination)), lut)
    return LUT_FORMATS[form].write(lut)


def _say_palette(lut: Lut, destination: str) -> None:
    """Say where a raster goes on to have the colors that it has in itself."""
    raster = destination.removesuffix(".aux.xml")
    if raster == destination or not os.path.isfile(raster):
        return
    try:
        with open_raster(raster) as opened:
            shown = read_categories(opened).colors
    except TsrasterError:
        return
    if any(shown.get(int(key)) != color for key, color in zip(lut.keys, lut.colors, strict=True)):
        warnings.warn(
            f"{raster} has a palette in itself, which goes before the colors of {destination}; "
            f"to replace it: tsraster reclassify {raster} NEW.tif --lut {lut.name}",
            LossWarning,
            stacklevel=3,
        )
