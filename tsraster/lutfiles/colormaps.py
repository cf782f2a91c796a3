"""Colormaps by name from matplotlib, colorcet and cmap, where they are installed.

A name is ``viridis``, looked up in these libraries in turn, or has the library before it: ``colorcet:fire``,
``cmap:crameri:batlow``. With ``_r`` at its end the colors are in reverse.

A continuous colormap becomes a ramp in percent. Its stops are the colors that the library itself holds, 256 as a rule. matplotlib
draws these as steps, and here they are interpolated: the two differ by less than the step from one color to the next.
A colormap of separate colors becomes classes with the codes 1, 2, 3, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, UnknownNameError
from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.registry import suggestion

_SEPARATE = "glasbey"
"""In the names of colormaps of up to 256 colors that are made to differ."""

_CET = "cet_"
"""Before the names that colorcet adds to those of matplotlib as soon as it is imported."""


def find_colormap(name: str) -> Lut | None:
    """Return a colormap, or None where no library that is installed has that name.

    Raises
    ------
    MissingExtraError
        The library that stands before the name is not installed.
    UnknownNameError
        That library has no such colormap.

    Examples
    --------
    >>> viridis = find_colormap("viridis")
    >>> viridis.kind, len(viridis), viridis.colors[0]
    ('ramp', 256, (68, 1, 84, 255))
    >>> find_colormap("no such thing")
    """
    library, colon, own_name = name.partition(":")
    if colon and library in _LIBRARIES:
        return _find_in(library, own_name, name)
    for one in ["colorcet"] if name.startswith(_CET) else _LIBRARIES:
        module = _import(one)
        found = _LIBRARIES[one].find(module, name, name) if module and name else None
        if found is not None:
            return found
    return None


def find_drawn_colors(name: str) -> NDArray[np.uint8] | None:
    """Return the colors of a colormap of matplotlib as it draws them: cut off to whole numbers where `find_colormap` rounds.

    Parameters
    ----------
    name : str
        As `find_colormap` takes it.

    Returns
    -------
    array of uint8, shape (N, 3), or None
        None where it is no colormap of matplotlib, or matplotlib is not installed.

    Examples
    --------
    >>> find_colormap("viridis").colors[1][:3], find_drawn_colors("viridis")[1].tolist()
    ((68, 2, 86), [68, 2, 85])
    """
    module = _import("matplotlib")
    own_name = name.removeprefix("matplotlib:")
    if module is None or own_name not in module.colormaps:
        return None
    colormap = module.colormaps[own_name]
    return np.asarray(colormap(range(colormap.N), bytes=True)[:, :3])


def _find_in(library: str, own_name: str, name: str) -> Lut:
    module = _import(library)
    if module is None:
        raise MissingExtraError(
            f"the colormap {name!r} needs {library}, which is not installed; run: pip install 'tsraster[colormaps]'"
        )
    found = _LIBRARIES[library].find(module, own_name, name) if own_name else None
    if found is None:
        known = sorted(_LIBRARIES[library].names(module))
        near = suggestion(own_name, known)
        if near.startswith("choose"):
            near = f"it has {len(known)}, such as {', '.join(known[:3])}"
        raise UnknownNameError(f"{library} has no colormap {own_name!r}; {near}")
    return found


def list_colormaps() -> list[str]:
    """Return the names of all colormaps that are installed, without their libraries; those in reverse are left out."""
    modules = {library: _import(library) for library in _LIBRARIES}
    names = {name for library, module in modules.items() if module for name in _LIBRARIES[library].names(module)}
    return sorted(name for name in names if not name.endswith("_r"))


def _import(library: str) -> Any:
    try:
        return import_module(library)
    except ImportError:
        return None


def _find_in_matplotlib(module: Any, own_name: str, name: str) -> Lut | None:
    if own_name not in module.colormaps:
        return None
    colormap = module.colormaps[own_name]
    colors = _to_bytes(colormap(range(colormap.N)))
    bad = _to_bytes([colormap.get_bad()])[0]
    # A list of few colors is drawn without transitions, and made for classes.
    listed = hasattr(colormap, "colors") and colormap.N < 256
    if listed or _SEPARATE in own_name:
        return _make_classes(name, colors, bad)
    under, over = _to_bytes([colormap.get_under(), colormap.get_over()])
    return _make_ramp(
        name,
        np.linspace(0, 100, len(colors)).tolist(),
        colors,
        nodata=bad,
        # Where they are not set, they are the outer colors.
        below=None if under == colors[0] else under,
        above=None if over == colors[-1] else over,
    )


def _find_in_colorcet(module: Any, own_name: str, name: str) -> Lut | None:
    short = own_name.removeprefix(_CET)
    forward = short.removesuffix("_r")
    if forward not in module.palette:
        return None
    colors: list[RGBA] = [(*bytes.fromhex(text.lstrip("#")), 255) for text in module.palette[forward]]
    colors = colors if short == forward else colors[::-1]
    if _SEPARATE in forward:
        return _make_classes(name, colors)
    return _make_ramp(name, np.linspace(0, 100, len(colors)).tolist(), colors)


def _find_in_cmap(module: Any, own_name: str, name: str) -> Lut | None:
    try:
        colormap = module.Colormap(own_name)
    except (KeyError, ValueError):
        return None
    positions, colors = zip(*colormap.color_stops, strict=True)
    bad, below, above = (
        None if color is None else _to_bytes([color])[0]
        for color in (colormap.bad_color, colormap.under_color, colormap.over_color)
    )
    if colormap.interpolation == "nearest" or colormap.category == "qualitative":
        return _make_classes(name, _to_bytes(colors), bad)
    keys = [100 * float(position) for position in positions]
    return _make_ramp(name, keys, _to_bytes(colors), nodata=bad or TRANSPARENT, below=below, above=above)


def _list_cmap(catalog: Any) -> set[str]:
    """Return short names, where they are not of several colormaps, and long ones."""
    return {*catalog.unique_keys(), *catalog.unique_keys(prefer_short_names=False)}


def _to_bytes(colors: Iterable[Iterable[float]]) -> list[RGBA]:
    """Return colors of 0 to 1 as 0 to 255, rounded, as in their hexadecimal form; matplotlib's own bytes are cut off."""
    levels = np.rint(np.array([[float(level) for level in color] for color in colors]) * 255).astype(int)
    return [(red, green, blue, alpha) for red, green, blue, alpha in levels.tolist()]


def _make_classes(name: str, colors: Sequence[RGBA], nodata: RGBA | None = None) -> Lut:
    keys = tuple(range(1, len(colors) + 1))
    return Lut(name=name, kind="classes", keys=keys, colors=tuple(colors), nodata=nodata or TRANSPARENT)


def _make_ramp(name: str, keys: Sequence[float], colors: Sequence[RGBA], **outside: Any) -> Lut:
    return Lut(name=name, kind="ramp", keys=tuple(keys), colors=tuple(colors), percent=True, **outside)


@dataclass(frozen=True)
class _Library:
    find: Callable[[Any, str, str], Lut | None]
    """Takes the imported library, the name of a colormap in it, and the name to give to the table."""
    names: Callable[[Any], Iterable[str]]


_LIBRARIES = {
    "matplotlib": _Library(_find_in_matplotlib, lambda module: module.colormaps),
    "colorcet": _Library(_find_in_colorcet, lambda module: module.palette),
    "cmap": _Library(_find_in_cmap, lambda module: _list_cmap(module.Colormap.catalog())),
}
"""In the order in which a name alone is looked up."""
