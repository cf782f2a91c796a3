"""The size of a pixel, from options and from what microscopes, scanners and maps write into files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

from tsraster import classify_file
from tsraster.errors import UsageError
from tsraster.raster import without_place_warning
from tsraster.reading import PixelSize, find_pixel_size, open_raster
from tsraster.reading.pixelsize import parse_pixel_size, parse_scale_bar

Draw = Callable[..., Path]
PIXELS = np.arange(20, dtype=np.uint8).reshape(4, 5)
OME = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels {}/></Image></OME>'


def find(path: Path, **options: str) -> tuple[PixelSize | None, str]:
    with without_place_warning(), open_raster(path) as raster:
        return find_pixel_size(raster, **options)


def draw_tagged(draw_raster: Draw, path: Path, **tags: str) -> Path:
    return draw_raster(path, PIXELS, tags={f"TIFFTAG_{name}": value for name, value in tags.items()})


def sizes_of(found: PixelSize | None) -> tuple[float, float]:
    assert found is not None
    return found.x_um, found.y_um


# Options


@pytest.mark.parametrize(
    ("text", "x_um", "y_um"),
    [
        ("0.65um", 0.65, 0.65),
        ("0.65 um", 0.65, 0.65),
        (".65µm", 0.65, 0.65),
        ("0.65\N{GREEK SMALL LETTER MU}m", 0.65, 0.65),
        ("650nm", 0.65, 0.65),
        ("6.5e-4mm", 0.65, 0.65),
        ("0.5cm", 5000, 5000),
        ("30m", 3e7, 3e7),
        ("0.65x0.7um", 0.65, 0.7),
        (" 2 x 3 mm ", 2000, 3000),
    ],
)
def test_a_size_has_a_unit(text: str, x_um: float, y_um: float) -> None:
    size = parse_pixel_size(text)
    assert (size.x_um, size.y_um) == pytest.approx((x_um, y_um), rel=1e-12)
    assert text in size.source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.65", "number and its unit"),
        ("um", "number and its unit"),
        ("-1um", "number and its unit"),
        ("1umx2um", "number and its unit"),
        ("nanum", "number and its unit"),
        ("1px", "'px' .* choose from nm, um, mm, cm, m"),
        ("0um", "a size is above 0"),
        ("1x0um", "a size is above 0"),
        ("1e999um", "a size is above 0"),
        ("1e-999um", "a size is above 0"),
    ],
)
def test_what_is_no_size_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_pixel_size(text)


@pytest.mark.parametrize(
    ("text", "um"),
    [
        ("500um=312", 500 / 312),
        ("0.5mm = 312 px", 500 / 312),
        ("1cm=100.5pixels", 10_000 / 100.5),
        ("200µm=1pixel", 200),
    ],
)
def test_a_scale_bar_is_a_length_and_its_pixels(text: str, um: float) -> None:
    size = parse_scale_bar(text)
    assert (size.x_um, size.y_um) == pytest.approx((um, um), rel=1e-12)


@pytest.mark.parametrize(
    "text", ["500um", "500=312", "=312", "500um=", "500um=-3", "312=500um", "0um=3", "5um=0", "5 ell=3"]
)
def test_what_is_no_scale_bar_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_scale_bar(text)


def test_an_option_goes_before_what_the_file_says(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_tagged(draw_raster, tmp_path / "a.tif", XRESOLUTION="4800", YRESOLUTION="4800", RESOLUTIONUNIT="2")
    assert sizes_of(find(path)[0]) == pytest.approx((25_400 / 4800,) * 2)
    size, source = find(path, pixel_size="2um")
    assert (sizes_of(size), source) == ((2, 2), "--pixel-size 2um")
    assert find(path, scale_bar="10um=5")[1] == "--scale-bar 10um=5"
    with pytest.raises(UsageError, match="contradict"):
        find(path, pixel_size="2um", scale_bar="10um=5")


def test_lengths_are_in_meters_where_pixels_are_large() -> None:
    small, large = parse_pixel_size("0.5x0.25um"), parse_pixel_size("30m")
    assert (small.unit, small.spacing, str(small)) == ("um", (0.25, 0.5), "0.5 x 0.25 um")
    assert (large.unit, large.spacing, str(large)) == ("m", (30, 30), "30 m")


# Maps


@pytest.mark.parametrize(
    ("code", "transform", "size", "said"),
    [
        (32616, from_origin(500_000, 4_000_000, 30, 20), (30e6, 20e6), "map projection EPSG:32616"),
        (2229, from_origin(6_000_000, 2_000_000, 10, 10), (3_048_006.096,) * 2, "EPSG:2229"),  # US survey feet
        (32616, Affine(3, -4, 0, 4, 3, 0), (5e6, 5e6), "map projection"),
        (32616, Affine(3, 4, 0, 4, 3, 0), None, "no rectangles"),
        (4326, from_origin(10, 50, 0.01, 0.01), None, "in degrees"),
        (None, from_origin(10, 50, 0.01, 0.01), None, "no CRS"),
    ],
)
def test_a_map_has_pixels_of_its_own(
    draw_raster: Draw, tmp_path: Path, code: int | None, transform: Affine, size: tuple[float, float] | None, said: str
) -> None:
    crs = None if code is None else CRS.from_epsg(code)
    tags = {"TIFFTAG_XRESOLUTION": "300", "TIFFTAG_YRESOLUTION": "300", "TIFFTAG_RESOLUTIONUNIT": "2"}
    path = draw_raster(tmp_path / "m.tif", PIXELS, crs=crs, transform=transform, tags=tags)
    found, source = find(path)
    assert said in source
    assert (None if found is None else sizes_of(found)) == (size if size is None else pytest.approx(size, rel=1e-6))


# TIFF


@pytest.mark.parametrize(
    ("unit", "x", "y", "size"),
    [
        ("2", "4800", "4800", (5.2916667, 5.2916667)),
        ("2", "4800", "2400", (5.2916667, 10.5833333)),
        ("3", "10000", "20000", (1, 0.5)),
        ("2", "300", "300", (84.6666667, 84.6666667)),
    ],
)
def test_the_resolution_of_a_tiff(
    draw_raster: Draw, tmp_path: Path, unit: str, x: str, y: str, size: tuple[float, float]
) -> None:
    path = draw_tagged(draw_raster, tmp_path / "t.tif", XRESOLUTION=x, YRESOLUTION=y, RESOLUTIONUNIT=unit)
    found, source = find(path)
    assert sizes_of(found) == pytest.approx(size, rel=1e-6)
    assert source == f"the resolution of the TIFF, {x} pixels per {'inch' if unit == '2' else 'cm'}"


@pytest.mark.parametrize(
    ("unit", "number"),
    [("2", "72"), ("2", "96"), ("2", "100"), ("2", "1"), ("3", "1"), ("3", "28"), ("3", "28.35"), ("3", "37.8")],
)
def test_a_resolution_that_programs_write_by_default_is_none(
    draw_raster: Draw, tmp_path: Path, unit: str, number: str
) -> None:
    path = draw_tagged(draw_raster, tmp_path / "t.tif", XRESOLUTION=number, YRESOLUTION=number, RESOLUTIONUNIT=unit)
    found, source = find(path)
    assert found is None
    assert f"{number} pixels per" in source
    assert "know nothing" in source


@pytest.mark.parametrize("number", ["0", "-5", "nan", "inf", "many"])
def test_a_resolution_that_is_no_number_above_0_is_none(tmp_path: Path, draw_raster: Draw, number: str) -> None:
    path = draw_raster(tmp_path / "p.png", PIXELS, driver="PNG")
    (tmp_path / "p.png.aux.xml").write_text(
        f"<PAMDataset><Metadata><MDI key='TIFFTAG_XRESOLUTION'>{number}</MDI><MDI key='TIFFTAG_YRESOLUTION'>{number}</MDI>"
        "<MDI key='TIFFTAG_RESOLUTIONUNIT'>2</MDI></Metadata></PAMDataset>"
    )
    assert find(path) == (None, "the file does not say it")


def test_without_a_unit_a_resolution_is_only_a_proportion(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_tagged(draw_raster, tmp_path / "t.tif", XRESOLUTION="5", YRESOLUTION="5", RESOLUTIONUNIT="1")
    assert find(path) == (None, "the file does not say it")
    assert find(draw_raster(tmp_path / "plain.tif", PIXELS)) == (None, "the file does not say it")


def test_the_print_size_of_a_photo_is_not_taken(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    exif = image.Exif()
    exif.update({0x11A: 4800, 0x11B: 4800, 0x128: 2})
    image.fromarray(PIXELS).save(tmp_path / "photo.jpg", exif=exif)
    assert find(tmp_path / "photo.jpg") == (None, "the resolution that EXIF gives is that of a print")


# ImageJ, as tifffile writes it


@pytest.mark.parametrize(
    ("unit", "um"), [("um", 1), ("micron", 1), ("\\u00B5m", 1), ("nm", 1e-3), ("mm", 1e3), ("meter", 1e6)]
)
def test_imagej_counts_pixels_per_unit(tmp_path: Path, unit: str, um: float) -> None:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "i.tif", PIXELS, imagej=True, resolution=(1 / 0.65, 1 / 0.7), metadata={"unit": unit})
    found, source = find(tmp_path / "i.tif")
    assert sizes_of(found) == pytest.approx((0.65 * um, 0.7 * um), rel=1e-6)
    assert "ImageJ" in source


@pytest.mark.parametrize(
    ("unit", "said"), [("pixel", "'pixel', which is no length"), ("furlong", "no length"), ("", "does not say")]
)
def test_imagej_may_know_no_length(tmp_path: Path, unit: str, said: str) -> None:
    tifffile = pytest.importorskip("tifffile")
    metadata = {"unit": unit} if unit else {}
    tifffile.imwrite(tmp_path / "i.tif", PIXELS, imagej=True, resolution=(2, 2), metadata=metadata)
    found, source = find(tmp_path / "i.tif")
    assert found is None
    assert said in source


def test_inches_of_imagej_are_those_of_the_tiff(draw_raster: Draw, tmp_path: Path, shared_data: Path) -> None:
    tags = {"IMAGEDESCRIPTION": "ImageJ=1.52p\nunit=inch\n", "RESOLUTIONUNIT": "2"}
    path = draw_tagged(draw_raster, tmp_path / "i.tif", XRESOLUTION="2540", YRESOLUTION="2540", **tags)
    assert sizes_of(find(path)[0]) == pytest.approx((10, 10))
    found, source = find(shared_data / "microct/100_fiberform.tif")  # its voxels are no 254 micrometers
    assert found is None
    assert "100 pixels per inch" in source


# OME, as tifffile writes it


@pytest.mark.parametrize(("unit", "um"), [("µm", 1), ("nm", 1e-3), ("mm", 1e3), ("Å", 1e-4), ("in", 25_400)])
def test_ome_says_the_physical_size(tmp_path: Path, unit: str, um: float) -> None:
    tifffile = pytest.importorskip("tifffile")
    sizes = {"PhysicalSizeX": 0.65, "PhysicalSizeY": 0.7, "PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(tmp_path / "o.ome.tif", PIXELS, metadata={"axes": "YX", **sizes})
    found, source = find(tmp_path / "o.ome.tif")
    assert sizes_of(found) == pytest.approx((0.65 * um, 0.7 * um))
    assert source == "the OME metadata of the file"


def test_micrometers_are_the_default_of_ome(draw_raster: Draw, tmp_path: Path) -> None:
    text = OME.format('SizeX="5" SizeY="4" PhysicalSizeX="2" PhysicalSizeY="3"')
    assert sizes_of(find(draw_tagged(draw_raster, tmp_path / "o.tif", IMAGEDESCRIPTION=text))[0]) == (2, 3)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('SizeX="10" SizeY="8" PhysicalSizeX="2" PhysicalSizeY="3"', "of another size"),
        ('SizeX="5" SizeY="4"', "does not say"),
        ('SizeX="5" SizeY="4" PhysicalSizeX="2"', "does not say"),
        ('SizeX="5" SizeY="4" PhysicalSizeX="2" PhysicalSizeY="3" PhysicalSizeXUnit="reference frame"', "does not say"),
        ('SizeX="5" SizeY="4" PhysicalSizeX="0" PhysicalSizeY="0"', "does not say"),
        ('SizeX="5" SizeY="4" PhysicalSizeX="two" PhysicalSizeY="3"', "does not say"),
        ('SizeX="5" <', "does not say"),
    ],
)
def test_ome_may_not_know_it(draw_raster: Draw, tmp_path: Path, attributes: str, said: str) -> None:
    path = draw_tagged(draw_raster, tmp_path / "o.tif", IMAGEDESCRIPTION=OME.format(attributes))
    found, source = find(path)
    assert found is None
    assert said in source


@pytest.mark.parametrize(
    ("doctype", "name"),
    [
        ('<!DOCTYPE OME [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', "&b;"),
        ('<!doctype OME SYSTEM "https://example.org/ome.dtd">', "plain"),
    ],
)
def test_entities_are_not_read(draw_raster: Draw, tmp_path: Path, doctype: str, name: str) -> None:
    text = doctype + OME.format(f'SizeX="5" SizeY="4" PhysicalSizeX="2" PhysicalSizeY="3" Name="{name}"')
    found, source = find(draw_tagged(draw_raster, tmp_path / "o.tif", IMAGEDESCRIPTION=text))
    assert found is None
    assert "entities" in source


def test_the_mask_of_a_real_viewer_holds_no_size(shared_data: Path) -> None:
    assert find(shared_data / "thinsection/bardelli/7a_mask.ome.tiff") == (None, "the file does not say it")


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_class_maps_know_the_size_of_their_source(tmp_path: Path, ending: str) -> None:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "i.tif", PIXELS, imagej=True, resolution=(2, 2), metadata={"unit": "um"})
    classify_file(tmp_path / "i.tif", tmp_path / f"c.{ending}", bins=3)
    found, source = find(tmp_path / f"c.{ending}")
    assert sizes_of(found) == (0.5, 0.5)
    assert "ImageJ" in source
