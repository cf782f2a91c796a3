"""The text of an MTL file, in each of its three forms, as groups of keys: ODL (.txt), JSON and XML.

Groups keep their names, because a level 2 file says the same key twice: ``REFLECTANCE_MULT_BAND_4`` stands in the group of
level 2 and in that of level 1, with different values. Whatever reads it as one flat list takes the wrong one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from tsraster.errors import MissingSourceError, ReadError

Groups = dict[str, dict[str, str]]
"""The keys of each group, with their values as texts."""

ROOTS = ("LANDSAT_METADATA_FILE", "L1_METADATA_FILE")
"""The outermost groups: of Collection 2, and of all before it."""

_MOST_BYTES = 4 * 2**20
"""Real ones have less than 100 kB."""
_MOST_KEYS = 20_000
_DEEPEST = 8
_COMMENT = re.compile(r"/\*.*?\*/")


class _DamagedError(Exception):
    """What is wrong with a text, without the name of its file."""


def read_groups(path: str | os.PathLike[str]) -> Groups:
    """Read the groups of an MTL file.

    Parameters
    ----------
    path : path
        Its content decides the form, and not its ending.

    Returns
    -------
    dict
        The keys of each group, by the name of the group; quotes are taken off. Of two groups of one name, the first to say a
        key is right.

    Raises
    ------
    MissingSourceError, ReadError
        There is no such file; it cannot be read, is cut off, or is no MTL.
    """
    name = os.fspath(path)
    try:
        return parse_groups(_read_text(Path(path)))
    except _DamagedError as error:
        raise ReadError(f"{name} cannot be read as a Landsat MTL: {error}") from None


def parse_groups(text: str) -> Groups:
    """Parse the text of an MTL file in any of its forms.

    Examples
    --------
    >>> parse_groups('GROUP = L1_METADATA_FILE\\n GROUP = A\\n  KEY = "x"\\n END_GROUP = A\\nEND_GROUP = L1_METADATA_FILE\\nEND')
    {'A': {'KEY': 'x'}}
    """
    start = text.lstrip()[:1]
    parse: Callable[[str], Groups] = {"{": _parse_json, "<": _parse_xml}.get(start, _parse_odl)
    groups = parse(text)
    if sum(map(len, groups.values())) > _MOST_KEYS:
        raise _DamagedError(f"it has over {_MOST_KEYS} keys")
    return groups


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise MissingSourceError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise ReadError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > _MOST_BYTES:
        raise _DamagedError(f"it is larger than {_MOST_BYTES // 2**20} MiB")
    # Older ones are padded with NUL up to 65535 bytes.
    data = data.rstrip(b"\0 \r\n\t\x1a")
    if b"\0" in data:
        raise _DamagedError("it holds bytes that are no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _DamagedError("it is no text in UTF-8") from None


def _check_root(name: str) -> None:
    if name not in ROOTS:
        raise _DamagedError(f"it begins with {name[:40]!r} and not with {' or '.join(ROOTS)}")


def _parse_odl(text: str) -> Groups:
    groups: Groups = {}
    opened: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).strip()
        key, equals, value = (part.strip() for part in line.partition("="))
        if line == "END":
            break
        if not line or (key == "END_GROUP" and opened and _close(opened, value, number)):
            continue
        if not opened:
            _check_root(value if key == "GROUP" else line)
        if not equals or key == "END_GROUP" or len(opened) > _DEEPEST:
            raise _DamagedError(f"line {number} is not KEY = VALUE but {line[:40]!r}")
        if key == "GROUP":
            opened.append(value)
        else:
            groups.setdefault(opened[-1], {}).setdefault(key, _unquote(value))
    if opened:
        raise _DamagedError(f"it is cut off in the group {opened[-1][:60]}; fetch it again")
    if not groups:
        raise _DamagedError("it is empty")
    return groups


def _close(opened: list[str], name: str, number: int) -> bool:
    if name not in ("", opened[-1]):
        raise _DamagedError(f"line {number} ends the group {name[:40]!r} where {opened[-1][:40]!r} is open")
    opened.pop()
    return True


def _unquote(value: str) -> str:
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] == '"' else value


def _parse_json(text: str) -> Groups:
    try:
        tree = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _DamagedError(f"it is no whole JSON ({str(error)[:80]}); fetch it again") from None
    root = next(iter(tree), "")
    _check_root(root)
    groups: Groups = {}
    _collect(groups, root, tree[root], 0)
    return groups


def _collect(groups: Groups, name: str, members: Any, depth: int) -> None:
    if not isinstance(members, dict) or depth > _DEEPEST:
        raise _DamagedError(f"{name[:40]!r} is no group of keys")
    for key, value in members.items():
        if isinstance(value, dict):
            _collect(groups, key, value, depth + 1)
        elif isinstance(value, str):
            groups.setdefault(name, {}).setdefault(key, value.encode("utf-8", "replace").decode().strip())
        elif value is not None:
            raise _DamagedError(f"{key[:40]!r} is neither a text nor a number")


def _parse_xml(text: str) -> Groups:
    reader = _XmlReader()
    try:
        reader.parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise _DamagedError(f"it is no whole XML ({what} in line {error.lineno}); fetch it again") from None
    return reader.groups


class _XmlReader:
    """What expat calls. An element with elements in it is a group; one without is a key."""

    def __init__(self) -> None:
        self.groups: Groups = {}
        self.open: list[str] = []
        self.text: list[str] = []
        self.is_leaf = False
        self.count = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append
        # Definitions could grow without bound, or point to other files; no MTL has any.
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.EntityDeclHandler = self.refuse

    def start(self, name: str, _: dict[str, str]) -> None:
        self.count += 1
        if not self.open:
            _check_root(name)
        if len(self.open) > _DEEPEST or self.count > _MOST_KEYS:
            raise _DamagedError("it is deeper or has more elements than any MTL")
        self.open.append(name)
        self.text.clear()
        self.is_leaf = True

    def end(self, name: str) -> None:
        self.open.pop()
        if self.is_leaf and self.open:
            self.groups.setdefault(self.open[-1], {}).setdefault(name, "".join(self.text).strip())
        self.is_leaf = False

    def refuse(self, *_: object) -> NoReturn:
        raise _DamagedError("it defines document types or entities, which no MTL does")
