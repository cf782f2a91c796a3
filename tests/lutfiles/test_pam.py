"""The sidecar of a raster: what is read of it, and what stays when names and colors are replaced."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tsraster.errors import LutFormatError
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.lutfiles.lutformat import LutFile
from tsraster.lutfiles.pamsidecar import amend_pam, read_pam, write_pam

RED, BLUE = (200, 0, 0, 255), (0, 0, 200, 128)
LAND = Lut(name="mine", kind="classes", keys=(1, 7), colors=(RED, BLUE), names=("wood", "open <water> & ice"))
BARE = Lut(name="mine", kind="classes", keys=(2,), colors=(RED,))

ENTRIES = "".join(f'<Entry c1="{i}" c2="0" c3="0" c4="255"/>' for i in (0, 9))
OLD = f"""<PAMDataset>
  <SRS>EPSG:32616</SRS>
  <Metadata><MDI key="AREA_OR_POINT">Point</MDI><MDI key="note">of &lt;before&gt;</MDI></Metadata>
  <Metadata domain="xml:mine" format="xml"><own at="here">text</own></Metadata>
  <PAMRasterBand band="2"><Description>second</Description>
    <ColorTable>{ENTRIES}</ColorTable></PAMRasterBand>
  <PAMRasterBand band="1">
    <Description>cover</Description>
    <ColorInterp>Palette</ColorInterp>
    <CategoryNames><Category>none</Category><Category>old</Category></CategoryNames>
    <ColorTable>{ENTRIES}</ColorTable>
    <Histograms><HistItem><HistMin>0</HistMin></HistItem></Histograms>
    <Metadata><MDI key="STATISTICS_MEAN">3.5</MDI></Metadata>
    <GDALRasterAttributeTable><FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>
      <Row index="0"><F>5</F></Row></GDALRasterAttributeTable>
  </PAMRasterBand>
