"""What an item says of bands is taken in the forms of STAC 1.0 and 1.1, and nothing wrong is."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.reading.stacdrawing import FIELDS, REFLECTANCE, TEMPERATURE
from tsraster.errors import DataError
from tsraster.reading.stacbands import StacBand, describe_bands, describe_together, find_bitfields
from tsraster.reading.stacitems import StacAsset

RED = StacBand(name="red", scale=2.75e-05, offset=-0.2, nodata=0, dtype="uint16")


def make(item: str = "item.json", properties: dict[str, Any] | None = None, **record: Any) -> StacAsset:
    return StacAsset(
        item=item,
        file="x.tif",
        record={k.replace("__", ":"): v for k, v in record.items()},
        properties=properties or {},
    )


ONE = {
    "name": "SR_B4",
    "nodata": 0,
    "data_type": "uint16",
    "raster:scale": 2.75e-05,
    "raster:offset": -0.2,
    "eo:common_name": "red",
}


SHARED = {"raster:scale": 2.75e-05, "raster:offset": -0.2}


@pytest.mark.parametrize(
    "asset",
    [
        make(raster__bands=[REFLECTANCE], eo__bands=[{"name": "SR_B4", "common_name": "red"}]),
        make(bands=[ONE]),
        make(bands=[{"name": "red"}], raster__scale=2.75e-05, raster__offset=-0.2, nodata=0, data_type="uint16"),
        make(properties=SHARED, bands=[{"name": "red", "nodata": 0, "data_type": "uint16"}]),
        make(properties={"eo:bands": [{}, {"name": "SR_B4", "common_name": "red"}]}, eo__bands=[1], raster__bands=[REFLECTANCE]),
        make(properties={"raster:scale": 7}, bands=[ONE], raster__bands=[REFLECTANCE], raster__scale=8, unit=None),
    ],
    ids=["1.0", "1.1", "asset", "item", "beta", "the narrowest wins"],
)  # fmt: skip
def test_both_forms_say_the_same(asset: StacAsset) -> None:
    assert describe_bands(asset, [1]) == (RED,)


def test_units_of_landsat_are_written_as_elsewhere() -> None:
    assert describe_bands(make(raster__bands=[TEMPERATURE]), [1])[0].unit == "K"
    assert describe_bands(make(raster__bands=[{"unit": "bit index"}]), [1])[0].unit == ""
    assert describe_bands(make(raster__bands=[{"unit": "m"}]), [1])[0].unit == "m"


def test_what_all_bands_share_is_said_once() -> None:
    assert describe_bands(make(raster__scale=0.1, unit="m"), [3, 4]) == (StacBand(scale=0.1, unit="m"),) * 3
    assert describe_bands(make(), [2]) == (StacBand(),) * 2
    assert len(describe_bands(make(bands=[{}] * 4), [3, 4])) == 4


@pytest.mark.parametrize(
    ("nodata", "expected"),
    [(0, 0.0), (-9999.0, -9999.0), ("nan", None), ("-inf", None), (math.nan, None), (None, None)],
)
def test_nodata_that_is_never_data_is_left_out(nodata: Any, expected: float | None) -> None:
    assert describe_bands(make(bands=[{"nodata": nodata}]), [1])[0].nodata == expected


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"raster:bands": [{"scale": 0}]}, "scale is 0, and no number from 1e-30 to 1e"),
        ({"raster:bands": [{"scale": math.nan}]}, "scale is nan"),
        ({"raster:bands": [{"scale": math.inf}]}, "scale is inf"),
        ({"raster:bands": [{"scale": 1e300}]}, r"scale is 1e\+300"),
        ({"raster:bands": [{"scale": 10**400}]}, "scale is 1000000"),
        ({"raster:bands": [{"scale": "2.75e-05"}]}, "scale is '2.75e-05'"),
        ({"raster:bands": [{"scale": True}]}, "scale is True"),
        ({"raster:bands": [{"scale": [1]}]}, r"scale is \[1\]"),
        ({"raster:bands": [{"offset": -math.inf}]}, r"offset is -inf, and no number from -1e\+15 to 1e\+15"),
        ({"bands": [{"raster:scale": None, "raster:offset": {}}]}, "offset is {}"),
        ({"bands": [{"nodata": "none"}]}, "nodata is 'none'"),
        ({"bands": [{"nodata": 10**400}]}, "beyond all numbers"),
        ({"bands": [{"unit": 3}]}, "unit is 3, and no text"),
        ({"bands": [{"unit": "m" * 90}], "unit": 3, "raster:bands": [{"unit": "s"}]}, "can only be one"),
        ({"bands": {"0": 1}}, "bands is {'0': 1} and no list"),
        ({"raster:bands": [3]}, "raster:bands holds 3 and no band"),
        ({"eo:bands": [True]}, "eo:bands holds True and no band"),
        ({"bands": [{}] * 3}, "there are 3 bands, and the file has 1"),
        ({"bands": [{}], "raster:bands": [{}] * 2}, "there are 1 and 2 bands"),
        ({"bands": [{"raster:scale": 2}], "raster:bands": [{"scale": 3}]}, "scale is 2 and 3, and can only be one"),
    ],
)  # fmt: skip
def test_wrong_bands_are_refused_in_a_sentence(record: dict[str, Any], words: str) -> None:
    asset = StacAsset(item="item.json", file="x.tif", record=record, properties={})
    with pytest.raises(DataError, match=words) as caught:
        describe_bands(asset, [1])
    assert str(caught.value).startswith("the STAC item item.json is wrong about x.tif: ")
    assert str(caught.value).endswith("--raw")
    assert len(str(caught.value)) < 250


def test_several_items_are_put_together_unless_they_contradict_each_other() -> None:
    named = make("SR_stac.json", properties={"eo:bands": [{"common_name": "red"}]}, eo__bands=[0])
    valued = make("item.json", raster__bands=[REFLECTANCE])
    for order in ([named, valued], [valued, named]):
        asset, bands = describe_together(order, [1])
        assert (asset.item, bands) == ("item.json", (RED,))
    assert describe_together([named], [1])[1][0].name == "red"
    with pytest.raises(
        DataError, match=r"item\.json and other\.json say different things of x\.tif; name one with --stac"
    ):
        describe_together([valued, make("other.json", raster__bands=[TEMPERATURE])], [1])


def test_bit_fields_are_found_in_the_asset_and_in_its_bands() -> None:
    assert find_bitfields(make(classification__bitfields=FIELDS)) == (1, FIELDS)
    assert find_bitfields(make(raster__bands=[{}, {"classification:bitfields": FIELDS}])) == (2, FIELDS)
    assert find_bitfields(make(bands=[{"classification:bitfields": FIELDS}])) == (1, FIELDS)
    assert find_bitfields(make(bands=[{}])) is None
