"""Painting is looking up the color of each code, one by one; and laying on white is mixing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.coloring import bind_lut, colorize, flatten, paint
from tsraster.errors import DataError, LutError
from tsraster.lut import RGBA, Lut

derandomized = settings(derandomize=True, deadline=None, database=None)
RED, GREEN, CLEAR = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 0, 0)
TWO = Lut(name="two", kind="classes", keys=(1, 2), colors=(RED, GREEN))
GRAY = Lut(name="gray", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))

levels = st.integers(0, 255)
rgba = st.tuples(levels, levels, levels, levels)
codes_of_any_size = st.one_of(
    st.integers(1, 12), st.integers(1, 2**20 - 1), st.integers(2**20 - 2, 2**20 + 2), st.integers(2**20, 2**32 - 1)
)


def naive_paint(codes: NDArray[Any], colors: dict[int, RGBA]) -> list[RGBA]:
    return [colors[int(code)] for code in codes.ravel()]


@st.composite
def tables_and_codes(draw: st.DrawFn) -> tuple[Lut, NDArray[Any]]:
    keys = sorted(draw(st.sets(codes_of_any_size, min_size=1, max_size=9)))
    lut = Lut(
        name="l",
        kind="classes",
        keys=tuple(keys),
        colors=tuple(draw(st.lists(rgba, min_size=len(keys), max_size=len(keys)))),
        nodata=draw(rgba),
    )
    shape = draw(st.sampled_from([(), (0,), (7,), (3, 4), (1, 9), (2, 3, 2)]))
    flat = draw(st.lists(st.sampled_from([0, *keys]), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    fitting = [d for d in ("uint8", "uint16", "uint32", "int32", "int64", "uint64") if np.iinfo(d).max >= keys[-1]]
    return lut, np.array(flat, dtype=draw(st.sampled_from(fitting))).reshape(shape)


@derandomized
@given(drawn=tables_and_codes())
def test_each_code_gets_its_color(drawn: tuple[Lut, NDArray[Any]]) -> None:
    lut, codes = drawn
    expected = naive_paint(codes, {0: lut.nodata} | {int(k): c for k, c in zip(lut.keys, lut.colors, strict=True)})
    for painted in (paint(codes, lut), colorize(codes, lut), colorize(codes.tolist(), lut) if codes.size else None):
        if painted is not None:
            assert (painted.shape, painted.dtype) == ((4, *codes.shape), np.uint8)
            assert list(map(tuple, painted.reshape(4, -1).T.tolist())) == expected


def test_a_raster_of_codes_beyond_a_million() -> None:
    rng = np.random.default_rng(1)
    keys = np.unique(rng.integers(1, 2**32, 500, dtype=np.uint32))
    colors = rng.integers(0, 256, (len(keys), 4)).tolist()
    lut = Lut(name="l", kind="classes", keys=tuple(keys.tolist()), colors=tuple(map(tuple, colors)))
    place = rng.integers(0, len(keys), (200, 300))
    np.testing.assert_array_equal(colorize(keys[place], lut), np.moveaxis(np.array(colors)[place], -1, 0))


def test_a_ramp_is_spread_over_the_codes_that_occur_or_over_all_that_are_named() -> None:
    assert colorize([[3, 0, 8]], GRAY)[[0, 3]].tolist() == [[[0, 0, 255]], [[255, 0, 255]]]
    assert colorize([[3, 0, 8]], GRAY, classes=(1, 3, 8))[0].tolist() == [[128, 0, 255]]
    assert colorize([[3, 0, 8]], GRAY, classes=(8, 3, 1))[0].tolist() == [[128, 0, 0]]
    with pytest.raises(LutError, match="the code 8"):
        colorize([[3, 0, 8]], GRAY, classes=(1, 3))


@pytest.mark.parametrize("classes", [(), (1,), (1, 2), (1, 2, 3)])
def test_a_table_needs_a_color_for_each_code_that_occurs_and_for_no_other(classes: tuple[int, ...]) -> None:
    with pytest.raises(LutError, match="two has no color for the code 5"):
        colorize([[1, 5]], TWO, classes=classes)
    assert colorize([[1, 0]], TWO, classes=classes)[:, 0].T.tolist() == [list(RED), list(CLEAR)]


@pytest.mark.parametrize("codes", [[[1.0]], [[True]], [["a"]], [[1j]]])
def test_only_whole_numbers_are_codes(codes: Any) -> None:
    with pytest.raises(DataError, match="class codes are whole numbers, and these are"):
        colorize(codes, TWO)


def test_negative_numbers_are_no_codes() -> None:
    with pytest.raises(DataError, match="the class code -3 is negative"):
        colorize([[1, -3]], TWO)


def test_tables_of_the_same_name_are_not_mixed_up() -> None:
    """What is gathered of a table is remembered; by all that it is, not by its name."""
    other = Lut(name="two", kind="classes", keys=(1, 2), colors=(GREEN, RED))
    codes = np.array([1, 2], np.uint8)
    assert paint(codes, TWO)[0].tolist() == [255, 0]
    assert paint(codes, other)[0].tolist() == [0, 255]


@derandomized
@given(colors=st.lists(rgba, min_size=1, max_size=40))
def test_laid_on_white_a_color_is_mixed_by_its_alpha(colors: list[RGBA]) -> None:
    found = flatten(np.array(colors, np.uint8).T[:, None])
    assert (found.shape, found.dtype) == ((3, 1, len(colors)), np.uint8)
    for i, (*levels, alpha) in enumerate(colors):
        for channel, level in enumerate(levels):
            exact = (level * alpha + 255 * (255 - alpha)) / 255
            assert abs(int(found[channel, 0, i]) - exact) <= 0.5


def test_opaque_colors_stay_as_they_are_on_white() -> None:
    painted = paint(np.arange(3, dtype=np.uint8), bind_lut(TWO, [1, 2]))
    assert flatten(painted).T.tolist() == [[255, 255, 255], [255, 0, 0], [0, 255, 0]]
