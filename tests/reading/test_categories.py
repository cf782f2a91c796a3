"""Names and colors of class codes, out of whatever GDAL opens."""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine

from tests.pipeline.conftest import find_gdal312
from tsraster.attributetable import Categories
from tsraster.raster import without_place_warning
from tsraster.reading import open_raster, read_categories

Draw = Callable[..., Path]

CODES = np.array([[1, 2, 7], [7, 1, 0]], np.uint8)
PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
NAMES = {1: "Sea", 2: 'Moor & Fen <"wet">', 7: "Äcker 林"}
COLORS = {1: (0, 0, 255, 255), 2: (10, 20, 30, 255), 7: (255, 200, 0, 255)}

SIDECAR = """<PAMDataset><PAMRasterBand band="{band}"><GDALRasterAttributeTable tableType="thematic">
<FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>
<FieldDefn index="1"><Name>Class_Name</Name><Type>2</Type><Usage>2</Usage></FieldDefn>
<FieldDefn index="2"><Name>Red</Name><Type>0</Type><Usage>6</Usage></FieldDefn>
<FieldDefn index="3"><Name>Green</Name><Type>0</Type><Usage>7</Usage></FieldDefn>
<FieldDefn index="4"><Name>Blue</Name><Type>0</Type><Usage>8</Usage></FieldDefn>
<Row index="0"><F>1</F><F>Sea</F><F>0</F><F>0</F><F>255</F></Row>
<Row index="1"><F>2</F><F>Moor &amp; Fen &lt;"wet"&gt;</F><F>10</F><F>20</F><F>30</F></Row>
<Row index="2"><F>7</F><F>Äcker 林</F><F>255</F><F>200</F><F>0</F></Row>
</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>"""


def read(name: Path | str, band: int = 1) -> Categories:
    with open_raster(name) as raster:
        return read_categories(raster, band)


def write_sidecar(path: Path, band: int = 1) -> Path:
    path.with_name(f"{path.name}.aux.xml").write_text(SIDECAR.format(band=band), encoding="utf-8")
    return path


def convert(source: Path, destination: Path, driver: str, **options: Any) -> Path:
    with without_place_warning():
        rasterio.shutil.copy(source, destination, driver=driver, **options)
    return destination


