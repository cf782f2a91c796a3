"""XML as a tree: names, lines and encodings, and that nothing dangerous or wrong comes through."""

from __future__ import annotations

import pytest

from tsraster.errors import LutFormatError
from tsraster.lutfiles.lutformat import LutFile
from tsraster.lutfiles.xmltree import Element, find_root_name, read_xml

DOCTYPE = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def read(data: bytes) -> Element:
    return read_xml(LutFile(name="mine", data=data))


def test_an_element_knows_its_name_attributes_text_and_line() -> None:
    root = read(b'<a>\n one <x:b\n x:c="1" d="&lt;"> two </x:b> three <b/>\n</a>')
    assert (root.name, root.line, root.text) == ("a", 1, "one  three")
    first, second = root.list_children("b")
    assert (first.attributes, first.line, first.text) == ({"c": "1", "d": "<"}, 2, "two")
    assert (second.attributes, second.line) == ({}, 3)


def test_an_attribute_without_prefix_wins_over_the_same_with_one() -> None:
    assert read(b'<a x:b="1" b="2" y:b="3"/>').attributes == {"b": "2"}


def test_elements_are_found_in_the_order_in_which_they_begin() -> None:
    root = read(b"<a><b><c>1</c></b><c>2</c></a>")
    assert [element.name for element in root.walk()] == ["a", "b", "c", "c"]
    assert [found.text for found in (root.find("c"), root.find_child("c")) if found] == ["1", "2"]
    assert root.find("d") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_other_encodings_are_read(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<a b="é"/>'
    assert read(text.encode(encoding)).attributes == {"b": "é"}


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-7", "base64", "nothing", "idna", "utf-32"])
def test_an_encoding_that_cannot_be_read_is_refused(encoding: str) -> None:
    with pytest.raises(LutFormatError, match="encoding that is not known"):
        read(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())


def test_the_doctype_of_qgis_is_passed_over_and_lines_stay_right() -> None:
    assert read(DOCTYPE + b"<qgis/>").line == 2


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://localhost/x"> %x;]><a/>',
        b"<!DOCTYPE a [ ]><a/>",
        b"<!DOCTYPE a SYSTEM 'x' [<!ATTLIST a b CDATA 'c'>]><a/>",
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode("utf-16"),
    ],
    ids=["internal", "nested", "external", "parameter", "empty", "attribute list", "UTF-16"],
)
def test_definitions_in_the_file_are_refused(data: bytes) -> None:
    with pytest.raises(LutFormatError, match="entities of its own"):
        read(data)


@pytest.mark.parametrize(
    "head", [b"", DOCTYPE, b"<!DOCTYPE a SYSTEM 'file:///etc/hostname'>\n"], ids=["none", "QGIS", "file"]
)
@pytest.mark.parametrize("body", [b"<a>caf&eacute;</a>", b'<a b="caf&eacute;"/>'], ids=["text", "attribute"])
def test_an_entity_that_is_defined_nowhere_is_not_dropped_in_silence(head: bytes, body: bytes) -> None:
    with pytest.raises(LutFormatError, match="undefined entity") as caught:
        read(head + body)
    assert caught.value.line == head.count(b"\n") + 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"\0",
        b"<a",
        b"<a>\n</b>",
        b"<a/><b/>",
        b'<a b="1" b="2"/>',
        b"<a>\xff</a>",
        b"<a>\x00</a>",
        b"<a>&#0;</a>",
        b"1,2",
    ],
)
def test_what_is_no_xml_is_refused_with_its_line(data: bytes) -> None:
    with pytest.raises(LutFormatError, match=r"^mine, line [12]: this is no well-formed XML"):
        read(data)


def test_a_file_may_be_64_deep_and_no_deeper() -> None:
    assert len(list(read(b"<a>" * 64 + b"</a>" * 64).walk())) == 64
    with pytest.raises(LutFormatError, match="deeper than 64"):
        read(b"<a>" * 65 + b"</a>" * 65)


def test_too_many_elements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsraster.lutfiles.xmltree._MOST", 10)
    assert len(read(b"<a>" + b"<b/>" * 9 + b"</a>").children) == 9
    with pytest.raises(LutFormatError, match="over 10 elements"):
        read(b"<a>" + b"<b/>" * 10 + b"</a>")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (DOCTYPE + b"<qgis version='3'>", "qgis"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- <b> --> <sld:a/>", "a"),
        ("<a/>".encode("utf-16"), "a"),
        (b"", ""),
        (b"1 2 3", ""),
        (b"\0\xff", ""),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a/>', ""),
        (b'<?xml version="1.0" encoding="nothing"?><a/>', ""),
    ],
)
def test_the_root_is_named_without_reading_the_whole(data: bytes, name: str) -> None:
    assert find_root_name(data) == name
