"""What was found in training, as HTML for a narrow pane: accuracy and its limits, mistakes, pixels by class, importances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tsraster.app.cutoffs.classlist import to_hex
from tsraster.app.desk import escape
from tsraster.learning.importances import Importance
from tsraster.lut import RGBA
from tsraster.measuring.confusion import Confusion
from tsraster.pipeline.learning.fitting import Training

_MOST_MISTAKES = 3
_MOST_BARS = 8
_NOTES = {
    "out-of-bag": "It flatters: the neighbors of each pixel were trained on. Check the saved model elsewhere.",
    "blocks": "Of pixels whose surroundings were not trained on.",
}
_SWATCH = "display:inline-block;width:11px;height:11px;border:1px solid #888;margin-right:5px;vertical-align:-1px"
_CELL = "padding:1px 0;text-align:right"
_TEXT = "padding:1px 6px 1px 0;max-width:168px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
_NOTE = "color:#5f6b76"
_TABLE = "width:100%;border-collapse:collapse;table-layout:auto;margin:4px 0 6px 0"


def describe_training(training: Training, names: Mapping[int, str], colors: Mapping[int, RGBA]) -> str:
    """Return all that was found, as HTML.

    Parameters
    ----------
    training : Training
    names, colors : mappings of codes
        Of the classes as they are called now.
    """
    parts = [_describe_accuracy(training, names), _list_classes(training, names, colors)]
    if training.importances:
        parts.append(_draw_bars(training.importances))
    return "".join(parts)


def say_accuracy(training: Training) -> str:
    """Return the accuracy in a sentence.

    It is the share of labeled pixels of which trees, or models, that had not seen them were right.
    """
    if training.confusion is None or training.method is None:
        return ""
    name = "Out-of-bag accuracy" if training.method == "out-of-bag" else "Accuracy in blocks"
    error = "" if training.standard_error is None else f" \N{PLUS-MINUS SIGN} {100 * training.standard_error:.1f}"
    pixels = training.confusion.pixels
    return f"{name} {100 * training.confusion.overall_accuracy:.1f}{error} % of {pixels} pixels"


def list_mistakes(confusion: Confusion, names: Mapping[int, str]) -> list[str]:
    """Return the most frequent mistakes in words.

    Examples
    --------
    >>> table = Confusion.of_pairs({(1, 1): 90, (2, 1): 10, (2, 2): 50})
    >>> list_mistakes(table, {1: "quartz", 2: "feldspar"})
    ['10 of 100 quartz taken for feldspar']
    """
    counts = confusion.counts.copy()
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:_MOST_MISTAKES].tolist()
    found = [divmod(place, len(confusion.codes)) for place in order]
    labeled = confusion.counts.sum(axis=0)
    return [
        f"{counts[row, col]} of {labeled[col]} {_name(confusion.codes[col], names)} "
        f"taken for {_name(confusion.codes[row], names)}"
        for row, col in found
        if counts[row, col]
    ]


def _name(code: int, names: Mapping[int, str]) -> str:
    return names.get(code) or f"class {code}"


def _describe_accuracy(training: Training, names: Mapping[int, str]) -> str:
    if training.confusion is None or training.method is None:
        return f'<div style="{_NOTE}">The accuracy is not known yet.</div>'
    mistakes = "".join(f"<div>{escape(text)}</div>" for text in list_mistakes(training.confusion, names))
    note = _NOTES.get(training.method, "")
    return f'<div><b>{say_accuracy(training)}</b></div><div style="{_NOTE}">{note}</div>{mistakes}'


def _list_classes(training: Training, names: Mapping[int, str], colors: Mapping[int, RGBA]) -> str:
    head = f'<tr style="{_NOTE}"><td>class</td><td style="{_CELL}">labeled</td><td style="{_CELL}">used</td></tr>'
    return f'<table style="{_TABLE}">{head}{"".join(_list_rows(training, names, colors))}</table>'


def _list_rows(training: Training, names: Mapping[int, str], colors: Mapping[int, RGBA]) -> Iterator[str]:
    own = dict(zip(training.model.codes, training.model.lut.colors, strict=True)) | dict(colors)
    for code, used in training.used.items():
        swatch = f'<span style="{_SWATCH};background:{to_hex(own[code])}"></span>'
        name = escape(_name(code, names))
        yield (
            f'<tr><td style="{_TEXT}">{swatch}{name}</td>'
            f'<td style="{_CELL}">{training.labeled[code]}</td><td style="{_CELL}">{used}</td></tr>'
        )


def _draw_bars(importances: tuple[Importance, ...]) -> str:
    most = importances[0].share or 1.0
    rows = "".join(
        f'<tr><td style="{_TEXT}">{one.kind} {one.scale:g}</td><td style="width:120px">'
        f'<div style="height:9px;background:#4c78a8;width:{max(1, round(118 * one.share / most))}px"></div></td>'
        f'<td style="{_CELL}">{100 * one.share:.0f} %</td></tr>'
        for one in importances[:_MOST_BARS]
    )
    head = f'<tr style="{_NOTE}"><td colspan="3">what the trees decide by</td></tr>'
    return f'<table style="{_TABLE}">{head}{rows}</table>'
