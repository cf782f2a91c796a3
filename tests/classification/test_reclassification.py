"""`reclassify` against the rule, written down value by value in exact fractions, and against GDAL's own program."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule, Target
from tsraster.classification.mappingtext import parse_mapping
from tsraster.classification.reclassification import find_code_type, list_sources, reclassify
from tsraster.classtable import LARGEST_CODE, Number
from tsraster.errors import DataError

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
FLOATS = ("float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS, "bool")

some = settings(max_examples=60, deadline=None, derandomize=True, database=None)

Exact = Fraction | float


def to_exact(number: Number, dtype: np.dtype[Any]) -> Exact:
    """An end as data of that type see it: rounded for floats, exact for whole numbers."""
    if dtype.kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            number = float(np.float64(number).astype(dtype))
    return number if isinstance(number, float) and math.isinf(number) else Fraction(number)


def holds(rule: Rule, value: Fraction, dtype: np.dtype[Any]) -> bool:
    low, high = to_exact(rule.low, dtype), to_exact(rule.high, dtype)
    above = low <= value if rule.closed_low else low < value
    return above and (value <= high if rule.closed_high else value < high)


def expected_code(value: Any, mapping: Mapping) -> int | None:
    """The code of one value; None where it has none and that is an error."""
    dtype = np.asarray(value).dtype
    if dtype.kind == "f" and not np.isfinite(value):
        return mapping.nodata
    exact = Fraction(np.asarray(value).item())
    by_rank = sorted(mapping.rules, key=lambda rule: rule.low != rule.high)
    target = next((rule.to for rule in by_rank if holds(rule, exact, dtype)), mapping.default)
    if target != PASS_THROUGH:
        return target if target is None or isinstance(target, int) else None
    return int(exact) if exact.denominator == 1 and 0 <= exact <= LARGEST_CODE else None


NUMBERS = st.one_of(
    st.integers(-4, 300),
    st.integers(-8, 600).map(lambda n: n / 2),
    st.integers(-(2**66), 2**66),
    st.integers(-3, 3).flatmap(lambda n: st.sampled_from([2**32 + n, 2**53 + n, 2**63 + n, 2**64 + n, -(2**63) + n])),
    st.floats(allow_nan=False, allow_infinity=False),
)
TARGETS: st.SearchStrategy[Target] = st.one_of(st.integers(0, 3), st.integers(0, LARGEST_CODE), st.just(PASS_THROUGH))


@st.composite
def mappings(draw: st.DrawFn, *, targets: st.SearchStrategy[Any] = TARGETS, default: bool = False) -> Mapping:
    ends = draw(st.lists(NUMBERS, min_size=1, max_size=6, unique=True))
    single = draw(st.lists(st.sampled_from(ends), max_size=3, unique=True))
    rules = [Rule(low=number, high=number, to=draw(targets)) for number in single]
    for _ in range(draw(st.integers(0, 5))):
        low, high = sorted(
            draw(st.lists(st.sampled_from([-math.inf, *ends, math.inf]), min_size=2, max_size=2, unique=True))
        )
        closed = draw(st.tuples(st.booleans(), st.booleans()))
        rules.append(Rule(low=low, high=high, closed_low=closed[0], closed_high=closed[1], to=draw(targets)))
    left = draw(targets if default or not rules else st.one_of(st.none(), targets))
    order = draw(st.permutations(rules))
    return Mapping(rules=tuple(order), default=left, nodata=draw(st.integers(0, 70000)))


def near(number: Number, dtype: np.dtype[Any]) -> list[Any]:
    """What a type can hold at and beside a number."""
    if dtype.kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            at = np.array([number], dtype=np.float64).astype(dtype)[0]
            return [at, np.nextafter(at, dtype.type(-np.inf)), np.nextafter(at, dtype.type(np.inf))]
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    at = high if number == math.inf else low if number == -math.inf else math.floor(number)
    return [min(max(at + step, low), high) for step in (-1, 0, 1, 2)]


@st.composite
def arrays_for(draw: st.DrawFn, mapping: Mapping, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values at the ends of rules, beside them, and anywhere."""
    beside = [value for rule in mapping.rules for end in (rule.low, rule.high) for value in near(end, dtype)]
    if dtype.kind == "f":
        anywhere: st.SearchStrategy[Any] = st.floats(width=8 * dtype.itemsize)  # type: ignore[arg-type]
    else:
        low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        anywhere = st.integers(low, high)
    values = draw(st.lists(st.one_of(st.sampled_from(beside), anywhere) if beside else anywhere, max_size=24))
    return np.array(values, dtype=dtype)


