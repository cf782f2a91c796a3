"""A class map in each format: codes, palette, names of the classes, nodata, and how it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from affine import Affine

from tsraster.errors import LossWarning, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.classify import classify_file
from tsraster.reading import open_raster, read_categories

Draw = Callable[..., Path]
Info = Callable[[Path], dict[str, Any]]

PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
NAMES = ["sea", 'Moor & Fen <"wet">', "Äcker", "林", ""]
CUTOFFS = [10, 20, 30, 40]
IN_A_ROW = [1, 2, 3, 4, 5]
SPARSE = [1, 50, 100, 180, 200]
LARGE = [1, 300, 40000, 7, 65535]
HUGE = [1, 2, 3, 70000, 4294967295]

FORMATS = {"tif": ("classes.tif", False), "cog": ("classes.tif", True), "png": ("classes.png", False)}
EVERY_FORMAT = pytest.mark.parametrize("form", FORMATS)
CODES = pytest.mark.parametrize("codes", [IN_A_ROW, SPARSE, LARGE], ids=["in-a-row", "sparse", "large"])
TIFFS = pytest.mark.parametrize("form", ["tif", "cog"])


@pytest.fixture
def source(draw_raster: Draw, tmp_path: Path) -> Path:
    """Ten pixels of each class in the first five rows, and a last row without data."""
    pixels = np.arange(1, 61, dtype=np.float32).reshape(6, 10)
    pixels[5] = np.nan
    return draw_raster(tmp_path / "source.tif", pixels, **PLACE)


def write_classes(source: Path, form: str, codes: Sequence[int], **options: Any) -> Path:
    file, cog = FORMATS[form]
    path = source.with_name(file)
    classify_file(source, path, cutoffs=CUTOFFS, values=codes, names=NAMES, cog=cog, **options)
    return path


def make_lut(codes: Sequence[int], alpha: Sequence[int] = (255,) * 5) -> Lut:
    """Colors without any order, so that no code has by chance that of another."""
    colors = np.random.default_rng(7).integers(1, 255, (len(codes), 3))
    rows = sorted((code, (*map(int, color), level)) for code, color, level in zip(codes, colors, alpha, strict=True))
    return Lut(name="own", kind="classes", keys=tuple(c for c, _ in rows), colors=tuple(color for _, color in rows))


@EVERY_FORMAT
@CODES
def test_codes_are_those_of_the_table_and_0_is_nodata(form: str, codes: list[int], source: Path) -> None:
    made = write_classes(source, form, codes)
    with rasterio.open(made) as file:
        assert file.read(1).tolist() == [[code] * 10 for code in (*codes, 0)]
        assert file.dtypes == ("uint16" if max(codes) > 255 else "uint8",)
        assert file.nodata == 0
        assert (file.dataset_mask() != 0).tolist() == [[True] * 10] * 5 + [[False] * 10]


@EVERY_FORMAT
@pytest.mark.parametrize("codes", [IN_A_ROW, SPARSE], ids=["in-a-row", "sparse"])
def test_the_palette_is_the_color_table(form: str, codes: list[int], source: Path) -> None:
    lut = make_lut(codes)
    made = write_classes(source, form, codes, lut=lut)
    with rasterio.open(made) as file:
        palette = file.colormap(1)
        assert file.colorinterp[0].name == "palette"
    assert {code: palette[code] for code in codes} == dict(zip(lut.keys, lut.colors, strict=True))
    assert palette[0] == (0, 0, 0, 0)


@TIFFS
def test_a_palette_of_large_codes(form: str, source: Path) -> None:
    lut = make_lut(LARGE)
    with rasterio.open(write_classes(source, form, LARGE, lut=lut)) as file:
        palette = file.colormap(1)
    assert {code: palette[code] for code in sorted(LARGE)} == dict(zip(lut.keys, lut.colors, strict=True))


def test_a_png_keeps_translucent_colors_in_its_palette(source: Path) -> None:
    lut = make_lut(SPARSE, alpha=[255, 128, 0, 1, 254])
    made = write_classes(source, "png", SPARSE, lut=lut)
    with rasterio.open(made) as file:
        palette = file.colormap(1)
        assert file.crs == PLACE["crs"]
        assert file.transform == PLACE["transform"]
    assert {code: palette[code] for code in SPARSE} == dict(zip(lut.keys, lut.colors, strict=True))
    assert sorted(path.name for path in made.parent.iterdir()) == [
        "classes.pgw",
        "classes.png",
        "classes.png.aux.xml",
        "source.tif",
    ]


@TIFFS
def test_that_a_geotiff_palette_is_opaque_is_said(form: str, source: Path) -> None:
    lut = make_lut(SPARSE, alpha=[255, 128, 0, 1, 254])
    with pytest.warns(LossWarning, match="palette is opaque, because a GeoTIFF palette has no alpha"):
        made = write_classes(source, form, SPARSE, lut=lut)
    with rasterio.open(made) as file:
        palette = file.colormap(1)
    assert [palette[code][:3] for code in SPARSE] == [color[:3] for color in lut.colors]


def list_expected_names(codes: Sequence[int]) -> list[str]:
    """By code; a class without a name has its interval."""
    expected = [""] * (max(codes) + 1)
    for code, name in zip(codes, [*NAMES[:-1], "> 40"], strict=True):
        expected[code] = name
    return expected


@EVERY_FORMAT
@CODES
def test_class_names_are_in_the_aux_xml(form: str, codes: list[int], source: Path) -> None:
    made = write_classes(source, form, codes)
    tree = ElementTree.parse(made.with_name(f"{made.name}.aux.xml"))
    found = tree.findall("PAMRasterBand[@band='1']/CategoryNames/Category")
    assert [category.text or "" for category in found] == list_expected_names(codes)


@EVERY_FORMAT
@CODES
def test_gdalinfo_shows_the_class_names(form: str, codes: list[int], source: Path, gdalinfo: Info) -> None:
    assert gdalinfo(write_classes(source, form, codes))["bands"][0]["categories"] == list_expected_names(codes)


@TIFFS
def test_huge_codes_have_no_palette_but_colors_and_names_in_the_attribute_table(form: str, source: Path) -> None:
    lut = make_lut(HUGE)
    with pytest.warns(LossWarning, match="no palette: .* for codes of uint32; the attribute table carries the colors"):
        made = write_classes(source, form, HUGE, lut=lut)
    with rasterio.open(made) as file:
        assert np.unique(file.read()).tolist() == [0, *HUGE]
    with open_raster(made) as raster:
        found = read_categories(raster)
    assert found.colors == dict(zip(lut.keys, lut.colors, strict=True))
    assert found.names == dict(zip(HUGE, [*NAMES[:-1], "> 40"], strict=True))


def list_table(info: dict[str, Any]) -> dict[str, list[Any]]:
    """The attribute table of the first band, as gdalinfo gives it, by the name of the field."""
    table = info["rat"] if "rat" in info else info["bands"][0]["rat"]
    return {field["name"]: [row["f"][i] for row in table["row"]] for i, field in enumerate(table["fieldDefn"])}


@EVERY_FORMAT
@pytest.mark.parametrize("codes", [IN_A_ROW, SPARSE], ids=["in-a-row", "sparse"])
def test_gdalinfo_shows_the_attribute_table(form: str, codes: list[int], source: Path, gdalinfo: Info) -> None:
    alpha = [255] * 5 if form != "png" else [255, 128, 0, 1, 254]
    lut = make_lut(codes, alpha=alpha)
    table = list_table(gdalinfo(write_classes(source, form, codes, lut=lut)))
    assert table["Value"] == codes
    assert table["Count"] == [10] * 5
    assert table["Class_Name"] == [*NAMES[:-1], "> 40"]
    assert table["Interval"] == ["<= 10", "(10, 20]", "(20, 30]", "(30, 40]", "> 40"]
    colors = [lut.colors[lut.keys.index(code)] for code in codes]
    assert [
        list(color) for color in zip(*(table[name] for name in ("Red", "Green", "Blue", "Alpha")), strict=True)
    ] == [list(color) for color in colors]


def test_the_attribute_table_keeps_the_alpha_that_a_geotiff_palette_has_not(source: Path) -> None:
    lut = make_lut(SPARSE, alpha=[255, 128, 0, 1, 254])
    with pytest.warns(LossWarning, match="the attribute table carries it"):
        made = write_classes(source, "tif", SPARSE, lut=lut)
    with open_raster(made) as raster:
        colors = read_categories(raster).colors
    assert {code: colors[code] for code in SPARSE} == dict(zip(lut.keys, lut.colors, strict=True))


def test_a_stale_attribute_table_is_replaced(source: Path, gdalinfo: Info) -> None:
    first = write_classes(source, "tif", SPARSE, lut=make_lut(SPARSE))
    beside = first.with_name("classes.tif.vat.dbf")
    beside.write_bytes(b"old")
    classify_file(source, first, cutoffs=[30], overwrite=True)
    assert not beside.exists()
    table = list_table(gdalinfo(first))
    assert table == {"Value": [1, 2], "Count": [30, 20], "Class_Name": ["<= 30", "> 30"], "Interval": ["<= 30", "> 30"]}


def test_a_png_of_16_bits_has_no_palette_and_that_is_said(source: Path) -> None:
    with pytest.warns(LossWarning, match="no palette: PNG holds none for codes of uint16; the attribute table"):
        write_classes(source, "png", LARGE, lut=make_lut(LARGE))


def test_a_png_has_no_room_for_huge_codes(source: Path) -> None:
    with pytest.raises(UsageError, match=r"classes.png cannot hold codes above 65535.*write .tif"):
        write_classes(source, "png", HUGE)
    assert [path.name for path in source.parent.iterdir()] == ["source.tif"]


@TIFFS
def test_a_geotiff_is_tiled_and_compressed(form: str, source: Path) -> None:
    with rasterio.open(write_classes(source, form, IN_A_ROW)) as file:
        assert file.block_shapes == [(512, 512)]
        assert file.compression.name == "deflate"


@pytest.mark.parametrize("has_palette", [True, False], ids=["palette", "no-palette"])
def test_a_cog_is_laid_out_as_one(has_palette: bool, draw_raster: Draw, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).random((1100, 700), dtype=np.float32) * 50
    source = draw_raster(tmp_path / "source.tif", pixels, **PLACE)
    made, colors = tmp_path / "classes.tif", tmp_path / "colors.tif"
    more = {"lut": make_lut(SPARSE), "color": colors} if has_palette else {}
    classify_file(source, made, cutoffs=CUTOFFS, values=SPARSE, cog=True, **more)
    for path in (made, colors) if has_palette else (made,):
        with rasterio.open(path) as file:
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert file.overviews(1) == [2, 4]
    with rasterio.open(made, overview_level=0) as small:
        assert set(np.unique(small.read())) == set(SPARSE), "an overview of codes holds codes, and no means of them"
    with rasterio.open(made) as file:
        found = file.read(1)
    np.testing.assert_array_equal(found, np.array(SPARSE)[np.digitize(pixels, np.float32(CUTOFFS), right=True)])


def test_gdalinfo_takes_it_for_a_cog(draw_raster: Draw, tmp_path: Path, gdalinfo: Info) -> None:
    source = draw_raster(tmp_path / "source.tif", np.arange(700 * 600, dtype=np.float32).reshape(700, 600), **PLACE)
    made, colors = tmp_path / "classes.tif", tmp_path / "colors.tif"
    classify_file(source, made, bins=5, lut="thermal", color=colors, cog=True)
    for path in (made, colors):
        info = gdalinfo(path)
        assert info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
        assert info["metadata"]["IMAGE_STRUCTURE"]["COMPRESSION"] == "DEFLATE"
        assert [overview["size"] for overview in info["bands"][0]["overviews"]] == [[300, 350]]
