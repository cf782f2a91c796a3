"""`ClassState`: classes by cutoffs at one moment, with their names, codes and colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tsraster.classtable import ClassTable, Closed, Number
from tsraster.coloring.binding import bind_lut
from tsraster.coloring.labelcolors import label_colors
from tsraster.errors import TableError
from tsraster.lut import RGBA, Lut, clean_name


@dataclass(frozen=True, kw_only=True)
class ClassState:
    """Classes by cutoffs at one moment; the table and the colors are checked when it is made.

    Parameters
    ----------
    edges : tuple of numbers, shape (K + 1,)
        As in a `ClassTable`; infinite where an outer class has an open end.
    names : tuple of str, shape (K,)
    colors : tuple of (red, green, blue, alpha), shape (K,)
    codes : tuple of int, shape (K,)
    closed : "right" or "left"
    lut : str
        Name of the color table whose colors these are, and no names besides; empty once one was changed.
    unit, scheme : str
        As in a `ClassTable`.

    Raises
    ------
    TableError, LutError
        The parts do not fit together.
    """

    edges: tuple[Number, ...]
    names: tuple[str, ...]
    colors: tuple[RGBA, ...]
    codes: tuple[int, ...]
    closed: Closed = "right"
    lut: str = ""
    unit: str = ""
    scheme: str = "manual"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(clean_name, self.names)))
        table = self.to_table()
        object.__setattr__(self, "edges", table.edges)
        object.__setattr__(self, "codes", table.codes)
        self.to_lut()  # raises where a color is none

    def to_table(self) -> ClassTable:
        """Return the classes as a table."""
        parts = {name: getattr(self, name) for name in ("edges", "names", "codes", "closed", "unit", "scheme")}
        return ClassTable(**parts)

    def to_lut(self) -> Lut:
        """Return the colors as a table of codes, which increase."""
        rows = sorted(zip(self.codes, self.colors, self.names, strict=True))
        keys, colors, names = zip(*rows, strict=True)
        return Lut(name=self.lut or "classes", kind="classes", keys=keys, colors=colors, names=names)


def make_state(table: ClassTable, lut: Lut | None) -> ClassState:
    """Return the classes of a table, with the colors of a color table or such that differ well.

    Raises
    ------
    TableError
        The classes are single values.
    LutError
        The color table does not cover them.
    """
    if not table.edges:
        raise TableError("only classes by cutoffs can be edited here, not those of single values")
    colors, names = bind_colors(lut, table.codes) if lut is not None else (_choose_colors(len(table)), table.names)
    is_named = all(own or not other for own, other in zip(table.names, names, strict=True))
    return ClassState(
        edges=table.edges,
        names=table.names,
        colors=colors,
        codes=table.codes,
        closed=table.closed,
        lut=lut.name if lut is not None and is_named else "",
        unit=table.unit,
        scheme=table.scheme,
    )


def bind_colors(lut: Lut, codes: Sequence[int]) -> tuple[tuple[RGBA, ...], tuple[str, ...]]:
    """Return the color and the name of each code, in that order."""
    bound = bind_lut(lut, codes)
    colors = dict(zip(bound.keys, bound.colors, strict=True))
    names = dict(zip(bound.keys, bound.names, strict=True))
    return tuple(colors[code] for code in codes), tuple(names[code] for code in codes)


def _choose_colors(number: int) -> tuple[RGBA, ...]:
    colors: list[RGBA] = []
    while len(colors) < number:
        colors.append(choose_next_color(colors))
    return tuple(colors)


def choose_next_color(colors: Sequence[RGBA]) -> RGBA:
    """Return the first color of those that differ well which is not there yet; when all are, one of them again."""
    rows = label_colors()[1:].tolist()
    free = [(red, green, blue, 255) for red, green, blue in rows if (red, green, blue, 255) not in colors]
    if free:
        return free[0]
    red, green, blue = rows[len(colors) % len(rows)]
    return red, green, blue, 255


def insert_code(codes: tuple[int, ...], at: int) -> tuple[int, ...]:
    """Return the codes of one more class: 1 to K again where they were so, else the same ones and a free one.

    Examples
    --------
    >>> insert_code((1, 2), 1), insert_code((10, 20), 1)
    ((1, 2, 3), (10, 21, 20))
    """
    if _is_counted(codes):
        return (*codes, len(codes) + 1)
    return (*codes[:at], max(codes) + 1, *codes[at:])


def remove_code(codes: tuple[int, ...], at: int) -> tuple[int, ...]:
    """Return the codes of one class less: 1 to K again where they were so, else the same ones.

    Examples
    --------
    >>> remove_code((1, 2, 3), 0), remove_code((10, 20, 30), 0)
    ((1, 2), (20, 30))
    """
    return codes[:-1] if _is_counted(codes) else (*codes[:at], *codes[at + 1 :])


def _is_counted(codes: tuple[int, ...]) -> bool:
    return codes == tuple(range(1, len(codes) + 1))
