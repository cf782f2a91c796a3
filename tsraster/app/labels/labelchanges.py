"""Changes of labels as JSON, which a journal keeps: strokes, fills, imported labels, classes."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsraster.app.labels.labeltiles import Codes, Place, find_window
from tsraster.app.labels.strokes import Stroke, check_code
from tsraster.attributetable import Categories
from tsraster.errors import UsageError
from tsraster.lut import RGBA, clean_name

Change = Mapping[str, Any]
"""What stands in a line: "op", and what it needs."""


def describe_stroke(stroke: Stroke) -> Change:
    """Return a stroke as a change."""
    vertices = [list(vertex) for vertex in stroke.vertices]
    return {"op": "stroke", "code": int(stroke.code), "width": stroke.width, "vertices": vertices}


def describe_fill(x: float, y: float, code: int) -> Change:
    """Return a fill as a change; see `LabelBoard.fill`."""
    return {"op": "fill", "x": float(x), "y": float(y), "code": int(code)}


def describe_paste(tiles: Mapping[Place, Codes]) -> Change:
    """Return labels that are imported as a change; see `LabelBoard.paste`."""
    packed = {f"{row},{col}": _pack(tiles[row, col]) for row, col in sorted(tiles)}
    return {"op": "paste", "tiles": packed}


def describe_classes(classes: Categories) -> Change:
    """Return the names and colors of all classes, which replace those before, as a change."""
    return {
        "op": "classes",
        "names": {str(code): name for code, name in sorted(classes.names.items())},
        "colors": {str(code): list(color) for code, color in sorted(classes.colors.items())},
    }


def encode_change(change: Change) -> bytes:
    """Return a change as a line of a journal."""
    return json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parse_classes(change: Change) -> Categories:
    """Return the names and colors of `describe_classes`."""
    names = {_parse_code(code): clean_name(name) for code, name in change["names"].items()}
    colors = {_parse_code(code): _parse_color(color) for code, color in change["colors"].items()}
    return Categories(names={code: name for code, name in names.items() if name}, colors=colors)


def _pack(codes: Codes) -> str:
    return base64.b64encode(zlib.compress(codes.tobytes())).decode()


def unpack_tiles(packed: Mapping[str, str], shape: tuple[int, int]) -> dict[Place, Codes]:
    """Return the labels of `describe_paste`, for a raster of `shape`; a ValueError says that they are none."""
    tiles: dict[Place, Codes] = {}
    for text, content in packed.items():
        row, col = map(int, text.split(","))
        window = find_window((row, col), shape)
        most = max(0, window.rows) * max(0, window.cols)
        # A tile holds so many bytes and no more, whatever a file claims.
        plain = zlib.decompressobj().decompress(base64.b64decode(content, validate=True), most + 1)
        tiles[row, col] = np.frombuffer(plain, np.uint8).reshape(window.rows, window.cols)
    return tiles


def _parse_code(text: str) -> int:
    code = int(text)
    check_code(code)
    return code


def _parse_color(levels: Sequence[int]) -> RGBA:
    red, green, blue, alpha = (*levels, 255)[:4]
    for level in (red, green, blue, alpha):
        if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 255:
            raise UsageError(f"{level!r} is no level of a color; red, green and blue are 0 to 255")
    return red, green, blue, alpha