@pytest.fixture
def painted(draw_raster: Draw, tmp_path: Path) -> Path:
    """The same with a palette, and with a row for each code from 0 on, as ERDAS has it."""
    path = draw_raster(tmp_path / "painted.tif", CODES, palette=COLORS, **PLACE)
    rows = "".join(
        f'<Row index="{code}"><F>{escape(NAMES.get(code, ""))}</F>'
        f"{''.join(f'<F>{level}</F>' for level in COLORS.get(code, (0, 0, 0))[:3])}</Row>"
        for code in range(256)
    )
    fields = [("Class_Name", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8)]
    head = "".join(
        f'<FieldDefn index="{i}"><Name>{name}</Name><Type>{kind}</Type><Usage>{usage}</Usage></FieldDefn>'
        for i, (name, kind, usage) in enumerate(fields)
    )
    path.with_name("painted.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable Row0Min="0" BinSize="1" tableType="thematic">'
        f"{head}{rows}</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def classes(draw_raster: Draw, tmp_path: Path) -> Path:
    """A GeoTIFF whose sidecar holds names and colors."""
    return write_sidecar(draw_raster(tmp_path / "classes.tif", CODES, **PLACE))


def test_a_geotiff_with_its_sidecar(classes: Path) -> None:
    assert read(classes) == Categories(names=NAMES, colors=COLORS)


@pytest.mark.parametrize(
    ("driver", "file"),
    [("COG", "a.tif"), ("HFA", "a.img"), ("PNG", "a.png"), ("PCIDSK", "a.pix"), ("ENVI", "a.dat"), ("VRT", "a.vrt"),
     ("GIF", "a.gif"), ("BMP", "a.bmp"), ("MRF", "a.mrf"), ("RST", "a.rst")],
)  # fmt: skip
def test_what_gdal_copies_into_another_format_is_read_there(driver: str, file: str, painted: Path) -> None:
    with rasterio.Env() as env:
        if driver not in env.drivers():
            pytest.skip(f"this GDAL has no {driver}")
    found = read(convert(painted, painted.with_name(file), driver))
    assert found.names == NAMES
    assert {code: found.colors[code] for code in COLORS} == COLORS


@pytest.mark.parametrize(("driver", "file"), [("COG", "a.tif"), ("PNG", "a.png"), ("VRT", "a.vrt"), ("MRF", "a.mrf")])
def test_a_copy_without_a_palette_has_the_colors_of_the_table(driver: str, file: str, classes: Path) -> None:
    assert read(convert(classes, classes.with_name(file), driver)) == Categories(names=NAMES, colors=COLORS)


def test_an_erdas_file_holds_its_table_itself(painted: Path) -> None:
    made = convert(painted, painted.with_name("a.img"), "HFA")
    made.with_name("a.img.aux.xml").unlink(missing_ok=True)
    found = read(made)
    assert found.names == NAMES
    assert {code: found.colors[code] for code in COLORS} == COLORS


def test_an_erdas_file_of_rasterio_has_a_palette_of_its_own(draw_raster: Draw, tmp_path: Path) -> None:
    made = draw_raster(tmp_path / "a.img", CODES, driver="HFA", palette=COLORS)
    found = read(made)
    assert found.names == {}
    assert {code: found.colors[code] for code in COLORS} == COLORS


def test_an_envi_file_with_names_and_colors_in_its_header(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CODES.tobytes())
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 3\nlines = 2\nbands = 1\nheader offset = 0\nfile type = ENVI Classification\ndata type = 1\n"
        "interleave = bsq\nbyte order = 0\nclasses = 3\nclass names = {\n Unclassified, Open Water,\n Shrub/Scrub}\n"
        "class lookup = {0,0,0, 0,0,255, 10,20,30}\n"
    )
    found = read(tmp_path / "a")
    assert found.names == {0: "Unclassified", 1: "Open Water", 2: "Shrub/Scrub"}
    assert found.colors == {0: (0, 0, 0, 255), 1: (0, 0, 255, 255), 2: (10, 20, 30, 255)}


def test_a_palette_png_has_colors_with_alpha(draw_raster: Draw, tmp_path: Path) -> None:
    from PIL import Image

    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    picture.putpalette([9, 8, 7, 0, 0, 255, 10, 20, 30])
    picture.save(tmp_path / "p.png", transparency=bytes([0, 255, 128]))
    found = read(tmp_path / "p.png")
    assert found.names == {}
    assert [found.colors[code] for code in range(3)] == [(9, 8, 7, 0), (0, 0, 255, 255), (10, 20, 30, 128)]


def test_a_palette_of_a_geotiff_without_a_sidecar(draw_raster: Draw, tmp_path: Path) -> None:
    found = read(draw_raster(tmp_path / "p.tif", CODES, palette=COLORS, **PLACE))
    assert found.names == {}
    assert {code: found.colors[code] for code in COLORS} == COLORS
    assert len(found.colors) == 256


def test_a_vrt_holds_category_names_a_palette_and_a_table_of_its_own(draw_raster: Draw, tmp_path: Path) -> None:
    draw_raster(tmp_path / "under.tif", CODES)
    parts = (
        "<CategoryNames><Category/><Category>sea</Category><Category>wood</Category></CategoryNames>"
        '<ColorTable><Entry c1="1" c2="2" c3="3" c4="255"/><Entry c1="4" c2="5" c3="6" c4="7"/></ColorTable>'
    )
    (tmp_path / "a.vrt").write_text(
        f'<VRTDataset rasterXSize="3" rasterYSize="2"><VRTRasterBand dataType="Byte" band="1">{parts}<SimpleSource>'
        '<SourceFilename relativeToVRT="1">under.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    assert read(tmp_path / "a.vrt") == Categories(
        names={1: "sea", 2: "wood"}, colors={0: (1, 2, 3, 255), 1: (4, 5, 6, 7)}
    )


def test_each_of_several_bands_has_its_own(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "two.tif", np.stack([CODES, CODES, CODES]), photometric="minisblack", **PLACE)
    write_sidecar(path, band=2)
    assert read(path, 1) == Categories(names={}, colors={})
    assert read(path, 2) == Categories(names=NAMES, colors=COLORS)
    assert read(path, 3) == read(path, 9) == Categories(names={}, colors={})


