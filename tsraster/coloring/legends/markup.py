"""Write a legend as SVG and as HTML: with real texts, escaped, and without scripts or anything from elsewhere."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from tsraster.coloring.legends.drawing import CHECKS, OUTLINE, WHITE, check_background, choose_ink
from tsraster.coloring.legends.layout import Entry, clean_labels, is_bar, list_entries, plan_legend, write_heading
from tsraster.coloring.legends.parts import Box, Legend, Line, Part, Strip, Text, Tip
from tsraster.lut import RGBA, Lut

_PRINTED = "-webkit-print-color-adjust:exact;print-color-adjust:exact"
"""Browsers leave out backgrounds in print where they are not told to keep them; what is inside inherits it."""
_CHECKERED = "repeating-conic-gradient(#fff 0 25%,#ccc 0 50%) 0 0/0.5em 0.5em"
"""The checks behind translucent colors."""


def legend_svg(legend: Legend, *, background: RGBA = WHITE) -> str:
    """Write a legend as SVG.

    Parameters
    ----------
    legend : Legend
        From `plan_legend`. Texts are set in its font where a program has it, else in another one.
    background : (red, green, blue, alpha)
        What it lies on; nothing with an alpha of 0.

    Returns
    -------
    str
        An ``svg`` element, which is a file as well as a part of a page. Its title and description are for screen readers.

    Raises
    ------
    UsageError
        The background is no color.

    Examples
    --------
    >>> lut = Lut(name="one", kind="classes", keys=(1,), colors=((0, 0, 255, 255),), names=("sea & lake",))
    >>> "sea &amp; lake</text>" in legend_svg(plan_legend(lut))
    True
    """
    check_background(background)
    # Names of gradients are shared by all that is in a page.
    mark = f"legend-{zlib.crc32(repr((legend, background)).encode()):08x}"
    size = f'width="{legend.width}" height="{legend.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {legend.width} {legend.height}" role="img" '
        f'aria-labelledby="{mark}-title {mark}-text" font-family="{escape(legend.typeface.families)}">',
        f'<title id="{mark}-title">{escape(legend.title)}</title>',
        f'<desc id="{mark}-text">{escape(legend.description)}</desc>',
        *(line for i, strip in enumerate(legend.strips) for line in _define_gradient(f"{mark}-{i}", strip, legend)),
        *([f"<rect {size} {_fill(background)}/>"] if background[3] else []),
    ]
    ink, strips = _hex(choose_ink(background)), iter(range(len(legend.strips)))
    for part in legend.parts:
        lines += _draw_part(part, mark, legend, ink, strips)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _define_gradient(name: str, strip: Strip, legend: Legend) -> Iterator[str]:
    """Yield a gradient between the middles of the first and the last pixel."""
    left, top, right, bottom = strip.bounds
    inset = legend.stroke + 0.5
    if strip.is_vertical:
        ends = f'x1="0" y1="{_number(bottom - inset)}" x2="0" y2="{_number(top + inset)}"'
    else:
        ends = f'x1="{_number(left + inset)}" y1="0" x2="{_number(right - inset)}" y2="0"'
    yield f'<defs><linearGradient id="{name}" gradientUnits="userSpaceOnUse" {ends}>'
    for place, color in strip.stops:
        yield f'<stop offset="{place:.6g}" {_fill(color, "stop-color", "stop-opacity")}/>'
    yield "</linearGradient></defs>"


def _draw_part(part: Part, mark: str, legend: Legend, ink: str, strips: Iterator[int]) -> Iterator[str]:
    stroke, gray = legend.stroke, f'fill="none" stroke="{_hex(OUTLINE)}" stroke-width="{legend.stroke}"'
    if isinstance(part, Text):
        weight = ' font-weight="bold"' if part.bold else ""
        yield (
            f'<text x="{part.x}" y="{part.y}" font-size="{part.size}"{weight} text-anchor="{part.anchor}" '
            f'fill="{ink}">{escape(part.text)}</text>'
        )
    elif isinstance(part, Line):
        ends = " ".join(f'{name}="{_number(getattr(part, name))}"' for name in ("x1", "y1", "x2", "y2"))
        yield f'<line {ends} stroke="{ink}" stroke-width="{part.thick}"/>'
    elif isinstance(part, Tip):
        shape = f'<polygon points="{_inset_points(part, stroke)}"'
        if part.color[3] < 255:
            yield f'{shape} fill="{_hex((sum(CHECKS) // 2,) * 3)}"/>'
        yield f"{shape} {_fill(part.color)}/>"
        yield f"{shape} {gray}/>"
    else:
        colors = [part.color] if isinstance(part, Box) else [color for _, color in part.stops]
        if any(color[3] < 255 for color in colors):
            yield from _draw_checks(part, legend)
        fill = _fill(part.color) if isinstance(part, Box) else f'fill="url(#{mark}-{next(strips)})"'
        yield f"{_rect(part, stroke)} {fill}/>"
        yield f"{_rect(part, stroke / 2)} {gray}/>"


def _draw_checks(part: Box | Strip, legend: Legend) -> Iterator[str]:
    """Yield the checks one by one: not every program knows patterns."""
    inset, side = legend.stroke, legend.check
    width, height = part.width - 2 * inset, part.height - 2 * inset
    yield f'{_rect(part, inset)} fill="{_hex((CHECKS[0],) * 3)}"/>'
    path = ""
    for y in range(0, height, side):
        for x in range(side * (1 - y // side % 2), width, 2 * side):
            across, down = min(side, width - x), min(side, height - y)
            path += f"M{part.x + inset + x} {part.y + inset + y}h{across}v{down}h-{across}z"
    yield f'<path d="{path}" fill="{_hex((CHECKS[1],) * 3)}"/>'


def _rect(part: Box | Strip, inset: float) -> str:
    size = f'width="{_number(part.width - 2 * inset)}" height="{_number(part.height - 2 * inset)}"'
    return f'<rect x="{_number(part.x + inset)}" y="{_number(part.y + inset)}" {size}'


def _inset_points(tip: Tip, stroke: int) -> str:
    """Return the corners moved in by half a line from the two slanted sides."""
    (px, py), *base = tip.corners
    (ax, ay), (bx, by) = base
    mx, my = (ax + bx) / 2, (ay + by) / 2
    side, height = math.hypot(ax - px, ay - py), math.hypot(mx - px, my - py)
    half = math.hypot(ax - mx, ay - my)
    down, aside = stroke / 2 * side / half / height, stroke / 2 * side / height / half
    corners = [(px + (mx - px) * down, py + (my - py) * down)]
    corners += [(x + (mx - x) * aside, y + (my - y) * aside) for x, y in base]
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)


def _fill(color: RGBA, name: str = "fill", opacity: str = "fill-opacity") -> str:
    alpha = "" if color[3] == 255 else f' {opacity}="{color[3] / 255:.4g}"'
    return f'{name}="{_hex(color)}"{alpha}'


def _hex(color: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _number(number: float) -> str:
    return f"{number:.6g}"


def legend_html(
    lut: Lut,
    *,
    title: str = "",
    unit: str = "",
    horizontal: bool = False,
    size: int = 14,
    columns: int | None = None,
    labels: Sequence[str] | None = None,
    fragment: bool = False,
) -> str:
    """Write a legend as a page of HTML, whose ``figure`` element can be copied into another page.

    The parameters are those of `plan_legend`. A list is a real list, and a bar an ``svg`` element. Colors are printed as well.

    Parameters
    ----------
    lut, title, unit, horizontal, size, columns, labels
        As `plan_legend` has them.
    fragment : bool
        Only the ``figure`` element.

    Returns
    -------
    str
        To be saved as UTF-8.

    Raises
    ------
    UsageError
        As `plan_legend` raises it.

    Examples
    --------
    >>> lut = Lut(name="one", kind="classes", keys=(1,), colors=((0, 0, 255, 255),), names=("sea & lake",))
    >>> "<bdi>sea &amp; lake</bdi>" in legend_html(lut)
    True
    """
    legend = plan_legend(lut, horizontal=horizontal, size=size, columns=columns, labels=labels)
    heading, texts = escape(write_heading(title, unit)), clean_labels(lut, labels)
    if is_bar(lut, texts):
        named = replace(legend, title=write_heading(title, unit) or legend.title)
        rows = legend_svg(named).splitlines()
    else:
        rows = list(_list_rows(list_entries(lut, texts), legend, horizontal))
    paper, ink = _hex(WHITE), _hex(choose_ink(WHITE))
    style = (
        f"margin:1em;padding:0;font:{size}px/1.5 {legend.typeface.families};color:{ink};background:{paper};{_PRINTED}"
    )
    caption = f'<figcaption style="font-weight:bold;margin:0 0 0.4em">{heading}</figcaption>'
    figure = [f'<figure style="{escape(style)}">', *([caption] if heading else []), *rows, "</figure>"]
    return "\n".join(figure if fragment else [*_open_page(heading), *figure, "</body>", "</html>"]) + "\n"


def _open_page(heading: str) -> list[str]:
    return [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{heading or 'Legend'}</title>",
        "</head>",
        f'<body style="margin:0;background:{_hex(WHITE)}">',
    ]


def _list_rows(entries: Sequence[Entry], legend: Legend, horizontal: bool) -> Iterator[str]:
    columns = len({box.x for box in legend.boxes})
    flow = f"row;grid-template-columns:repeat({columns},max-content)"
    if not horizontal:
        flow = f"column;grid-template-rows:repeat({-(-len(entries) // columns)},auto);justify-content:start"
    yield f'<ul style="list-style:none;margin:0;padding:0;display:grid;gap:0.1em 1.5em;grid-auto-flow:{flow}">'
    for entry in entries:
        yield (
            f'<li style="display:flex;gap:0.55em;max-width:24em"><span style="{_style_swatch(entry.color)}"></span>'
            f"<bdi>{escape(entry.text)}</bdi></li>"
        )
    yield "</ul>"


def _style_swatch(color: RGBA) -> str:
    """Return the CSS of a swatch, on checks where something shines through."""
    ground = _hex(color)
    if color[3] < 255:
        red, green, blue, alpha = color
        veil = f"rgba({red},{green},{blue},{alpha / 255:.4g})"
        ground = f"linear-gradient({veil},{veil}),{_CHECKERED}"
    box = f"flex:none;box-sizing:border-box;width:1.75em;height:1em;margin-top:0.25em;border:1px solid {_hex(OUTLINE)}"
    return f"{box};background:{ground}"
