"""Every name and color of real land cover survives, whichever tool reads the result.

Two files of the National Land Cover Database: `nlcd_small.tif` has a palette in the file and an attribute table of 256 rows
beside it; `nlcd2011_zion.tif` has a palette and no names, which the shipped color table `nlcd` gives.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tsraster import Lut, colorize_file, read_lut
from tsraster.errors import LossWarning, LutWarning
from tsraster.pipeline.conversion import convert_lut_file
from tsraster.pipeline.reclassify import reclassify_file
from tsraster.raster import without_place_warning
from tsraster.reading import open_raster, read_categories

Color = tuple[int, ...]
Read = Callable[[Path], dict[int, tuple[str, Color]]]


class Cover(NamedTuple):
    """A raster, and what its classes are called and look like."""

    path: Path
    lut: str | None
    codes: NDArray[Any]
    classes: dict[int, tuple[str, Color]]
    """Those that occur."""
    known: dict[int, tuple[str, Color]]
    """All that have a name, or a color that is more than the filling of a palette."""

    @property
    def named(self) -> dict[int, tuple[str, Color]]:
        return {code: entry for code, entry in self.known.items() if entry[0]}


def parse_source(path: Path) -> dict[int, tuple[str, Color]]:
    """Names and colors out of the XML beside a raster by nothing but the rows of it, for an expectation that owes us nothing."""
    rows = ElementTree.parse(f"{path}.aux.xml").findall(".//Row")
    cells = [[cell.text or "" for cell in row] for row in rows]
    entries = {code: (row[5], tuple(map(int, row[:3]))) for code, row in enumerate(cells)}
    return {code: entry for code, entry in entries.items() if entry[0] or any(entry[1])}


@pytest.fixture(scope="module", params=["nlcd_small", "nlcd2011_zion"])
def cover(request: pytest.FixtureRequest, shared_data: Path) -> Cover:
    path = shared_data / "landcover" / f"{request.param}.tif"
    with rasterio.open(path) as file:
        codes, palette = file.read(1), file.colormap(1)
    if request.param == "nlcd_small":
        known, lut = parse_source(path), None
        assert {code: palette[code][:3] for code in known} == {code: color for code, (_, color) in known.items()}
    else:
        table = read_lut("nlcd")
        known = {
            int(key): (name, color[:3]) for key, name, color in zip(table.keys, table.names, table.colors, strict=True)
        }
        lut = "nlcd"
    occurring = [code for code in np.unique(codes).tolist() if code]
    assert len(occurring) == {"nlcd_small": 13, "nlcd2011_zion": 14}[request.param]
    assert len(known) == {"nlcd_small": 26, "nlcd2011_zion": 20}[request.param]
    return Cover(path, lut, codes, {code: known[code] for code in occurring}, known)


@pytest.fixture(scope="module", params=["tif", "cog", "png"])
def kept(request: pytest.FixtureRequest, cover: Cover, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All codes as they are, in each format, with a style beside."""
    ending = "png" if request.param == "png" else "tif"
    path: Path = tmp_path_factory.mktemp("kept") / f"{request.param}.{ending}"
    reclassify_file(cover.path, path, lut=cover.lut, cog=request.param == "cog", sidecars=["qml", "clr", "stac"])
    return path


RULES = '11,12=1; [21,24]=2 "Developed"; [41,43]=3; DEFAULT=4 "Other"; 0=NO_DATA'