def check(values: NDArray[Any], mapping: Mapping) -> None:
    expected = [expected_code(value, mapping) for value in values.ravel()]
    if None in expected:
        with pytest.raises(DataError, match=r"no rule holds the values?|cannot pass through"):
            reclassify(values, mapping)
        held = np.array([code is not None for code in expected]).reshape(values.shape)
        codes = reclassify(values, mapping, valid=held)
        expected = [mapping.nodata if code is None else code for code in expected]
    else:
        codes = reclassify(values, mapping)
    assert codes.dtype == find_code_type(mapping, values.dtype)
    assert codes.shape == values.shape
    assert codes.ravel().tolist() == expected


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), mapping=mappings())
def test_values_follow_the_rules(dtype: str, data: st.DataObject, mapping: Mapping) -> None:
    check(data.draw(arrays_for(mapping, np.dtype(dtype))), mapping)


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), mapping=mappings(targets=st.integers(0, LARGEST_CODE), default=True))
def test_the_layout_in_memory_and_blocks_do_not_matter(dtype: str, data: st.DataObject, mapping: Mapping) -> None:
    values = data.draw(arrays_for(mapping, np.dtype(dtype)))
    codes = reclassify(values, mapping)
    stacked = np.stack([values, values[::-1]])
    for turned in (stacked, stacked.astype(stacked.dtype.newbyteorder(">")), np.asfortranarray(stacked)):
        turned.flags.writeable = False
        np.testing.assert_array_equal(reclassify(turned.T, mapping), np.stack([codes, codes[::-1]]).T)
    parts = [reclassify(part, mapping) for part in np.array_split(values, 3)]
    assert {part.dtype for part in parts} == {codes.dtype}
    np.testing.assert_array_equal(np.concatenate(parts), codes)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
def test_blocks_of_a_million_pixels_follow_the_rules(dtype: str) -> None:
    values = np.random.default_rng(3).integers(0, 120, (1001, 1003)).astype(dtype)
    mapping = parse_mapping("7=1; [5,20)=2; (20,60]=3; 20=300; [0,119]=PASS_THROUGH; NO_DATA=70000")
    table = np.array([expected_code(value, mapping) for value in np.arange(120).astype(dtype)])
    valid = np.random.default_rng(4).random(values.shape) < 0.9
    codes = reclassify(values, mapping, valid=valid)
    np.testing.assert_array_equal(codes, np.where(valid, table[values.astype(int)], 70000))
    masked = np.ma.array(values, mask=~valid)
    np.testing.assert_array_equal(reclassify(masked, mapping), codes)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_large_integers_are_exact(dtype: str) -> None:
    at = 2**62 + 1
    values = np.array([at - 1, at, at + 1, np.iinfo(dtype).max], dtype=dtype)
    assert reclassify(values, parse_mapping(f"{at}=1; DEFAULT=2")).tolist() == [2, 1, 2, 2]
    assert reclassify(values, parse_mapping(f"(-inf,{at})=1; [{at},inf)=2")).tolist() == [1, 2, 2, 2]


def test_float32_is_compared_in_its_own_precision() -> None:
    values = np.array([0.1, np.nextafter(np.float32(0.1), np.float32(1))], dtype=np.float32)
    assert reclassify(values, parse_mapping("0.1=1; DEFAULT=2")).tolist() == [1, 2]
    assert reclassify(values, parse_mapping("(-inf,0.1]=1; (0.1,inf)=2")).tolist() == [1, 2]


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_not_finite_is_no_data(dtype: str) -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1], dtype=dtype)
    assert reclassify(values, parse_mapping("[-inf,inf]=1")).tolist() == [0, 0, 0, 1]
    assert reclassify(values, parse_mapping("1=2; NO_DATA=300")).tolist() == [300, 300, 300, 2]


