"""Look for what is wrong with a color table: `check_lut_file`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tsraster.coloring import Confusion, bind_lut, find_confusions
from tsraster.errors import LutError, LutWarning, UsageError
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, LutFormat, fit_lut
from tsraster.lutfiles.lutformat import LutKind
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.codes import list_codes, plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.reading import gdal_settings, open_raster


@dataclass(frozen=True, kw_only=True)
class LutCheck:
    """What `check_lut_file` found."""

    lut: Lut
    traps: tuple[str, ...]
    """How other programs would read the file in another way."""
    missing: tuple[int, ...]
    """Codes of the class map that have no color."""
    unused: tuple[int, ...]
    """Codes of the table that the class map does not hold; empty without a class map."""
    gaps: tuple[tuple[int, int], ...]
    """First and last of the codes that are left out between those of the table."""
    confusions: tuple[Confusion, ...]
    """Entries that look alike, the worst first."""
    losses: tuple[str, ...]
    """What the target format cannot hold."""
    refusal: str
    """Why the target format cannot hold such a table at all; empty where it can."""
    misfit: str
    """Why the class map cannot have these colors, where it is not for missing codes; empty where it can."""

    @property
    def is_broken(self) -> bool:
        """Whether the table cannot do what it is for: the class map cannot have its colors, or the target format refuses it."""
        return bool(self.missing or self.refusal or self.misfit)


def check_lut_file(
    source: Lut | PathLike,
    *,
    lut_format: str | None = None,
    kind: LutKind | None = None,
    raster: PathLike | None = None,
    band: int | None = None,
    to: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> LutCheck:
    """Check a color table: traps of its format, codes without a color, colors that look alike, losses in another format.

    A file that is wrong in itself, as with a code that stands there twice, is an error.

    Parameters
    ----------
    source : name or path
        Color table: a shipped one or an installed colormap by name, a file in any format of tsraster lut list, or a raster.
    lut_format : text, optional
        Format of the source, where it is not to be found out from content and ending.
    kind : classes or ramp, optional
        What the numbers of the source are, where its format (GDAL, GRASS) leaves that open.
    raster : path, optional
        Class map whose codes must all have a color.
    band : int, optional
        Band of the class map that holds the codes, counted from 1; by default the only one.
    to : text, optional
        Format of which to say what it cannot hold.
    workers : int, optional
        Number of threads; by default one for each processor.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    LutCheck

    Raises
    ------
    UsageError
        A band is named and no class map.
    LutError, UnknownNameError
        The table cannot be read or is wrong; there is no such format.
    ReadError, BandError, DataError
        The class map cannot be read, or is none.

    Warns
    -----
    LossWarning
        As `load_lut` does.

    Examples
    --------
    >>> check_lut_file("worldcover", to="esri").losses
    ('11 names',)
    """
    if band is not None and raster is None:
        raise UsageError("--band is that of a class map; name one with --raster")
    form = None if to is None else LUT_FORMATS[to]
    lut, traps = _load(source, lut_format, kind)
    present = [] if raster is None else _find_codes(raster, band, workers, progress)
    known = set(lut.keys) if lut.kind == "classes" else set()
    losses, refusal = _try_format(lut, form)
    return LutCheck(
        lut=lut,
        traps=traps,
        missing=tuple(code for code in present if code not in known) if lut.kind == "classes" else (),
        unused=tuple(int(key) for key in lut.keys if key not in present) if known and raster is not None else (),
        gaps=_find_gaps(lut),
        confusions=find_confusions(lut),
        losses=losses,
        refusal=refusal,
        misfit="" if lut.kind == "classes" else _try_codes(lut, present),
    )


def _load(source: Lut | PathLike, lut_format: str | None, kind: LutKind | None) -> tuple[Lut, tuple[str, ...]]:
    """Return the table, and the traps of its file."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        lut = load_lut(source, lut_format=lut_format, kind=kind)
    for one in said:
        if not issubclass(one.category, LutWarning):
            warnings.warn(one.message, one.category, stacklevel=3)
    return lut, tuple(str(one.message) for one in said if issubclass(one.category, LutWarning))


def _find_codes(source: PathLike, band: int | None, workers: int | None, progress: Progress | None) -> list[int]:
    """Return the codes that occur in a class map, without 0."""
    with gdal_settings(), open_raster(source) as raster, block_work(workers=workers, progress=progress) as work:
        values = Values(raster, plan_codes(raster, band), room=KEPT_BYTES)
        return [code for code in list_codes(values, work) if code]


def _try_codes(lut: Lut, codes: Sequence[int]) -> str:
    """Say why a table that names no codes cannot be bound to those of a class map."""
    try:
        if codes:
            bind_lut(lut, codes)
    except LutError as error:
        return str(error)
    return ""


def _find_gaps(lut: Lut) -> tuple[tuple[int, int], ...]:
    if lut.kind != "classes":
        return ()
    codes = [key for key in lut.keys if isinstance(key, int)]
    return tuple((low + 1, high - 1) for low, high in pairwise(codes) if high > low + 1)


def _try_format(lut: Lut, form: LutFormat | None) -> tuple[tuple[str, ...], str]:
    try:
        return (() if form is None else tuple(fit_lut(lut, form)[1])), ""
    except LutError as error:
        return (), str(error)