</PAMDataset>
"""


def read(data: bytes) -> Lut:
    return read_pam(LutFile(name="mine", data=data))


def amend(old: str | bytes, lut: Lut) -> bytes:
    return amend_pam(LutFile(name="mine", data=old.encode() if isinstance(old, str) else old), lut)


def shape(element: ElementTree.Element | None) -> Any:
    """Everything that an element says, without the space between elements."""
    assert element is not None
    return element.tag, element.attrib, (element.text or "").strip(), [shape(child) for child in element]


@pytest.mark.parametrize("lut", [LAND, BARE], ids=["names", "no names"])
@pytest.mark.parametrize("old", [OLD, "<PAMDataset/>", '<PAMDataset><PAMRasterBand band="2"/></PAMDataset>'])
def test_what_is_amended_is_read_back_as_the_table(old: str, lut: Lut) -> None:
    assert read(amend(old, lut)) == lut
    assert read(amend(amend(old, LAND), lut)) == lut


def test_all_else_stays_as_it_was() -> None:
    before, after = ElementTree.fromstring(OLD), ElementTree.fromstring(amend(OLD, LAND))
    for path in ("SRS", "Metadata", "Metadata[@domain]", "PAMRasterBand[@band='2']"):
        assert shape(after.find(path)) == shape(before.find(path))
    for tag in ("Description", "Histograms", "Metadata"):
        assert shape(after.find(f"PAMRasterBand[@band='1']/{tag}")) == shape(
            before.find(f"PAMRasterBand[@band='1']/{tag}")
        )
    band = after.find("PAMRasterBand[@band='1']")
    assert band is not None
    tags = [child.tag for child in band]
    assert sorted(tags) == sorted(set(tags))
    # A color table would go before the attribute table, and its role has no sense without it.
    assert "ColorTable" not in tags
    assert "ColorInterp" not in tags


def test_names_that_are_no_more_are_gone() -> None:
    assert b"CategoryNames" in amend(OLD, LAND)
    assert b"CategoryNames" not in amend(OLD, BARE)


def test_another_role_of_the_band_stays() -> None:
    assert b"<ColorInterp>Gray</ColorInterp>" in amend(OLD.replace("Palette", "Gray"), BARE)


def test_the_first_band_is_the_one_with_the_lowest_number() -> None:
    first, second = (re.sub(rb"</?PAMDataset>\s*", b"", write_pam(lut)) for lut in (LAND, BARE))
    other = b"<PAMDataset>" + second.replace(b'band="1"', b'band="10"') + first + b"</PAMDataset>"
    assert read(other) == LAND
    assert read(other.replace(b'band="1"', b'band="11"')) == BARE
    for odd in (b"", b"x", b"-1", b"9" * 5000, "²".encode()):
        assert read(other.replace(b'band="10"', b'band="' + odd + b'"')) == LAND


@pytest.mark.parametrize(
    ("old", "says"),
    [
        ("", r"line 1: this is no well-formed XML \(no element found\)"),
        ("no XML", r"line 1: this is no well-formed XML \(syntax error\)"),
        (OLD[:-20], r"line \d+: this is no well-formed XML"),
        ("<other/>", "this is no sidecar of a raster: its outermost element is other and not PAMDataset"),
        (f"<{'x' * 300}/>", r"its outermost element is x+\.\.\. and not PAMDataset"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><PAMDataset>&b;</PAMDataset>', "this XML defines or uses entities of its own"),
        (
            "<PAMDataset><x:a/></PAMDataset>",
            r"this is no well-formed XML \(unbound prefix.*\); remove it, or save it again",
        ),
        (b"<PAMDataset>\xff</PAMDataset>", "this is no well-formed XML"),
        ("<?xml version='1.0' encoding='martian'?><PAMDataset/>", "encoding"),
    ],
    ids=["empty", "text", "cut", "other", "long", "entity", "prefix", "bytes", "encoding"],
)
def test_what_is_no_sidecar_is_not_amended(old: str | bytes, says: str) -> None:
    with pytest.raises(LutFormatError, match=says) as caught:
        amend(old, LAND)
    assert str(caught.value).startswith("mine")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_a_sidecar_in_another_encoding_is_amended(encoding: str) -> None:
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    old = f"<?xml version='1.0' encoding='{named}'?><PAMDataset><Metadata><MDI key='é'>ü</MDI></Metadata></PAMDataset>"
    root = ElementTree.fromstring(amend(old.encode(encoding), LAND))
    assert root.findtext("Metadata/MDI[@key='é']") == "ü"
    assert read(amend(old.encode(encoding), LAND)) == LAND


def test_a_sidecar_that_gdal_wrote_is_amended_and_gdal_reads_it(
    tmp_path: Path, draw_raster: Callable[..., Path], gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    from rasterio.control import GroundControlPoint

    gcps = [GroundControlPoint(row=r, col=c, x=5e5 + c, y=4e6 - r) for r, c in ((0, 0), (0, 8), (8, 0), (8, 8))]
    pixels = np.tile(np.array([1, 7, 1], np.uint8), (9, 3))
    path = draw_raster(
        tmp_path / "c.png",
        pixels,
        driver="PNG",
        gcps=(gcps, "EPSG:32616"),
        tags={"AREA_OR_POINT": "Point", "note": "mine"},
    )
    sidecar = path.with_name("c.png.aux.xml")
    assert b"GCPList" in sidecar.read_bytes()
    old = tmp_path / "old.png"
    shutil.copy(path, old)
    shutil.copy(sidecar, tmp_path / "old.png.aux.xml")
    sidecar.write_bytes(amend_pam(LutFile(name=os.fspath(sidecar), data=sidecar.read_bytes()), LAND))
    before, after = gdalinfo(old), gdalinfo(path)
    assert after["gcps"] == before["gcps"]
    assert len(after["gcps"]["gcpList"]) == 4
    assert after["metadata"][""] == before["metadata"][""]
    assert after["metadata"][""]["note"] == "mine"
    assert [row["f"] for row in after["rat"]["row"]] == [
        [code, name, *color] for code, name, color in zip(LAND.keys, LAND.names, LAND.colors, strict=True)
    ]
    assert read_lut(sidecar) == replace(LAND, name=str(sidecar))