@pytest.mark.parametrize(
    ("text", "dtype", "expected"),
    [
        ("DEFAULT=255", "int64", "uint8"),
        ("DEFAULT=256", "uint8", "uint16"),
        ("1=70000; DEFAULT=0", "uint8", "uint32"),
        ("DEFAULT=1; NO_DATA=256", "uint8", "uint16"),
        ("DEFAULT=PASS_THROUGH", "uint8", "uint8"),
        ("DEFAULT=PASS_THROUGH", "int8", "uint8"),
        ("DEFAULT=PASS_THROUGH", "int16", "uint16"),
        ("DEFAULT=PASS_THROUGH", "int64", "uint32"),
        ("DEFAULT=PASS_THROUGH", "float32", "uint32"),
        ("[0,255]=PASS_THROUGH; DEFAULT=0", "float32", "uint8"),
        ("[0,256)=PASS_THROUGH; DEFAULT=0", "float64", "uint8"),
        ("[0,256]=PASS_THROUGH; DEFAULT=0", "int32", "uint16"),
        ("(256,inf]=0; DEFAULT=PASS_THROUGH", "int32", "uint16"),
        ("[500,inf]=PASS_THROUGH; DEFAULT=0", "uint8", "uint8"),
        ("[-9,-2]=PASS_THROUGH; DEFAULT=0", "int32", "uint8"),
        ("DEFAULT=PASS_THROUGH", "bool", "uint8"),
    ],
)
def test_the_type_is_the_smallest_that_holds_what_can_come_out(text: str, dtype: str, expected: str) -> None:
    mapping = parse_mapping(text)
    assert find_code_type(mapping, np.dtype(dtype)) == np.dtype(expected)
    assert reclassify(np.zeros(0, dtype=dtype), mapping).dtype == np.dtype(expected)


