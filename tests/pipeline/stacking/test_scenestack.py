"""A stack of a Landsat scene is named, and holds the same values as the scene itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.landsat.mtltrees import ETM_OLD, OLI_1, Tree, write_mtl
from tsraster import classify_file
from tsraster.errors import DataError, UsageError
from tsraster.pipeline.sourcing.sources import open_source
from tsraster.pipeline.stacking.stack import Stack, stack_files
from tsraster.reading import open_raster
from tsraster.reading.wavelengths import find_wavelengths

Draw = Callable[..., Path]
PLACE = {"crs": "EPSG:32622", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
PRODUCT = "LC08_L1TP_224078_20200127_20200823_02_T1"
ENDINGS = ("tif", "vrt")
PIXELS = np.random.default_rng(1).integers(0, 40000, (20, 30), dtype=np.uint16)
PIXELS[0, :5] = 0


def make_scene(folder: Path, draw: Draw, keys: Mapping[str, Any], *, tree: Tree = OLI_1, **options: Any) -> Path:
    """Write an MTL and some bands, and return the MTL."""
    for key, pixels in keys.items():
        draw(folder / f"{PRODUCT}_{key}.TIF", pixels, **PLACE | options)
    return write_mtl(folder, tree, name=f"{PRODUCT}_MTL")


def read_values(source: Path, name: str) -> tuple[Any, Any]:
    with open_source(source) as opened:
        number = next(band.number for band in opened.raster.bands if band.name == name)
        pixels = opened.raster.read(bands=[number])
        return pixels.data[0], pixels.valid


def check_same(scene: Path, made: Path, name: str) -> None:
    found, valid = read_values(made, name)
    wanted, wanted_valid = read_values(scene, name)
    np.testing.assert_array_equal(valid, wanted_valid)
    np.testing.assert_array_equal(found[valid], wanted[valid])
    assert valid.any()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_real_scene_of_level_1(ending: str, shared_data: Path, tmp_path: Path) -> None:
    scene, made = shared_data / "landsat/LT05", tmp_path / f"scene.{ending}"
    found = stack_files([scene], made)
    assert found.names == ("blue", "green", "red", "nir08", "swir16", "lwir", "swir22")
    assert found.wavelengths == (0.49, 0.56, 0.66, 0.83, 1.65, 11.45, 2.22)
    assert any(note.startswith("lwir (B6) keeps its stored numbers") for note in found.notes)
    for name in found.names:
        if name != "lwir":
            check_same(scene, made, name)
    with rasterio.open(made) as file:
        assert set(file.dtypes) == {"uint8"}
        with rasterio.open(scene / "LT52240631988227CUB02_B6.TIF") as band:
            np.testing.assert_array_equal(file.read(6), band.read(1))
    with open_raster(made) as raster:
        assert find_wavelengths(raster, range(1, 8)) == found.wavelengths
    shares = [classify_file(source, cutoffs=[0.3, 0.6, 0.8], index="NDVI").shares for source in (scene, made)]
    assert shares[0] == shares[1]
    shares = [classify_file(source, cutoffs=[0.05, 0.2], band=4).shares for source in (scene, made)]
    assert shares[0] == shares[1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_level_2_is_reflectance_and_kelvin(ending: str, shared_data: Path, draw_raster: Draw, tmp_path: Path) -> None:
    mtl = tmp_path / "LC08_L2SP_C2_MTL.txt"
    shutil.copy(shared_data / "landsat" / mtl.name, mtl)
    text = mtl.read_text()
    names = [line.split('"')[1] for line in text.splitlines() if "FILE_NAME_BAND_" in line]
    for i, name in enumerate(names):
        draw_raster(tmp_path / name, np.roll(PIXELS, i, axis=1), **PLACE, nodata=0 if i % 2 else None)
    made = tmp_path / f"scene.{ending}"
    found = stack_files([mtl], made)
    assert found.names == ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "lwir11")
    with rasterio.open(made) as file:
        assert (file.scales[3], file.offsets[3], file.units[3]) == (2.75e-05, -0.2, None)
        assert (file.scales[7], file.offsets[7], file.units[7]) == (0.00341802, 149.0, "K")
        assert file.nodata == 0
    for name in found.names:
        check_same(mtl, made, name)
    tables = [classify_file(source, cutoffs=[200, 250], band=8) for source in (mtl, made)]
    assert tables[0].shares == tables[1].shares
    assert tables[0].table.unit == tables[1].table.unit == "K"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("nodata", [None, 0, 9])
def test_fill_is_no_data_whatever_else_the_file_calls_so(
    nodata: int | None, ending: str, draw_raster: Draw, tmp_path: Path
) -> None:
    pixels = np.where(PIXELS == 9, 10, PIXELS).astype(np.uint16)
    pixels[1, 1] = 9
    mtl = make_scene(tmp_path, draw_raster, {"B4": pixels, "B10": pixels}, nodata=nodata)
    made = tmp_path / f"scene.{ending}"
    stack_files([mtl], made)
    _, valid = read_values(made, "red")
    np.testing.assert_array_equal(valid, (pixels != 0) & (pixels != 9) if nodata == 9 else pixels != 0)
    check_same(mtl, made, "red")


@pytest.mark.parametrize("ending", ENDINGS)
def test_single_bands_are_known_by_the_mtl_beside_them(ending: str, draw_raster: Draw, tmp_path: Path) -> None:
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS})
    other = draw_raster(tmp_path / "height.tif", PIXELS, nodata=0, **PLACE)
    made = tmp_path / f"some.{ending}"
    found = stack_files([tmp_path / f"{PRODUCT}_B4.TIF", other], made)
    assert (found.names, found.wavelengths) == (("red", "height"), (0.65, None))
    check_same(mtl, made, "red")
    assert stack_files([mtl], tmp_path / f"named.{ending}", names=["a", "b"]).names == ("a", "b")


def test_a_scale_that_the_file_itself_says_is_kept(draw_raster: Draw, tmp_path: Path) -> None:
    make_scene(tmp_path, draw_raster, {"B4": PIXELS}, band={"scales": (0.5,)})
    draw_raster(tmp_path / f"{PRODUCT}_B10.TIF", PIXELS.astype(np.float32), **PLACE)
    stack_files([tmp_path / f"{PRODUCT}_{key}.TIF" for key in ("B4", "B10")], tmp_path / "s.vrt")
    with rasterio.open(tmp_path / "s.vrt") as file:
        assert (file.descriptions, file.scales) == (("red", "lwir11"), (0.5, 1))


def test_bands_that_show_the_same_are_called_by_their_files(draw_raster: Draw, tmp_path: Path) -> None:
    for band in ("B30", "B61"):
        draw_raster(tmp_path / f"L71092085_08520100315_{band}.TIF", PIXELS.astype(np.uint8), **PLACE)
    draw_raster(tmp_path / "L72092085_08520100315_B62.TIF", PIXELS.astype(np.uint8), **PLACE)
    mtl = write_mtl(tmp_path, ETM_OLD, name="L71092085_08520100315_MTL", root="L1_METADATA_FILE")
    found = stack_files([mtl], tmp_path / "s.tif")
    assert found.names == ("red", "L71092085_08520100315_B61", "L72092085_08520100315_B62")


def test_wavelengths_that_are_given_are_written(draw_raster: Draw, tmp_path: Path) -> None:
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS})
    found = stack_files([mtl], tmp_path / "s.tif", wavelengths=["655nm", "10.9"])
    assert found.wavelengths == (0.655, 10.9)
    with rasterio.open(tmp_path / "s.tif") as file:
        tags = [file.tags(number, ns="IMAGERY") for number in (1, 2)]
    # The width belongs to the wavelength that it was published with.
    assert tags == [{"CENTRAL_WAVELENGTH_UM": "0.655"}, {"CENTRAL_WAVELENGTH_UM": "10.9", "FWHM_UM": "0.59"}]


def test_one_source_is_enough_where_something_is_said_of_its_bands(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "a.tif", np.stack([PIXELS, PIXELS]), band={"descriptions": ("x", "y")}, **PLACE)
    found = stack_files([source], tmp_path / "s.vrt", wavelengths=["655nm", "865nm"])
    assert (found.names, found.wavelengths) == (("x", "y"), (0.655, 0.865))
    with pytest.raises(UsageError, match="a stack needs two sources at least, and 1 is named; one is enough for"):
        stack_files([source], tmp_path / "t.vrt")


def test_a_panchromatic_band_is_left_out_of_a_scene_and_refused_among_others(draw_raster: Draw, tmp_path: Path) -> None:
    contents = OLI_1["PRODUCT_CONTENTS"]
    tree = {**OLI_1, "PRODUCT_CONTENTS": {**contents, "FILE_NAME_BAND_8": f"{PRODUCT}_B8.TIF"}}
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS}, tree=tree)
    sharp = draw_raster(tmp_path / f"{PRODUCT}_B8.TIF", PIXELS.repeat(2, axis=0).repeat(2, axis=1), nodata=0, **PLACE)
    found = stack_files([mtl], tmp_path / "s.tif")
    assert found.names == ("red", "lwir11")
    assert found.notes[0] == "B8 (pan) is left out, because its pixels are of another size"
    others = [tmp_path / f"{PRODUCT}_{key}.TIF" for key in ("B4", "B10")]
    for ending in ENDINGS:
        with pytest.raises(DataError, match=r"B8.TIF has 40 x 60 pixels and .*B4.TIF 20 x 30"):
            stack_files([sharp, *others], tmp_path / f"t.{ending}")


@pytest.mark.parametrize(
    ("wavelengths", "words"),
    [
        ([], "0 wavelengths for 2 bands .red, lwir11.; give one for each band"),
        (["0.6"], "1 wavelength for 2 bands"),
        (["red", "0.8"], "'red' is no wavelength"),
        (["-1", "0.8"], "'-1' is no wavelength"),
        (["nan", "0.8"], "'nan' is no wavelength"),
        (["655", "865"], "write 655nm or 655um"),
    ],
)
def test_wrong_wavelengths_are_refused(wavelengths: list[str], words: str, draw_raster: Draw, tmp_path: Path) -> None:
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS})
    for ending in ENDINGS:
        with pytest.raises(UsageError, match=words):
            stack_files([mtl], tmp_path / f"s.{ending}", wavelengths=wavelengths)
        assert not (tmp_path / f"s.{ending}").exists()


def test_a_scene_may_not_be_overwritten_by_its_stack(draw_raster: Draw, tmp_path: Path) -> None:
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS})
    with pytest.raises(UsageError, match="is an input"):
        stack_files([mtl], tmp_path / f"{PRODUCT}_B4.TIF", overwrite=True)


def test_an_mtl_that_cannot_be_used_is_said_and_the_band_kept(draw_raster: Draw, tmp_path: Path) -> None:
    mtl = make_scene(tmp_path, draw_raster, {"B4": PIXELS, "B10": PIXELS})
    mtl.write_text("GROUP = LANDSAT_METADATA_FILE\n")
    found: Stack = stack_files([tmp_path / f"{PRODUCT}_{key}.TIF" for key in ("B4", "B10")], tmp_path / "s.tif")
    assert found.names == (f"{PRODUCT}_B4", f"{PRODUCT}_B10")
    assert len(found.notes) == 2
    assert "B4.TIF keeps its name and its numbers: " in found.notes[0]