@pytest.fixture(scope="module")
def merged(cover: Cover, tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = tmp_path_factory.mktemp("named") / "named.tif"
    reclassify_file(cover.path, named, lut=cover.lut)
    path = tmp_path_factory.mktemp("merged") / "merged.tif"
    reclassify_file(named, path, mapping=RULES, sidecars=["qml"])
    return path


def expect_merged(cover: Cover) -> dict[int, tuple[str, Color]]:
    """By counting: the color of the old class with most pixels, the only name or all with a plus."""
    groups = {1: (11, 12), 2: (21, 22, 23, 24), 3: (41, 42, 43)}
    groups[4] = tuple(code for code in cover.classes if not any(code in group for group in groups.values()))
    expected = {}
    for new, group in groups.items():
        held = [code for code in group if code in cover.classes]
        most = max(held, key=lambda code: int((cover.codes == code).sum()))
        joined = " + ".join(cover.classes[code][0] for code in held)
        expected[new] = ({2: "Developed", 4: "Other"}.get(new, joined), cover.classes[most][1])
    return expected


# ---- who reads what --------------------------------------------------------------------------------------------------


def read_with_tsraster(path: Path) -> dict[int, tuple[str, Color]]:
    with open_raster(path) as raster:
        found = read_categories(raster)
    return {code: (name, found.colors[code][:3]) for code, name in found.names.items()}


def take(found: dict[int, tuple[str, Color]], wanted: dict[int, Any]) -> dict[int, tuple[str, Color]]:
    return {code: entry for code, entry in found.items() if code in wanted}


def list_rat(said: dict[str, Any]) -> dict[int, tuple[str, Color]]:
    """The attribute table in what gdalinfo says, by the usage of its fields."""
    table = said["rat"] if "rat" in said else said["bands"][0]["rat"]
    at = {field["usage"]: i for i, field in enumerate(table["fieldDefn"])}
    rows = [row["f"] for row in table["row"]]
    return {row[at[5]]: (row[at[2]], tuple(row[at[usage]] for usage in (6, 7, 8))) for row in rows}


def test_our_reader_finds_every_name_and_color(cover: Cover, kept: Path) -> None:
    assert read_with_tsraster(kept) == cover.named
    with without_place_warning(), rasterio.open(kept) as file:
        np.testing.assert_array_equal(file.read(1), cover.codes)


def test_rasterio_finds_every_color_in_the_palette(cover: Cover, kept: Path) -> None:
    with without_place_warning(), rasterio.open(kept) as file:
        palette = file.colormap(1)
    assert {code: palette[code][:3] for code in cover.known} == {
        code: color for code, (_, color) in cover.known.items()
    }


def test_gdalinfo_finds_all_in_category_names_palette_and_attribute_table(
    cover: Cover, kept: Path, gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    said = gdalinfo(kept)
    band = said["bands"][0]
    assert {code: name for code, name in enumerate(band["categories"]) if name} == {
        code: name for code, (name, _) in cover.named.items()
    }
    entries = band["colorTable"]["entries"]
    assert {code: tuple(entries[code][:3]) for code in cover.known} == {
        code: color for code, (_, color) in cover.known.items()
    }
    assert list_rat(said) == cover.known
    table = said["rat"] if "rat" in said else band["rat"]
    counts = {row["f"][0]: row["f"][1] for row in table["row"]}
    assert counts == {code: int((cover.codes == code).sum()) for code in cover.known}


def test_gdal_312_finds_all(cover: Cover, kept: Path, gdal312: Callable[..., bool], tmp_path: Path) -> None:
    """It has no way to tell, so it writes what it has read into a VRT."""
    assert gdal312("raster", "convert", "--of", "VRT", kept, tmp_path / "told.vrt")
    band = ElementTree.parse(tmp_path / "told.vrt").find("VRTRasterBand")
    assert band is not None
    names = [one.text or "" for one in band.findall("CategoryNames/Category")]
    assert {code: names[code] for code in cover.known} == {code: name for code, (name, _) in cover.known.items()}
    entries = [tuple(int(entry.get(f"c{i}", "")) for i in (1, 2, 3)) for entry in band.findall("ColorTable/Entry")]
    assert {code: entries[code] for code in cover.known} == {code: color for code, (_, color) in cover.known.items()}
    usages = [field.findtext("Usage") for field in band.findall("GDALRasterAttributeTable/FieldDefn")]
    rows = [[cell.text or "" for cell in row] for row in band.findall("GDALRasterAttributeTable/Row")]
    at = {usage: i for i, usage in enumerate(usages)}
    assert {int(row[at["5"]]): (row[at["2"]], tuple(int(row[at[u]]) for u in "678")) for row in rows} == cover.known


def test_qgis_shows_all_by_the_style_beside(
    cover: Cover, kept: Path, ask_qgis: Callable[[Path], dict[str, Any]]
) -> None:
    said = ask_qgis(kept)
    assert said["type"] == "paletted"
    assert {int(value): (name, tuple(color[:3])) for value, color, name in said["classes"]} == cover.known
    names = [name for name, _ in cover.named.values()]
    assert [text for text in said["legend"] if text in names] == names


def test_qgis_shows_all_without_a_style(
    cover: Cover, ask_qgis: Callable[[Path], dict[str, Any]], tmp_path: Path
) -> None:
    """Out of the palette and the category names."""
    reclassify_file(cover.path, tmp_path / "bare.tif", lut=cover.lut)
    said = ask_qgis(tmp_path / "bare.tif")
    assert said["type"] == "paletted"
    found = {int(value): (name, tuple(color[:3])) for value, color, name in said["classes"]}
    assert take(found, cover.named) == cover.named


# ---- merged ----------------------------------------------------------------------------------------------------------


def test_merged_classes_for_our_reader_and_rasterio(cover: Cover, merged: Path) -> None:
    expected = expect_merged(cover)
    assert read_with_tsraster(merged) == expected
    with rasterio.open(merged) as file:
        palette, codes = file.colormap(1), file.read(1)
    assert {code: palette[code][:3] for code in expected} == {code: color for code, (_, color) in expected.items()}
    lookup = np.full(256, 4, np.uint8)
    lookup[0] = 0
    for new, old in ((1, (11, 12)), (2, (21, 22, 23, 24)), (3, (41, 42, 43))):
        lookup[list(old)] = new
    np.testing.assert_array_equal(codes, lookup[cover.codes])


def test_merged_classes_for_gdalinfo(cover: Cover, merged: Path, gdalinfo: Callable[[Path], dict[str, Any]]) -> None:
    expected, said = expect_merged(cover), gdalinfo(merged)
    assert list_rat(said) == expected
    assert said["bands"][0]["categories"] == ["", *(name for name, _ in expected.values())]


def test_merged_classes_for_qgis(cover: Cover, merged: Path, ask_qgis: Callable[[Path], dict[str, Any]]) -> None:
    said = ask_qgis(merged)
    assert {int(value): (name, tuple(color[:3])) for value, color, name in said["classes"]} == expect_merged(cover)


def test_gdal_312_merges_to_the_same_pixels(
    cover: Cover, merged: Path, gdal312: Callable[..., bool], tmp_path: Path
) -> None:
    rules = "0=0; 11=1; 12=1; [21,24]=2; [41,43]=3; DEFAULT=4"
    assert gdal312("raster", "reclassify", "-m", rules, "--ot", "Byte", cover.path, tmp_path / "theirs.tif")
    with rasterio.open(tmp_path / "theirs.tif") as theirs, rasterio.open(merged) as ours:
        np.testing.assert_array_equal(ours.read(), theirs.read())


# ---- painted, and as color tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["p.tif", "p.png"])
def test_every_pixel_has_the_color_of_its_class(cover: Cover, file: str, tmp_path: Path) -> None:
    result = colorize_file(cover.path, tmp_path / file, lut=cover.lut)
    with without_place_warning(), rasterio.open(tmp_path / file) as picture:
        painted = picture.read()
    for code, (_, color) in cover.classes.items():
        assert np.unique(painted[:3, cover.codes == code], axis=1).T.tolist() == [list(color)]
    assert len(painted) == 3 or (painted[3] == np.where(cover.codes, 255, 0)).all()
    found = zip(result.lut.keys, result.lut.names, result.lut.colors, strict=True)
    assert {key: (name, color[:3]) for key, name, color in found} == cover.classes
    assert result.counts == {code: int((cover.codes == code).sum()) for code in cover.classes}


@pytest.mark.parametrize("ending", [".qml", ".csv", ".sld", ".aux.xml"])
def test_color_tables_go_to_a_file_and_back(cover: Cover, kept: Path, ending: str, tmp_path: Path) -> None:
    """From the raster to a file of colors, and from that onto a raster again."""
    made = tmp_path / f"nlcd{ending}"
    with warnings.catch_warnings():
        # A palette is filled up with black, and of that is told.
        warnings.simplefilter("ignore", LossWarning)
        convert_lut_file(kept, made)
        warnings.simplefilter("ignore", LutWarning)
        back: Lut = read_lut(made)
    found = zip(back.keys, back.names, back.colors, strict=True)
    assert {int(key): (name, color[:3]) for key, name, color in found} == cover.known
    again = tmp_path / "again.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LutWarning)
        reclassify_file(cover.path, again, lut=made)
    assert read_with_tsraster(again) == cover.named


def test_a_style_from_the_source_itself_has_every_named_class(shared_data: Path, tmp_path: Path) -> None:
    """Also of those classes that do not occur."""
    source = shared_data / "landcover" / "nlcd_small.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        convert_lut_file(source, tmp_path / "s.qml")
    style = read_lut(tmp_path / "s.qml")
    found = {int(k): (n, c[:3]) for k, n, c in zip(style.keys, style.names, style.colors, strict=True) if n}
    assert found == {code: entry for code, entry in parse_source(source).items() if entry[0]}
    assert len(found) > 13


def test_a_map_of_ours_passes_on_all_a_second_time(cover: Cover, kept: Path, tmp_path: Path) -> None:
    reclassify_file(kept, tmp_path / "again.tif")
    assert read_with_tsraster(tmp_path / "again.tif") == cover.named
    reclassify_file(tmp_path / "again.tif", tmp_path / "third.png")
    assert read_with_tsraster(tmp_path / "third.png") == cover.named


def test_the_colors_of_esri_are_those_of_the_palette(cover: Cover, kept: Path) -> None:
    rows = [tuple(map(int, line.split())) for line in kept.with_suffix(".clr").read_text().splitlines()]
    assert {code: tuple(color) for code, *color in rows} == {code: color for code, (_, color) in cover.known.items()}
