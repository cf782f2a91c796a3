"""Tables and other text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tsraster.classtable import format_numbers

if TYPE_CHECKING:
    # A command waits for the function it calls and not for those of the others.
    from tsraster.lut import Lut
    from tsraster.measuring import ClassShare
    from tsraster.pipeline.breaks import Breaks
    from tsraster.pipeline.classify import Classification
    from tsraster.pipeline.colorize import Coloring
    from tsraster.pipeline.histogram import Histogram
    from tsraster.pipeline.inspection import Inspection
    from tsraster.pipeline.rasterinfo import RasterInfo

_ROWS = 256
"""More classes than this are not printed; the CSV holds them all."""


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[str] = ()) -> None:
    """Print columns, numbers to the right, the columns named in `left` to the left."""
    widths = [max(len(click.unstyle(row[i])) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = (_pad(cell, width, to_left=name in left) for cell, width, name in zip(row, widths, header, strict=True))
        click.echo("  ".join(cells).rstrip())


def _pad(cell: str, width: int, *, to_left: bool) -> str:
    space = " " * (width - len(click.unstyle(cell)))
    return cell + space if to_left else space + cell


def print_classes(result: Classification) -> None:
    """Print one row a class, with a swatch of its color where the terminal can show one."""
    for note in result.notes:
        click.echo(note)
    shares = result.shares[:_ROWS]
    area, unit = _choose_area_unit(result.shares)
    by_value = "values" if result.table.values else "interval"
    interval = {"mapping": "old values", "rules": "condition"}.get(result.table.scheme, by_value)
    interval += f" ({result.table.unit})" if result.table.unit else ""
    header = ["code", interval, "name", "pixels", "percent", *([f"area ({unit})"] if unit else [])]
    rows = [
        [
            _swatch(result.lut, share.code) + str(share.code),
            share.interval,
            share.name,
            str(share.pixels),
            "-" if share.percent != share.percent else f"{share.percent:.2f}",
            *([f"{(share.area_m2 or 0) / area:.6g}"] if unit else []),
        ]
        for share in shares
    ]
    _print_named(header, rows)
    if len(result.shares) > _ROWS:
        click.echo(f"... and {len(result.shares) - _ROWS} classes more; --stats FILE.csv writes them all")
    _print_rest(result)


def _print_named(header: list[str], rows: list[list[str]]) -> None:
    """Print a table, without its column of names where nothing has one."""
    at = header.index("name")
    if not any(row[at] for row in rows):
        header, *rows = [[*row[:at], *row[at + 1 :]] for row in (header, *rows)]
    print_table(
        header,
        rows,
        left=[title for title in header if title.startswith(("interval", "old values", "condition", "values", "name"))],
    )


def _print_rest(result: Classification) -> None:
    if result.without_data:
        infinite = f", {result.infinite} of them infinite" if result.infinite else ""
        left_out = " or left out by a mask or shapes" if result.is_masked else ""
        click.echo(f"no class: {result.without_data} pixels without data{left_out}{infinite}")
    if result.outside:
        whys = {"mapping": "by the mapping", "rules": "for which no rule holds or can be decided"}
        why = whys.get(result.table.scheme, "outside of the table")
        click.echo(f"no class: {result.outside} pixels {why}")
    if result.written:
        click.echo(f"wrote {', '.join(result.written)}")


def _choose_area_unit(shares: Sequence[ClassShare]) -> tuple[float, str]:
    if not shares or shares[0].area_m2 is None:
        return 1.0, ""
    total = sum(share.area_m2 or 0 for share in shares)
    units = ((1e6, "km2"), (1.0, "m2"), (1e-6, "mm2"), (1e-12, "um2"))
    return next((unit for unit in units if total >= unit[0]), units[1])


def _swatch(lut: Lut | None, code: int) -> str:
    if lut is None or code not in lut.keys:
        return ""
    return click.style("  ", bg=lut.colors[lut.keys.index(code)][:3]) + " "


def print_coloring(result: Coloring) -> None:
    """Print one row a code that was painted."""
    names = dict(zip(result.lut.keys, result.lut.names, strict=True))
    rows = [
        [_swatch(result.lut, code) + str(code), names.get(code, ""), str(count)]
        for code, count in list(result.counts.items())[:_ROWS]
    ]
    _print_named(["code", "name", "pixels"], rows)
    if result.without_class:
        click.echo(f"no class: {result.without_class} pixels")
    click.echo(f"wrote {', '.join(result.written)}")


def print_info(info: RasterInfo) -> None:
    """Print what a raster is, a line each."""
    transform = info.transform
    lines = {
        "name": info.name,
        "format": info.driver,
        "size": f"{info.rows} rows x {info.cols} columns",
        "read as": info.read_as,
        "CRS": info.crs or "none",
        "transform": "none" if transform is None else ", ".join(format_numbers(transform)),
        "bounds": ", ".join(format_numbers(info.bounds)) if info.bounds else "",
        "pixel area": f"{info.pixel_area_m2:.6g} m2" if info.pixel_area_m2 else "",
        "GCPs": str(info.gcps) if info.gcps else "",
        "RPCs": "yes" if info.rpcs else "",
        "pixel is": (info.area_or_point or "").lower(),
        "palette": f"{info.palette} colors" if info.palette else "",
        "classes": _list_names(info.class_names),
    }
    for title, text in lines.items():
        if text:
            click.echo(f"{title:<11}{text}")
    click.echo()
    header = ["band", "name", "role", "type", "nodata", "valid", "minimum", "maximum", "mean", "std"]
    more = {title: texts for title, texts in _list_more(info).items() if any(texts)}
    rows = [[*_band_row(info, i), *(texts[i] for texts in more.values())] for i in range(len(info.bands))]
    print_table([*header, *more], rows, left=("name", "role", "type", "unit"))
    if "scale" in more:
        click.echo("the statistics are of stored numbers; value = scale x number + offset")
    for note in info.notes:
        click.echo(note)


def _list_more(info: RasterInfo) -> dict[str, list[str]]:
    """Return the columns that most rasters have no words for."""
    scaled = [(band.scale, band.offset) != (1, 0) for band in info.bands]
    return {
        "wavelength (um)": [f"{band.wavelength:g}" if band.wavelength else "" for band in info.bands],
        "scale": [f"{band.scale:.7g}" if has else "" for band, has in zip(info.bands, scaled, strict=True)],
        "offset": [f"{band.offset:.7g}" if has else "" for band, has in zip(info.bands, scaled, strict=True)],
        "unit": [band.unit for band in info.bands],
    }


def _list_names(names: dict[int, str]) -> str:
    texts = [f"{code} {name}" for code, name in names.items()]
    more = f"; and {len(texts) - _NAMES} more" if len(texts) > _NAMES else ""
    return "; ".join(texts[:_NAMES]) + more


def _band_row(info: RasterInfo, i: int) -> list[str]:
    band = info.bands[i]
    share = "" if band.valid is None else f"{100 * band.valid / (info.rows * info.cols):.2f}%"
    numbers = [
        "" if number is None else f"{number:.7g}" for number in (band.minimum, band.maximum, band.mean, band.std)
    ]
    nodata = "" if band.nodata is None else f"{band.nodata:.7g}"
    return [str(band.number), band.name, band.role, band.dtype, nodata, share, *numbers]


def print_breaks(result: Breaks) -> None:
    """Print the classes of the chosen scheme, and one row for each scheme that was compared."""
    for note in result.notes:
        click.echo(note)
    table = result.table
    if table is not None and len(result.fits) == 1:
        fit = result.fits[0]
        total = int(fit.counts.sum())
        interval = f"interval ({table.unit})" if table.unit else "interval"
        rows = [
            [str(code), text, name, str(count), f"{100 * count / total:.2f}"]
            for code, text, name, count in zip(
                table.codes, table.intervals, table.names, fit.counts.tolist(), strict=True
            )
        ][:_ROWS]
        _print_named(["code", interval, "name", "pixels", "percent"], rows)
        click.echo(f"{fit.scheme}: goodness of variance fit {fit.goodness:.4f}")
    else:
        _print_fits(result)
    if result.written:
        click.echo(f"wrote {', '.join(result.written)}")


def _print_fits(result: Breaks) -> None:
    header = ["scheme", "classes", "goodness", "smallest", "largest", "seconds", ""]
    rows = []
    for fit in result.fits:
        shares = 100 * fit.counts / max(1, int(fit.counts.sum()))
        numbers = ["", "", "", ""]
        if len(shares):
            numbers = [str(len(shares)), f"{fit.goodness:.4f}", f"{shares.min():.2f}%", f"{shares.max():.2f}%"]
        rows.append([fit.scheme, *numbers, f"{fit.seconds:.2f}", fit.note])
    print_table(header, rows, left=("scheme", ""))
    click.echo(
        "goodness of variance fit: 1 where all values of a class are equal; smallest and largest class in percent"
    )


def print_inspection(found: Inspection) -> None:
    """Print what is at a pixel: a line each, and the values around it, of which its own stands in brackets."""
    for note in found.notes:
        click.echo(note)
    place = f"column {found.col}, row {found.row}"
    if found.x is not None and found.y is not None:
        place += f" (x {found.x:.10g}, y {found.y:.10g})"
    lines = {"place": place} | {f"band {name}": f"{value:.7g}" for name, value in found.bands.items()}
    lines[found.label] = f"{found.value:.7g}" if found.valid else "no data"
    if found.code or found.name:
        lines["class"] = f"{found.code} {found.name}".rstrip()
    width = max(map(len, lines))
    for title, text in lines.items():
        click.echo(f"{title:<{width}}  {text}")
    texts = [["" if number != number else f"{number:.5g}" for number in row] for row in found.neighbors.tolist()]
    row, col = found.center
    texts[row][col] = f"[{texts[row][col]}]"
    print_table(texts[0], texts[1:])


_NAMES = 20
_BARS = 20
_BAR_LENGTH = 50


def print_histogram(result: Histogram) -> None:
    """Print the distribution, and bars of at most 20 ranges of values."""
    for note in result.notes:
        click.echo(note)
    found = result.summary
    unit = f" {result.unit}" if result.unit else ""
    click.echo(
        f"{result.label}: {found.count} valid pixels, {found.minimum:.7g} to {found.maximum:.7g}{unit}, ", nl=False
    )
    click.echo(f"mean {found.mean:.7g}, standard deviation {found.std:.7g}")
    low, high, counts = _group(result)
    texts = format_numbers([*low, high[-1]])
    rows = [
        [text if of_one else f"{text} to", str(count), "#" * round(_BAR_LENGTH * count / max(counts))]
        for text, of_one, count in zip(texts, [a == b for a, b in zip(low, high, strict=True)], counts, strict=False)
    ]
    print_table(["value", "pixels", ""], rows, left=("",))


def _group(result: Histogram) -> tuple[list[float], list[float], list[int]]:
    """Sum neighboring counts until they fit the screen."""
    step = -(-len(result.counts) // _BARS)
    starts = range(0, len(result.counts), step)
    counts = [int(result.counts[start : start + step].sum()) for start in starts]
    low = [result.lower[start].item() for start in starts]
    high = [result.upper[min(start + step, len(result.counts)) - 1].item() for start in starts]
    return low, high, counts
