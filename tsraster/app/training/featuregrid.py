"""`FeatureGrid`: filters by scales to tick, and the choice to begin with. Imports Panel."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from tsraster.errors import UsageError
from tsraster.learning.featureset import KINDS, SCALES, FeatureChoice, FeatureSet, parse_features

_LABEL, _CELL = 84, 32
"""Widths in pixels of the screen."""
_NUMBER = 21
"""Features that a choice to begin with has at most, so that a stroke is answered soon."""
_ORDER = (
    ("smoothing", 0.7), ("smoothing", 1.6), ("gradient", 1.6), ("smoothing", 3.5), ("hessian", 1.6), ("gradient", 3.5),
    ("structure", 1.6), ("laplacian", 3.5), ("smoothing", 5.0), ("hessian", 3.5), ("structure", 3.5), ("gradient", 5.0),
    ("smoothing", 10.0), ("structure", 5.0), ("laplacian", 1.6), ("difference", 1.6),
)  # fmt: skip
"""Color first, then edges, then texture, and from fine to coarse; nothing so coarse that labels of a grain reach beyond it."""
_ALL = {kind: tuple(choice.scale for choice in parse_features(kind).choices) for kind in KINDS}
_NOTE = {"font-size": "12px", "line-height": "20px", "color": "#5f6b76"}
_STYLE = f"""
.bk-input-group {{ display: grid !important; grid-template-columns: repeat({len(SCALES)}, {_CELL}px); margin: 0; }}
label {{ display: flex; justify-content: center; margin: 0 !important; padding: 3px 0; cursor: pointer; }}
label span {{ display: none; }}
label input {{ margin: 0 !important; cursor: pointer; }}
"""


class FeatureGrid:
    """Boxes to tick, a row for each filter and a column for each scale.

    Parameters
    ----------
    on_change : callable
        Called when the choice has changed.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._is_asked = False
        self.rows = {kind: self._make_row(kind) for kind in KINDS}
        cell = f"display:inline-block;width:{_CELL}px;text-align:center"
        titles = "".join(f'<span style="{cell}">{scale:g}</span>' for scale in SCALES)
        head = pn.pane.HTML(titles, styles=_NOTE, width=_CELL * len(SCALES), margin=0)
        label = {"font-size": "12px", "line-height": "20px"}
        rows = [
            pn.Row(pn.pane.HTML(kind, styles=label, width=_LABEL, margin=0), row, margin=0)
            for kind, row in self.rows.items()
        ]
        corner = pn.pane.HTML("filter / scale", styles=_NOTE, width=_LABEL, margin=0)
        self.panel = pn.Column(pn.Row(corner, head, margin=0), *rows, margin=(5, 10))

    def _make_row(self, kind: str) -> pn.widgets.CheckBoxGroup:
        scales = _ALL[kind]
        # Boxes of a filter that begins at a coarser scale stand below the scales that they are of.
        shift = f".bk-input-group label:first-child {{ grid-column: {SCALES.index(scales[0]) + 1}; }}"
        row = pn.widgets.CheckBoxGroup(
            options={f"{kind} {scale:g}": scale for scale in scales},
            value=[],
            inline=True,
            width=_CELL * len(SCALES),
            height=20,
            margin=0,
            stylesheets=[_STYLE + shift],
        )
        row.param.watch(lambda _: self._change(), "value")
        return row

    def _change(self) -> None:
        if not self._is_asked:
            self._on_change()

    @property
    def choices(self) -> list[tuple[str, float]]:
        """The filters and scales that are ticked."""
        return [(kind, scale) for kind, row in self.rows.items() for scale in sorted(row.value)]

    def read(self, recipe: str) -> FeatureSet:
        """Return what is ticked.

        Raises
        ------
        UsageError
            Nothing is.
        """
        if not self.choices:
            raise UsageError("no feature is ticked; tick some filters and scales, or press All")
        return make_features(self.choices, recipe)

    def tick(self, choices: list[tuple[str, float]]) -> None:
        """Tick these and no others, and tell it once."""
        if set(choices) == set(self.choices):
            return
        self._is_asked = True
        for kind, row in self.rows.items():
            row.value = [scale for scale in _ALL[kind] if (kind, scale) in choices]
        self._is_asked = False
        self._on_change()


def make_features(choices: list[tuple[str, float]], recipe: str) -> FeatureSet:
    """Return filters at scales, of all bands."""
    return FeatureSet(choices=tuple(FeatureChoice(kind=kind, scale=scale) for kind, scale in choices), recipe=recipe)


def list_all() -> list[tuple[str, float]]:
    """Return all filters and scales of the grid."""
    return [(kind, scale) for kind, scales in _ALL.items() for scale in scales]


def choose_first(bands: int) -> list[tuple[str, float]]:
    """Return filters and scales to begin with, about 20 features of a picture with so many bands.

    Examples
    --------
    >>> make_features(choose_first(3), "ilastik").to_text()
    'smoothing:0.7,1.6,3.5 gradient:1.6,3.5 hessian:1.6'
    >>> [len(make_features(choose_first(bands), "ilastik").columns(bands)) for bands in (1, 3, 7, 30)]
    [21, 21, 21, 30]
    """
    chosen = [_ORDER[0]]
    for one in _ORDER[1:]:
        if len(make_features([*chosen, one], "ilastik").columns(bands)) <= _NUMBER:
            chosen.append(one)
    return chosen
