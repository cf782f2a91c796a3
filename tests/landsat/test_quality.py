"""Quality bits are decoded as USGS describes them, and "clear" is not taken for more than it is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError, TsrasterError, UnknownNameError, UsageError
from tsraster.landsat import (
    LAYOUTS,
    PRESETS,
    BitField,
    decode_quality,
    find_layout,
    find_masked,
    list_conditions,
    list_tests,
)

FACTS = {
    1: {"fill"},
    21824: {"clear"},
    21952: {"clear", "water"},
    22280: {"cloud"},
    23888: {"clear", "shadow"},
    54596: {"clear", "cirrus"},
}
"""What the numbers of Collection 2 mean, of which shadow and cirrus are also clear."""
VALUES = np.array(list(FACTS), np.uint16)
EVERY = np.arange(2**16).astype(np.uint16)


@pytest.mark.parametrize(("value", "flags"), FACTS.items())
def test_the_numbers_of_usgs_are_decoded(value: int, flags: set[str]) -> None:
    codes = {name: int(code[0]) for name, code in decode_quality(np.array([value], np.uint16)).items()}
    grades = {name: code for name, code in codes.items() if name.endswith("_confidence")}
    assert {name for name, code in codes.items() if code and name not in grades} == flags
    high = {"cloud", "shadow", "cirrus"} & flags
    expected = 0 if value == 1 else 1
    assert grades == {
        f"{name}_confidence": 3 if name in high else expected for name in ("cloud", "shadow", "snow", "cirrus")
    }


@pytest.mark.parametrize(
    ("names", "masked"),
    [
        (["fill"], [1]),
        (["cloud"], [22280]),
        (["shadow"], [23888]),
        (["cirrus"], [54596]),
        (["water"], [21952]),
        (["snow"], []),
        (["cloud", "shadow"], [22280, 23888]),
        (["usgs-clear"], [1, 22280]),
        (["clear-sky"], [1, 22280, 23888, 54596]),
        (["clear-land"], [1, 21952, 22280, 23888, 54596]),
        (["cloud_confidence:high"], [22280]),
        (["cloud_confidence=high"], [22280]),
        (["shadow_confidence:3", "water"], [21952, 23888]),
    ],
)
def test_conditions_mask_the_numbers_of_usgs(names: list[str], masked: list[int]) -> None:
    assert VALUES[find_masked(VALUES, names)].tolist() == masked


def test_the_bit_clear_keeps_shadow_and_cirrus_and_the_preset_of_clear_sky_does_not() -> None:
    clear = decode_quality(VALUES)["clear"] == 1
    assert VALUES[clear & find_masked(VALUES, ["clear-sky"])].tolist() == [23888, 54596]
    assert not (clear & find_masked(VALUES, ["usgs-clear"])).any()


@pytest.mark.parametrize(("confidence", "least"), [("high", 3), ("medium", 2), ("low", 1)])
def test_confidence_counts_from_a_level_on(confidence: str, least: int) -> None:
    grades = (EVERY >> 8) & 3
    expected = ((EVERY >> 3) & 1 == 1) | (grades >= least)
    np.testing.assert_array_equal(find_masked(EVERY, ["cloud"], confidence), expected)
    # Water has no confidence.
    np.testing.assert_array_equal(find_masked(EVERY, ["water"], confidence), (EVERY >> 7) & 1 == 1)


@pytest.mark.parametrize("name", ["cloud", "shadow", "snow", "cirrus"])
def test_collection_1_keeps_its_confidence_elsewhere(name: str) -> None:
    offset = {"cloud": 5, "shadow": 7, "snow": 9, "cirrus": 11}[name]
    expected = ((EVERY >> offset) & 3 == 3) | ((EVERY >> 4) & 1 == 1 if name == "cloud" else False)
    np.testing.assert_array_equal(find_masked(EVERY, [name], layout="collection-1"), expected)


def test_known_numbers_of_collection_1_mean_what_usgs_says() -> None:
    # 672: clear of Landsat 5 and 7; 2720: clear of Landsat 8; 2800: cloud; 2976: shadow; 3744: snow; 6816: cirrus.
    values = np.array([1, 672, 2720, 2800, 2976, 3744, 6816], np.uint16)
    found = {
        name: values[find_masked(values, [name], layout="collection-1")].tolist()
        for name in ("fill", "cloud", "shadow", "snow", "cirrus")
    }
    assert found == {"fill": [1], "cloud": [2800], "shadow": [2976], "snow": [3744], "cirrus": [6816]}
    assert values[find_masked(values, ["clear-sky"], layout="collection-1")].tolist() == [1, 2800, 2976, 6816]


def test_known_numbers_of_collection_1_level_2_mean_what_usgs_says() -> None:
    # 322: clear; 324: water; 328: shadow; 336: snow; 480: cloud of high confidence; 834: cirrus of high confidence.
    values = np.array([1, 322, 324, 328, 336, 480, 834], np.uint16)
    masked = {
        name: find_masked(values, [name], layout="collection-1-level-2")
        for name in ("water", "shadow", "snow", "cloud", "cirrus")
    }
    assert {name: values[found].tolist() for name, found in masked.items()} == {
        "water": [324],
        "shadow": [328],
        "snow": [336],
        "cloud": [480],
        "cirrus": [834],
    }


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">u2", "uint32", "int64", "uint64"])
def test_any_integers_give_what_the_table_gives(dtype: str) -> None:
    values = (EVERY if np.dtype(dtype).itemsize > 1 else EVERY[:256]).astype(dtype)
    wide = values.astype(np.int64) & 0xFFFF
    expected = find_masked(wide.astype(np.uint16), ["clear-land"], "medium")
    np.testing.assert_array_equal(find_masked(values, ["clear-land"], "medium"), expected)
    codes = decode_quality(values)
    np.testing.assert_array_equal(codes["cirrus_confidence"], (wide >> 14) & 3)


def test_a_block_keeps_its_shape_and_the_table_stays_as_it_is() -> None:
    block = VALUES.reshape(2, 3)
    first = find_masked(block, ["cloud"])
    first[:] = True
    assert find_masked(block, ["cloud"]).tolist() == [[False] * 3, [True, False, False]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_fills_its_bits_once_and_every_preset_works_on_it(layout: str) -> None:
    bits = [bit for field in LAYOUTS[layout] for bit in range(field.offset, field.offset + field.length)]
    assert len(bits) == len(set(bits))
    for preset in PRESETS:
        assert find_masked(EVERY, [preset], layout=layout)[1]
    for name in list_conditions(layout):
        assert find_masked(EVERY, [name], layout=layout).any()


CUSTOM = (BitField("bad", 0, 1), BitField("aerosol", 6, 2, ((0, "climatology"), (3, "high"))))


@pytest.mark.parametrize(
    ("names", "confidence", "layout", "error", "words"),
    [
        (["clouds"], "high", "collection-2", UnknownNameError, "know no 'clouds'; did you mean cloud?"),
        (
            ["water"],
            "high",
            "collection-1",
            UnknownNameError,
            "know no 'water'; choose from usgs-clear, .*fill, occluded",
        ),
        (
            ["cloud"],
            "sure",
            "collection-2",
            UnknownNameError,
            "unknown confidence 'sure'; choose from high, medium, low",
        ),
        (
            ["cloud"],
            "high",
            "collection-3",
            UnknownNameError,
            "unknown layout of quality bits 'collection-3'; did you mean",
        ),
        ([], "high", "collection-2", UsageError, "no condition is named"),
        (["aerosol"], "high", CUSTOM, UsageError, "aerosol has 4 codes; name one, such as aerosol=high"),
        (["aerosol:much"], "high", CUSTOM, UsageError, r"has no 'much'; it has climatology \(0\), high \(3\)"),
        (["aerosol:4"], "high", CUSTOM, UsageError, "has no '4'"),
        (["clear-sky"], "high", CUSTOM, UnknownNameError, "know no 'clear-sky'"),
    ],
)
def test_what_cannot_be_masked_is_refused_in_a_sentence(
    names: list[str],
    confidence: str,
    layout: str | tuple[BitField, ...],
    error: type[TsrasterError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        list_tests(names, confidence, layout)


def test_fields_of_ones_own_mask_by_meaning_and_by_number() -> None:
    values = np.array([0, 1, 64, 192], np.uint8)
    assert find_masked(values, ["bad", "aerosol=high"], layout=CUSTOM).tolist() == [False, True, False, True]
    assert find_masked(values, ["aerosol:1"], layout=CUSTOM).tolist() == [False, False, True, False]


@pytest.mark.parametrize("values", [np.array([1.0]), np.array([True])])
def test_numbers_without_bits_are_refused(values: NDArray[np.generic]) -> None:
    with pytest.raises(DataError, match="quality bits are integers"):
        find_masked(values, ["cloud"])
    with pytest.raises(DataError, match="quality bits are integers"):
        decode_quality(values)


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("LC08_L2SP_1_QA_PIXEL.TIF", "collection-2"),
        ("x/LC08_01_T1_BQA.TIF", "collection-1"),
        ("LC08_01_T1_pixel_qa.tif", "collection-1-level-2"),
        ("LC08_L2SP_1_QA_RADSAT.TIF", None),
    ],
)
def test_the_name_of_a_file_tells_its_layout(name: str, layout: str | None) -> None:
    assert find_layout(name) == layout