@pytest.mark.parametrize(
    "name", ["a\"b'c.tif", "a & <b>.tif", "zażółć 林.tif", "100 %20 {1}.tif", "a,b;c=d#e.tif", "a!b.tif"]
)
def test_a_path_may_hold_anything(name: str, classes: Path) -> None:
    path = classes.with_name(name)
    shutil.copy(classes, path)
    shutil.copy(f"{classes}.aux.xml", f"{path}.aux.xml")
    assert read(path) == Categories(names=NAMES, colors=COLORS)


def test_a_path_from_here(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(classes.parent)
    assert read("classes.tif") == read("./classes.tif") == Categories(names=NAMES, colors=COLORS)


@pytest.mark.parametrize(
    "name", ["/vsizip/{}/inner/classes.tif", "/vsizip/{{{}}}/inner/classes.tif", "zip://{}!inner/classes.tif"]
)
def test_a_raster_within_an_archive(name: str, classes: Path) -> None:
    archive = classes.with_name("archive.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for path in (classes, classes.with_name("classes.tif.aux.xml")):
            file.write(path, f"inner/{path.name}")
    assert read(name.format(archive)) == Categories(names=NAMES, colors=COLORS)


def test_a_url_of_a_file(classes: Path) -> None:
    assert read(classes.as_uri()) == Categories(names=NAMES, colors=COLORS)


def test_a_part_of_a_container(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "p.tif", CODES, palette=COLORS, **PLACE)
    found = read(f"GTIFF_DIR:1:{path}")
    assert {code: found.colors[code] for code in COLORS} == COLORS


@pytest.mark.parametrize("dtype", ["complex64", "float32", "int16", "uint32", "int64", "uint64"])
def test_any_type_of_numbers(dtype: str, draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "n.tif", CODES.astype(dtype), **PLACE)
    assert read(path) == Categories(names={}, colors={})
    assert read(write_sidecar(path)) == Categories(names=NAMES, colors=COLORS)


def test_a_raster_that_is_gone_has_none(classes: Path) -> None:
    with open_raster(classes) as raster:
        classes.unlink()
        assert read_categories(raster) == Categories(names={}, colors={})


def write_dbase(path: Path, fields: list[tuple[str, str, int]], rows: list[tuple[object, ...]]) -> None:
    """Write a dBASE III file, as ESRI's programs put it beside a GeoTIFF."""
    size = 1 + sum(length for _, _, length in fields)
    head = struct.pack("<B3BIHH20x", 3, 124, 1, 1, len(rows), 32 + 32 * len(fields) + 1, size)
    defined = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), length, 0) for name, kind, length in fields
    )
    body = b"".join(
        b" " + b"".join(
            str(cell).encode().rjust(length) if kind == "N" else str(cell).encode().ljust(length)
            for cell, (_, kind, length) in zip(row, fields, strict=True)
        )
        for row in rows
    )  # fmt: skip
    path.write_bytes(head + defined + b"\r" + body + b"\x1a")


def test_a_table_of_esri_beside_a_geotiff(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "v.tif", CODES, **PLACE)
    rows: list[tuple[object, ...]] = [(1, 2, "Sea"), (7, 2, "Wood")]
    write_dbase(tmp_path / "v.tif.vat.dbf", [("Value", "N", 9), ("Count", "N", 9), ("Class_Name", "C", 20)], rows)
    found = read(path)
    if not found.names:
        pytest.skip(f"GDAL {rasterio.__gdal_version__} reads no .vat.dbf")
    assert found.names == {1: "Sea", 7: "Wood"}


def test_a_table_within_a_geotiff_of_gdal_312(classes: Path) -> None:
    gdal312 = find_gdal312()
    made = classes.with_name("embedded.tif")
    assert gdal312("raster", "convert", classes, made)
    made.with_name("embedded.tif.aux.xml").unlink(missing_ok=True)
    found = read(made)
    if not found.names:
        pytest.skip(f"GDAL {rasterio.__gdal_version__} does not read the table that GDAL 3.12 puts into a GeoTIFF")
    assert found.names == NAMES