@pytest.mark.parametrize(
    ("text", "values", "problem"),
    [
        ("1=2", np.array([1, 7, 3, 7], np.uint8), r"no rule holds the values 3, 7; add rules, or one for all that is"),
        ("1=2", np.arange(99, dtype=np.int32), r"no rule holds the values 0, 2, 3, 4, 5, \.\.\.; add"),
        ("1=2", np.array([0.1], np.float32), r"no rule holds the value 0\.1;"),
        ("DEFAULT=PASS_THROUGH", np.array([3, -3], np.int16), "the value -3 cannot pass through: new codes are whole"),
        ("DEFAULT=PASS_THROUGH", np.array([3, 2**32], np.int64), "the value 4294967296 cannot pass through"),
        ("DEFAULT=PASS_THROUGH", np.array([3, 2**32], np.float32), r"the value 4\.29.*09 cannot pass through"),
        ("DEFAULT=PASS_THROUGH", np.array([3, 0.5], np.float16), r"the value 0\.5 cannot pass through"),
        ("[0,9]=PASS_THROUGH", np.array([0.5, 10]), r"no rule holds the value 10\.0;"),
    ],
)  # fmt: skip
def test_a_value_without_a_code_is_an_error(text: str, values: NDArray[Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        reclassify(values, parse_mapping(text))
    assert reclassify(values, parse_mapping(text), valid=np.zeros(values.shape, bool)).tolist() == [0] * values.size


def test_single_numbers_and_no_values_keep_their_shape() -> None:
    mapping = parse_mapping("1=2; DEFAULT=3")
    assert reclassify(1, mapping) == 2
    assert reclassify(np.float32(5), mapping).shape == ()
    assert reclassify(np.zeros((0, 3)), mapping).shape == (0, 3)
    assert reclassify([True, False], mapping).tolist() == [2, 3]


@pytest.mark.parametrize(
    "values", [np.array([1j]), np.array(["a"]), np.array([None])], ids=["complex", "text", "objects"]
)
def test_what_has_no_order_is_refused(values: Any) -> None:
    with pytest.raises(DataError):
        reclassify(values, Mapping(default=1))


def test_ten_thousand_rules_do_not_take_a_pass_each() -> None:
    rules = tuple(Rule(low=i, high=20000 - i, to=i % 250) for i in range(10000))
    values = np.random.default_rng(5).integers(0, 20000, 10**6).astype(np.int32)
    begin = time.perf_counter()
    codes = reclassify(values, Mapping(rules=(*rules[::-1], Rule(low=-5, high=30000, to=251))))
    assert time.perf_counter() - begin < 5
    np.testing.assert_array_equal(codes, np.minimum(np.minimum(values, 20000 - values), 9999) % 250)


def test_the_old_codes_of_each_new_one_are_listed() -> None:
    mapping = parse_mapping("[21,24]=2; 11, 12=1; 31=NO_DATA; 41=PASS_THROUGH; -5=PASS_THROUGH; 22=7")
    assert list_sources(mapping, [11, 12, 21, 22, 23, 24, 31, 41, 90, -5]) == {
        0: [31], 1: [11, 12], 2: [21, 23, 24], 7: [22], 41: [41]
    }  # fmt: skip
    assert list_sources(mapping, []) == {}
    assert list_sources(mapping, (11.0, 21.5)) == {1: [11.0], 2: [21.5]}
    assert list_sources(parse_mapping(f"{2**53 + 1}=1"), [2**53, 2**53 + 1]) == {1: [2**53 + 1]}


# ---- GDAL ------------------------------------------------------------------------------------------------------------

Gdal = Callable[..., "NDArray[Any] | None"]


@pytest.fixture(scope="module")
def gdal(tmp_path_factory: pytest.TempPathFactory) -> Gdal:
    """Give a function that runs `gdal raster reclassify` of GDAL 3.12 or later; it returns pixels, or None where GDAL refuses."""
    beside = Path(__file__).parents[2].parent / "shared" / "bench" / "gdal"
    program = os.environ.get("TSRASTER_BENCH_GDAL", os.fspath(beside))
    if not Path(program).is_file():
        pytest.skip("the program gdal of GDAL 3.12 is not installed; name it in TSRASTER_BENCH_GDAL")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}
    if (
        subprocess.run(
            [program, "raster", "reclassify", "--help"], capture_output=True, env=own, check=False
        ).returncode
        > 1
    ):
        pytest.skip("the program gdal of GDAL 3.12 cannot be run")
    folder = tmp_path_factory.mktemp("gdal")

    def run(
        values: NDArray[Any], text: str, *, nodata: float | None = None, kind: str = "UInt32"
    ) -> NDArray[Any] | None:
        source, destination = folder / "in.tif", folder / "out.tif"
        rows = np.atleast_2d(values)
        profile = {"driver": "GTiff", "count": 1, "height": rows.shape[0], "width": rows.shape[1], "crs": "EPSG:32632"}
        transform = rasterio.transform.from_origin(500000, 5000000, 30, 30)
        with rasterio.open(source, "w", dtype=rows.dtype, nodata=nodata, transform=transform, **profile) as file:
            file.write(rows, 1)
        command = [
            program,
            "raster",
            "reclassify",
            "-m",
            text,
            "--ot",
            kind,
            "--overwrite",
            "-q",
            str(source),
            str(destination),
        ]
        done = subprocess.run(command, capture_output=True, env=own, check=False)
        if done.returncode:
            return None
        with rasterio.open(destination) as file:
            pixels: NDArray[Any] = file.read(1)
            return pixels.reshape(values.shape)

    return run


def draw_text(random: np.random.Generator, dtype: str, *, covers: bool) -> str:
    """Draw rules that do not overlap, for GDAL 3.12 refuses those that do."""
    step = 0.25 if dtype == "float32" else 1
    low, high = (0, 256) if dtype == "uint8" else (-300, 300)
    cuts = np.sort(random.choice(np.arange(low, high, step), size=random.integers(2, 9), replace=False)).tolist()
    if covers:
        cuts = [-math.inf, *cuts, math.inf]
    rules, before_is_closed = [], False
    for first, last in pairwise(cuts):
        target = random.choice(
            [str(random.integers(0, 300)), "PASS_THROUGH"] if first >= 0 else [str(random.integers(0, 300))]
        )
        closed_low = covers != before_is_closed if covers else bool(random.integers(2)) and not before_is_closed
        before_is_closed = bool(random.integers(2))
        if covers or random.random() < 0.7:
            rules.append(f"{'(['[closed_low]}{first:g}, {last:g}{')]'[before_is_closed]} = {target}")
        else:
            before_is_closed = False
    if not covers:
        rules.append(f"{cuts[-1] + 7 * step:g}={random.integers(0, 70000)}")
        rules.extend([["DEFAULT=5"], ["DEFAULT=NO_DATA"], []][random.integers(3)])
    return "; ".join(random.permutation(rules))


@pytest.mark.parametrize("covers", [True, False], ids=["all values", "some values"])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_every_pixel_is_that_of_gdal(gdal: Gdal, dtype: str, seed: int, covers: bool) -> None:
    random = np.random.default_rng([seed, len(dtype), covers])
    text = draw_text(random, dtype, covers=covers)
    low, high = (0, 256) if dtype == "uint8" else (-400, 400)
    values = random.integers(low, high, (40, 50)).astype(dtype)
    if dtype == "float32":
        values += random.integers(0, 4, values.shape).astype(dtype) / 4
        if "PASS_THROUGH" in text:
            values = np.floor(values)
    theirs = gdal(values, text, nodata=77) if "NO_DATA" in text else gdal(values, text)
    if theirs is None:
        assert not covers
        with pytest.raises(DataError, match="no rule holds"):
            reclassify(values, parse_mapping(text))
        return
    ours = reclassify(values, parse_mapping(text))
    np.testing.assert_array_equal(np.where(ours == 0, 77, ours) if "NO_DATA" in text else ours, theirs, err_msg=text)


def test_pixels_without_data_are_mapped_as_gdal_does_where_they_have_a_rule(gdal: Gdal) -> None:
    values = np.array([1, 2, 7, 9], dtype=np.int16)
    text = "1=5; NO_DATA=3; DEFAULT=4"
    theirs = gdal(values, text, nodata=7)
    assert theirs is not None
    assert theirs.tolist() == reclassify(values, parse_mapping(text), valid=values != 7).tolist() == [5, 4, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "1_0=2",
        "0x1=2",
        "[3,1]=2",
        "1=2=3",
        "1 2=3",
        "1==2",
        "x=2",
        "[1,2=2",
        "[1,2,3]=2",
        "1=2;1=3",
        "1=2 3",
        "nan=1;1=",
        "1=-2;DEFAULT=0",
    ],
)
def test_what_gdal_refuses_to_read_is_refused(gdal: Gdal, text: str) -> None:
    assert gdal(np.array([1, 2], np.uint8), text) is None
    with pytest.raises(ValueError, match=r"rule|code|value|twice"):
        parse_mapping(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("0=1; [0,9]=2", [1, 2, 2]),
        ("[0,1]=1; [1,9]=2", [1, 1, 2]),
        ("0, 1=1; DEFAULT=2", [1, 1, 2]),
        ("[ 0 , 9 ]=1;", [1, 1, 1]),
        ("# no file\n[0,9]=1", [1, 1, 1]),
        ("DEFAULT=pass_through", [0, 1, 2]),
        ("[0,9]=NO_DATA", [0, 0, 0]),
    ],
)
def test_what_is_read_and_gdal_refuses(gdal: Gdal, text: str, codes: list[int]) -> None:
    values = np.array([0, 1, 2], np.uint8)
    assert gdal(values, text) is None
    assert reclassify(values, parse_mapping(text)).tolist() == codes


def test_gdal_compares_large_integers_and_float32_as_float64(gdal: Gdal) -> None:
    large = np.array([2**53, 2**53 + 1, 2**53 + 2], np.int64)
    text = f"{2**53 + 1}=1; DEFAULT=0"
    theirs = gdal(large, text)
    assert theirs is not None
    assert theirs.tolist() == [1, 1, 0]
    assert reclassify(large, parse_mapping(text)).tolist() == [0, 1, 0]
    single = np.array([0.1], np.float32)
    theirs = gdal(single, "0.1=1; DEFAULT=0")
    assert theirs is not None
    assert theirs.tolist() == [0]
    assert reclassify(single, parse_mapping("0.1=1; DEFAULT=0")).tolist() == [1]


def test_gdal_takes_nan_infinities_and_nodata_for_values(gdal: Gdal) -> None:
    values = np.array([np.nan, np.inf, -np.inf, -9, 1], np.float32)
    text = "[-inf,inf]=1; DEFAULT=2"
    theirs = gdal(values, text, nodata=-9)
    assert theirs is not None
    assert theirs.tolist() == [2, 1, 1, 1, 1]
    assert reclassify(values, parse_mapping(text), valid=values != -9).tolist() == [0, 0, 0, 0, 1]
