"""What becomes of the names and colors of old classes when they get new codes."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from tsraster.attributetable import Categories
from tsraster.classification import PASS_THROUGH, Mapping, list_sources, reclassify
from tsraster.classtable import LARGEST_CODE, ClassTable, Number
from tsraster.coloring import bind_lut
from tsraster.errors import DataError
from tsraster.lut import RGBA, Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.codes import list_numbers
from tsraster.pipeline.values import Values

MAPPING = "mapping"
"""The scheme of classes that were made of others."""

_JOINED = 4
"""So many names of old classes are joined to that of a new one."""
_LISTED = 20
"""So many old values are listed for a new class."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, kw_only=True)
class ClassChange:
    """Which old codes become which new one, as far as that matters."""

    mapping: Mapping
    sources: dict[int, list[Number]]
    """By new code without 0: the old ones that occur, those with most pixels first; empty lists where nobody looked."""
    absent: frozenset[int] = frozenset()
    """Codes of classes that keep their code and do not occur."""

    def name_classes(self, lut: Lut | None, categories: Categories) -> ClassTable:
        """Return the new classes with the names of the mapping, else of the color table, else of the old classes."""
        codes = tuple(self.sources)
        known = dict(zip(lut.keys, lut.names, strict=True)) if lut is not None and lut.kind == "classes" else {}
        names = (
            self.mapping.names.get(code) or known.get(code) or self._join_names(code, categories) for code in codes
        )
        return ClassTable(codes=codes, values=codes, names=tuple(names), scheme=MAPPING)

    def _join_names(self, code: int, categories: Categories) -> str:
        # The code 0 has a name only where it is more than what a palette is filled up with.
        olds = [old for old in sorted(self.sources[code]) if old or 0 in categories.names]
        names = list(dict.fromkeys(_find(categories.names, old) for old in olds))
        if not all(names):
            return ""
        more = [f"{len(names) - _JOINED} more"] if len(names) > _JOINED else []
        return " + ".join([*filter(None, names[:_JOINED]), *more])

    def choose_colors(self, lut: Lut | None, categories: Categories) -> Lut | None:
        """Return the colors of the color table, else of the old classes with most pixels; None where there are none."""
        codes = tuple(self.sources)
        if lut is not None:
            return bind_lut(lut, codes)
        first = {code: _choose_color(old, categories) for code, old in self.sources.items()}
        colors = {code: color for code, color in first.items() if color is not None}
        if not set(colors) - self.absent:
            return None
        return Lut(
            name="of the class map",
            kind="classes",
            keys=tuple(sorted(codes)),
            colors=tuple(colors.get(code, (0, 0, 0, 255)) for code in sorted(codes)),
        )

    def describe(self, codes: Sequence[int], rules: Mapping) -> tuple[str, ...]:
        """Say of each new code which old values become it."""
        texts = []
        for code in codes:
            old = [str(number) for number in sorted(self.sources[code]) if isinstance(number, int)]
            held = old[:_LISTED] + ([f"{len(old) - _LISTED} more"] if len(old) > _LISTED else [])
            held = held or [str(rule) for rule in rules.rules if rule.to == code]
            held += ["other values"] if not old and rules.default == code else []
            held += ["no data"] if rules.nodata == code else []
            texts.append(", ".join(held))
        return tuple(texts)


def plan_change(
    mapping: Mapping, values: Values, categories: Categories, lut: Lut | None, work: BlockWork
) -> ClassChange:
    """Find out which new codes there will be; look at the old ones where that depends on them, or names and colors do."""
    targets = [rule.to for rule in mapping.rules] + [mapping.default, mapping.nodata]
    codes = {target for target in targets if isinstance(target, int)} | set(mapping.names)
    sources: dict[int, list[Number]] = {code: [] for code in codes}
    absent: frozenset[int] = frozenset()
    passes = PASS_THROUGH in targets
    if passes and values.preparation.dtype.kind not in "iu":
        raise DataError(
            f"{values.raster.name} holds {values.preparation.dtype} and no codes that could stay; give every value a new code"
        )
    counts = _count_numbers(values, work, must=passes) if passes or categories.names or categories.colors else None
    if counts is not None:
        for code, old in _follow(mapping, list(counts), values).items():
            sources[code] = sorted(old, key=lambda number: -counts[number])
        if passes and (lut is None or lut.kind == "classes"):
            absent = frozenset(_find_absent(mapping, categories, lut)) - set(sources)
            sources |= {code: [code] for code in absent}
    sources.pop(0, None)
    if not sources:
        raise DataError(f"{values.raster.name}: no value gets a code; there would be no class")
    return ClassChange(mapping=mapping, sources=dict(sorted(sources.items())), absent=absent)


def _find_absent(mapping: Mapping, categories: Categories, lut: Lut | None) -> list[int]:
    """Return the classes that are known and keep their code, also if they do not occur: a legend of the old map has them.

    Unnamed black only fills up a palette; and what a new color table does not hold is none of its classes.
    """
    known = set(categories.names) | {code for code, color in categories.colors.items() if color[:3] != (0, 0, 0)}
    if lut is not None:
        known &= {int(key) for key in lut.keys}
    codes = sorted(code for code in known if 0 < code <= LARGEST_CODE)
    followed = list_sources(mapping, codes) if codes else {}
    return [code for code, old in followed.items() if code in old]


def _count_numbers(values: Values, work: BlockWork, *, must: bool) -> dict[Number, int] | None:
    """Count each old value; None where there are so many that they are no codes, and nobody must know them."""
    try:
        return list_numbers(values, work, more=1)
    except DataError:
        if must:
            raise
        return None


def _follow(mapping: Mapping, old: list[Number], values: Values) -> dict[int, list[Number]]:
    # In their own type, for it is there that they are compared.
    typed = np.array(old, dtype=values.preparation.dtype)
    try:
        # So a value without a rule is found before anything is written.
        reclassify(typed, mapping)
    except DataError as error:
        raise DataError(f"{values.raster.name}: {error}") from None
    followed: dict[int, list[Any]] = dict(list_sources(mapping, list(typed)))
    return {code: [number.item() for number in numbers] for code, numbers in followed.items()}


def _choose_color(old: Sequence[Number], categories: Categories) -> RGBA | None:
    """Return the color of the first old class that has one; unnamed black fills up palettes, and comes last."""
    if not old or (first := _find(categories.colors, old[0])) is None:
        return None
    is_filling = first[:3] == (0, 0, 0) and not _find(categories.names, old[0])
    others = (_find(categories.colors, number) for number in old[1:])
    return next((color for color in others if is_filling and color is not None and color[:3] != (0, 0, 0)), first)


def _find(entries: abc.Mapping[int, Entry], number: Number) -> Entry | None:
    """Look up a code, which may be a float as well."""
    return entries.get(int(number)) if number == int(number) else None
