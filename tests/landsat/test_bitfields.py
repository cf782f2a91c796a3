"""Bit fields that STAC describes are read as they are, and wrong ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsraster.errors import DataError, MissingSourceError, ReadError, TsrasterError, UsageError
from tsraster.landsat import LAYOUTS, BitField, decode_bits, find_masked, read_bitfields


def describe(fields: tuple[BitField, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "offset": field.offset,
            "length": field.length,
            "description": "",
            "classes": [{"value": code, "name": name, "description": name} for code, name in field.meanings],
        }
        for field in fields
    ]


FIELDS = {"classification:bitfields": describe(LAYOUTS["collection-2"])}
SATURATION = {"classification:bitfields": [{"name": "band1", "offset": 0, "length": 1, "classes": []}]}
ITEM = {
    "type": "Feature",
    "assets": {
        "thumbnail": {"href": "x.jpeg"},
        "qa_pixel": {"href": "https://host/LC08_QA_PIXEL.TIF", "raster:bands": [{"nodata": 1, **FIELDS}]},
        "qa_radsat": {"href": "LC08_QA_RADSAT.TIF", "bands": [SATURATION]},
    },
}


@pytest.mark.parametrize("asset", ["qa_pixel", "LC08_QA_PIXEL.TIF"])
def test_an_item_gives_the_fields_of_the_asset_that_is_named(asset: str, tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    path.write_text(json.dumps(ITEM))
    assert read_bitfields(path, asset=asset) == read_bitfields(ITEM, asset=asset) == LAYOUTS["collection-2"]


def test_an_asset_or_a_bare_list_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    path.write_text(json.dumps(FIELDS["classification:bitfields"]))
    assert read_bitfields(path) == read_bitfields(FIELDS) == LAYOUTS["collection-2"]
    values = np.arange(2**16).astype(np.uint16)
    np.testing.assert_array_equal(
        find_masked(values, ["cloud", "snow"], "medium", read_bitfields(FIELDS)),
        find_masked(values, ["cloud", "snow"], "medium"),
    )


def test_the_example_of_the_extension_is_decoded() -> None:
    # Four bits, from the text of the extension: the confidence of 6 is 1.
    parts = [("nodata", 0, 1), ("cloud", 1, 1), ("", 2, 2)]
    entries = [{"name": name, "offset": offset, "length": length, "classes": []} for name, offset, length in parts]
    fields = read_bitfields({"classification:bitfields": entries})
    assert {name: codes.tolist() for name, codes in decode_bits(np.array([6], np.uint8), fields).items()} == {
        "nodata": [0],
        "cloud": [1],
        "bits_2_2": [1],
    }


def test_a_field_may_hold_all_bits_and_a_sign_is_only_a_bit() -> None:
    values = np.array([-1, -(2**63), 5], np.int64)
    assert BitField("all", 0, 64).extract(values).tolist() == [2**64 - 1, 2**63, 5]
    assert BitField("beyond", 8, 4).extract(np.array([-1], np.int8)).tolist() == [0]
    assert BitField("wide", 4, 12).extract(np.array([0xABCD], np.uint16)).dtype == np.uint16


def test_several_assets_ask_for_a_name() -> None:
    with pytest.raises(UsageError, match="bit fields of qa_pixel, qa_radsat; name one of these assets"):
        read_bitfields(ITEM)
    with pytest.raises(UsageError, match="and not of 'red'"):
        read_bitfields(ITEM, asset="red")


def entry(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "offset": 0, "length": 1, "classes": [], **changes}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([entry(offset="1")], "offset is '1' and no whole number"),
        ([entry(length=True)], "length is 'True' and no whole number"),
        ([entry(length=0)], "beyond 0 bits"),
        ([entry(offset=60, length=8)], "offset 60 and length 8, beyond 64 bits"),
        ([entry(offset=-1)], "offset -1"),
        ([entry(length=10**9)], "beyond 1000000000 bits"),
        ([{"name": "a", "offset": 0}], "length is missing"),
        ([entry(classes=[{"name": "x"}])], "value is missing"),
        ([entry(classes=[{"value": 2}])], "beyond 1 bits"),
        ([entry(classes={"value": 1})], "classes is no list"),
        (["a"], "'a' is no field"),
        ([entry(), entry()], "two bit fields of one name"),
        ([], "an empty list"),
    ],
)
def test_a_wrong_field_is_refused_in_a_sentence(fields: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_bitfields({"classification:bitfields": fields})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"{", ReadError, "is no JSON"),
        (b"\xff\xfe\xfd", ReadError, "is no JSON"),
        (b"[" * 100_000, ReadError, "is no JSON"),
        (b"3", DataError, "describes no bit fields"),
        (b'{"assets": {"a": 3, "b": {"raster:bands": 4}}}', DataError, "describes no bit fields"),
    ],
)
def test_a_file_that_describes_nothing_is_refused(
    content: bytes, error: type[TsrasterError], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "item.json"
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        read_bitfields(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="there is no file"):
        read_bitfields(tmp_path / "none.json")
