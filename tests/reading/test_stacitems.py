"""The asset that a file is, is found by its name, in the item that is named or in those beside it; nothing else is an item."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.reading.stacdrawing import HOST, REFLECTANCE, write_item
from tsraster.errors import DataError, MissingSourceError, ReadError, TsrasterError
from tsraster.reading.stacitems import find_assets_beside, read_item

SCENE = "LC08_L2SP_047027_20201204_20210313_02_T1"


@pytest.mark.parametrize(
    ("href", "file"),
    [
        ("LC08_SR_B4.TIF", "LC08_SR_B4.TIF"),
        ("./LC08_SR_B4.TIF", "folder/lc08_sr_b4.tif"),
        (f"{HOST}/LC08_SR_B4.TIF", "LC08_SR_B4.TIF"),
        (f"{HOST}/LC08_SR_B4.TIF?st=2026&sig=a%2Fb", "LC08_SR_B4.TIF"),
        (f"{HOST}/red%20band.tif", "red band.tif"),
        ("s3://bucket/LC08_SR_B4.TIF", "s3://bucket/LC08_SR_B4.TIF"),
        ("s3://bucket/LC08_SR_B4.TIF", "/vsis3/bucket/LC08_SR_B4.TIF"),
        ("..\\data\\LC08_SR_B4.TIF", "LC08_SR_B4.TIF"),
        ("band#1 100%.tif", "band#1 100%.tif"),
        ("LC08_SR_B5.TIF", None),
        ("XLC08_SR_B4.TIF", None),
        ("http://[wrong/LC08_SR_B4.TIF", "LC08_SR_B4.TIF"),
    ],
)
def test_a_file_is_known_by_its_name_in_the_address(href: str, file: str | None, tmp_path: Path) -> None:
    item = read_item(write_item(tmp_path / "item.json", {"red": {"href": href}, "other": {"href": 3}, "x": []}))
    asset = item.find_asset(file or "LC08_SR_B4.TIF")
    assert (asset is not None) == (file is not None)
    assert len(item.list_files().split(", ")) == 1


@pytest.mark.parametrize(
    "name",
    [
        f"{SCENE}_SR_stac.json",
        f"{SCENE}_ST_stac.json",
        f"{SCENE}_stac.json",
        f"{SCENE}.json",
        f"{SCENE}_SR_B4.json",
        f"{SCENE}_SR_B4.stac.json",
        f"{SCENE}_SR_B4.TIF.json",
        f"{SCENE.lower()}_sr_STAC.JSON",
        "LC08_L2SP_047027_20201204_02_T1.json",
        "item.json",
    ],
)
def test_an_item_beside_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{SCENE}_SR_B4.TIF"
    file.touch()
    write_item(tmp_path / name, {"red": {"href": f"{HOST}/{file.name}", "raster:bands": [REFLECTANCE]}})
    assert [Path(asset.item).name for asset in find_assets_beside(file)] == [name]


@pytest.mark.parametrize(
    "name", ["other.json", "LC08_L2SP_047028.json", "metadata.json", f"X{SCENE}.json", f"{SCENE}.txt"]
)
def test_other_files_are_not_even_opened(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{SCENE}_SR_B4.TIF"
    file.touch()
    (tmp_path / name).write_text(f"{{ broken, and names {file.name}")
    assert find_assets_beside(file) == []


def test_an_item_that_does_not_name_the_file_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / f"{SCENE}_SR_B4.TIF"
    file.touch()
    write_item(tmp_path / "item.json", {"red": {"href": "B4.TIF"}})
    (tmp_path / f"{SCENE}.json").write_text("[" * 100_000)
    (tmp_path / f"{SCENE}_SR.json").write_text(json.dumps({"imagePath": file.name, "shapes": []}))
    (tmp_path / f"{SCENE}_stac.json").write_text(json.dumps({"assets": [file.name]}))
    (tmp_path / f"{SCENE}_SR_stac.json").mkdir()
    assert find_assets_beside(file) == []


@pytest.mark.parametrize(
    "content",
    ['{"assets": {"red": {"href": "NAME"', "[" * 100_000 + '"NAME"', '{"scale": 1' + "0" * 5000 + ', "NAME": 1}'],
)
def test_a_broken_item_that_names_the_file_is_no_reason_to_go_on_without(content: str, tmp_path: Path) -> None:
    file = tmp_path / "LC08_B4.TIF"
    file.touch()
    (tmp_path / "LC08_stac.json").write_text(content.replace("NAME", file.name))
    with pytest.raises(ReadError, match=r"LC08_stac\.json is no JSON .* names LC08_B4\.TIF; .* --raw") as caught:
        find_assets_beside(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "file", ["https://host/LC08_B4.TIF", "/vsizip/x.zip/LC08_B4.TIF", "s3://x/LC08_B4.TIF", "missing.tif", "", "a\0b"]
)
def test_nothing_is_looked_for_but_in_folders_of_this_computer(file: str) -> None:
    assert find_assets_beside(file) == []


def test_a_folder_of_thousands_of_items_is_quick(tmp_path: Path) -> None:
    for i in range(3000):
        (tmp_path / f"chip_{i:04}.json").write_text('{"assets": {}}')
    file = tmp_path / "chip_1234.tif"
    file.touch()
    write_item(tmp_path / "chip_1234.json", {"red": {"href": file.name}})
    began = time.perf_counter()
    assert len(find_assets_beside(file)) == 1
    assert time.perf_counter() - began < 0.5


def test_a_name_that_says_different_things_is_refused(tmp_path: Path) -> None:
    bands = [{"scale": 0.0001}], [{"scale": 0.001}]
    assets = {str(i): {"href": f"R{i}0m/B04.jp2", "raster:bands": one} for i, one in enumerate(bands)}
    path = write_item(tmp_path / "item.json", assets)
    with pytest.raises(DataError, match=r"2 assets whose file is called B04\.jp2, and says different things"):
        read_item(path).find_asset("B04.jp2")
    same = {key: {**one, "raster:bands": bands[0], "title": key} for key, one in assets.items()}
    assert read_item(write_item(path, same)).find_asset("B04.jp2") is not None


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"{", ReadError, "is no JSON"),
        (b"\xff\xfe\xfd", ReadError, "is no JSON"),
        (b"[" * 100_000, ReadError, "nested too deeply"),
        (b"3", DataError, "is no STAC item: it has no assets"),
        (b'{"assets": ["a"]}', DataError, "is no STAC item: it has no assets"),
        (b" " * (16 * 2**20 + 1), ReadError, "larger than 16 MiB"),
    ],
)
def test_what_is_no_item_is_said(content: bytes, error: type[TsrasterError], words: str, tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        read_item(path)


def test_a_missing_item_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", "https://host/item.json"):
        with pytest.raises(MissingSourceError, match="there is no STAC item"):
            read_item(path)
    with pytest.raises(ReadError, match="cannot be read"):
        read_item(tmp_path)
