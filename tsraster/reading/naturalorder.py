"""The order of names with numbers in them, as people count: 10 after 9."""

from __future__ import annotations

import re


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return what to sort names by, so that numbers in them count as numbers.

    Examples
    --------
    >>> sorted(["b10", "b9", "a"], key=natural_key)
    ['a', 'b9', 'b10']
    """
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(part), "") if i % 2 else (0, 0, part.casefold()) for i, part in enumerate(parts)]
