"""XML as a tree of elements that know their line, read so that nothing outside of the file is ever touched.

Names are local: ``sld:ColorMap`` and ``ColorMap`` are the same here, whatever the prefix stands for. A ``DOCTYPE`` may name its
definition, as every style of QGIS does, but must not hold any: entities could grow without bound, or point to other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from tsraster.errors import LutFormatError
from tsraster.lutfiles.lutformat import LutFile, shorten

_DEEPEST = 64
"""Color tables are less than 20 elements deep."""
_MOST = 500_000
"""Elements; each takes memory."""
_HEAD = 2**16
"""The root begins in the first bytes."""
_DOCTYPE = re.compile(rb"""<!DOCTYPE(?:[^\[<>"']|"[^"]*"|'[^']*')*>""")


@dataclass(slots=True, eq=False)
class Element:
    """An element: its name and attributes without prefixes, its own text, the elements in it, and the line it begins in."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def list_children(self, name: str) -> list[Element]:
        """Return the elements of a name that are directly in this one."""
        return [child for child in self.children if child.name == name]

    def find_child(self, name: str) -> Element | None:
        """Return the first element of a name that is directly in this one."""
        return next((child for child in self.children if child.name == name), None)

    def find(self, name: str) -> Element | None:
        """Return the first element of a name, this one or one in it at any depth."""
        return next((element for element in self.walk() if element.name == name), None)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all in it, in the order in which they begin."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def read_xml(file: LutFile) -> Element:
    """Read a file, and return its outermost element.

    Parameters
    ----------
    file : LutFile
        The content, in UTF-8, UTF-16, or the encoding of single bytes that it names.

    Returns
    -------
    Element
        Its text, and that of the elements in it, is without the space around it.

    Raises
    ------
    LutFormatError
        It is no XML, in an encoding that is not known, too large or too deep, or holds definitions of entities.

    Examples
    --------
    >>> root = read_xml(LutFile(name="mine", data=b'<a xmlns:x="y">\\n<x:b x:c="1">two</x:b></a>'))
    >>> b = root.find("b")
    >>> b.attributes, b.text, b.line
    ({'c': '1'}, 'two', 2)
    """
    builder = _Builder(file)
    # Without the line, a name that nothing defines is an error; with it, expat drops the name in silence.
    builder.parse(_blank_doctype(file.data))
    return builder.finish()


def find_root_name(data: bytes) -> str:
    """Return the name of the outermost element, or an empty text where the content does not begin as XML.

    Examples
    --------
    >>> find_root_name(b"<!-- mine --><sld:a><b/></sld:a>"), find_root_name(b"1,2,3")
    ('a', '')
    """
    found: list[str] = []

    def stop(name: str, _: Any) -> NoReturn:
        found.append(_strip_prefix(name))
        raise StopIteration

    parser = expat.ParserCreate()
    parser.StartElementHandler = stop
    parser.EntityDeclHandler = _refuse_anything
    with suppress(expat.ExpatError, StopIteration, ValueError, LookupError):
        parser.Parse(data[:_HEAD], False)
    return found[0] if found else ""


def _refuse_anything(*_: Any) -> NoReturn:
    raise StopIteration


def _blank_doctype(data: bytes) -> bytes:
    """Take out a ``DOCTYPE`` that holds no definitions, and keep the lines."""
    found = _DOCTYPE.search(data, 0, _HEAD)
    return (
        data if found is None else b"".join([data[: found.start()], b"\n" * found[0].count(b"\n"), data[found.end() :]])
    )


def _strip_prefix(name: str) -> str:
    return name.rpartition(":")[2]


class _Builder:
    """What expat calls, and the elements that are not closed yet."""

    def __init__(self, file: LutFile) -> None:
        self.file = file
        self.open: list[tuple[Element, list[str]]] = []
        self.root: Element | None = None
        self.count = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.add_text
        self.parser.StartDoctypeDeclHandler = self.check_doctype
        for handler in ("EntityDeclHandler", "ExternalEntityRefHandler", "SkippedEntityHandler", "AttlistDeclHandler"):
            setattr(self.parser, handler, self.refuse)

    def parse(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except LutFormatError:
            raise
        except expat.ExpatError as error:
            problem = f"this is no well-formed XML ({expat.ErrorString(error.code)}); save it again in the program that made it"
            raise self.file.error(problem, error.lineno) from None
        except (ValueError, LookupError) as error:
            problem = f"this XML is in an encoding that is not known ({shorten(str(error))}); save the file as UTF-8"
            raise self.file.error(problem, self.parser.CurrentLineNumber) from None

    def finish(self) -> Element:
        if self.root is None:
            raise self.file.error("this XML holds no element")
        return self.root

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= _DEEPEST or self.count > _MOST:
            raise self.error(f"this XML has over {_MOST} elements or is deeper than {_DEEPEST}, and so no color table")
        plain = {_strip_prefix(key): value for key, value in attributes.items() if ":" in key}
        plain |= {key: value for key, value in attributes.items() if ":" not in key}
        element = Element(_strip_prefix(name), plain, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1][0].children.append(element)
        else:
            self.root = element
        self.open.append((element, []))

    def end(self, _: str) -> None:
        element, texts = self.open.pop()
        element.text = "".join(texts).strip()

    def add_text(self, text: str) -> None:
        self.open[-1][1].append(text)

    def check_doctype(self, _name: str, _system: str | None, _public: str | None, has_definitions: int) -> None:
        if has_definitions:
            self.refuse()

    def refuse(self, *_: object) -> NoReturn:
        raise self.error(
            "this XML defines or uses entities of its own, which is not allowed; write the text itself instead"
        )

    def error(self, problem: str) -> LutFormatError:
        return self.file.error(problem, self.parser.CurrentLineNumber)
