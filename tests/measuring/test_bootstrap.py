"""Blocks of a map say how much its percentages vary; pixels do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.measuring.bootstrap import (
    FEWEST_BLOCKS,
    MOST_BLOCKS,
    AreaInterval,
    TileSums,
    bootstrap_areas,
    count_tiles,
)
from tsraster.raster import Window

SHARES = np.array([0.6, 0.3, 0.1])
"""Of classes 1, 2 and 3 in the rock that the mosaics are fields of."""


def draw_mosaic(seed: int, shape: tuple[int, int], grain: int) -> NDArray[np.uint8]:
    """Draw square grains of one size, each of a class by chance, from a random start."""
    rng = np.random.default_rng([9, seed])
    row, col = rng.integers(0, grain, 2)
    classes = rng.choice([1, 2, 3], p=SHARES, size=[-(-(length + grain) // grain) for length in shape])
    pixels = np.kron(classes, np.ones((grain, grain), dtype=int))[row : row + shape[0], col : col + shape[1]]
    return pixels.astype(np.uint8)


def sum_tiles(codes: NDArray[np.uint8], block: tuple[int, int] | None = None) -> TileSums:
    sums = TileSums((codes.shape[0], codes.shape[1]))
    height, width = block or codes.shape
    for row in range(0, codes.shape[0], height):
        for col in range(0, codes.shape[1], width):
            part = codes[row : row + height, col : col + width]
            window = Window(row=row, col=col, rows=part.shape[0], cols=part.shape[1])
            sums.add(count_tiles(part, part > 0, window, sums.side))
    return sums


def bootstrap(codes: NDArray[np.uint8], **options: float) -> tuple[AreaInterval, ...]:
    sums = sum_tiles(codes)
    return bootstrap_areas(sums.counts, sums.side, **options)  # type: ignore[arg-type]


@settings(derandomize=True, deadline=None, database=None, max_examples=30)
@given(height=st.integers(1, 300), width=st.integers(1, 300))
def test_windows_of_any_size_give_the_same_sums(height: int, width: int) -> None:
    codes = draw_mosaic(0, (211, 300), 5)
    codes[50:90, 20:200] = 0
    whole, parts = sum_tiles(codes), sum_tiles(codes, (height, width))
    assert whole.codes == parts.codes == (1, 2, 3)
    np.testing.assert_array_equal(parts.counts, whole.counts)


@pytest.mark.parametrize(("dtype", "codes"), [("uint8", (1, 255)), ("uint16", (3, 65535)), ("uint32", (2, 2**31))])
def test_sums_are_those_of_the_pixels_in_each_tile(dtype: str, codes: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).choice([0, *codes], size=(130, 260)).astype(dtype)
    sums = sum_tiles(pixels)
    assert (sums.side, sums.codes, sums.counts.shape) == (3, codes, (44, 87, 2))
    assert sums.counts.sum(axis=(0, 1)).tolist() == [int((pixels == code).sum()) for code in codes]
    assert sums.counts[2, 5, 1] == int((pixels[6:9, 15:18] == codes[1]).sum())


def test_zero_is_a_code_like_others() -> None:
    codes = np.array([[0, 0], [4, 0]], dtype=np.uint8)
    found = count_tiles(codes, np.array([[True, False], [True, True]]), Window(row=0, col=0, rows=2, cols=2), 2)
    assert (found.codes, found.counts.tolist()) == ((0, 4), [[[2]], [[1]]])


def test_objects_are_no_classes() -> None:
    labels = np.arange(1, 1601, dtype=np.uint16).reshape(40, 40)
    window = Window(row=0, col=0, rows=40, cols=40)
    with pytest.raises(DataError, match="more than 1024 classes"):
        count_tiles(labels, labels > 0, window, 1)
    sums = TileSums((40, 40))
    sums.add(count_tiles(labels, labels <= 900, window, 1))
    with pytest.raises(DataError, match="more than 1024 classes"):
        sums.add(count_tiles(labels, labels > 900, window, 1))


@pytest.mark.parametrize(("shape", "grain"), [((160, 160), 4), ((160, 160), 8), ((200, 240), 10)])
def test_the_interval_holds_the_share_in_the_rock_where_that_of_pixels_does_not(
    shape: tuple[int, int], grain: int
) -> None:
    runs, held, held_by_pixels = 150, np.zeros(3), np.zeros(3)
    for seed in range(runs):
        codes = draw_mosaic(seed, shape, grain)
        intervals = bootstrap(codes, seed=seed)
        held += [found.low <= 100 * share <= found.high for found, share in zip(intervals, SHARES, strict=True)]
        area = np.array([(codes == code).mean() for code in (1, 2, 3)])
        held_by_pixels += np.abs(area - SHARES) <= 1.96 * np.sqrt(area * (1 - area) / codes.size)
    # Four standard deviations of 150 runs are 7 percent; a few blocks vary a little less than the rock does.
    assert (held / runs > 0.95 - 0.08).all(), held / runs
    assert (held_by_pixels / runs < 0.55).all(), held_by_pixels / runs


@pytest.mark.parametrize("grain", [3, 5, 9])
def test_the_patch_is_the_grain(grain: int) -> None:
    patches = [[found.patch for found in bootstrap(draw_mosaic(seed, (256, 256), grain))] for seed in range(12)]
    # Blocks share the grains on their edges, which makes patches look a little smaller.
    np.testing.assert_allclose(np.median(patches, axis=0), grain, rtol=0.17)


def test_the_interval_is_as_wide_as_that_of_independent_grains() -> None:
    codes = draw_mosaic(3, (256, 256), 4)
    first = bootstrap(codes)[0]
    share = (codes == 1).mean()
    width = 2 * 196 * math.sqrt(share * (1 - share) / 64**2)
    assert first.high - first.low == pytest.approx(width, rel=0.15)
    assert first.low < 100 * share < first.high


def test_blocks_are_several_patches_wide_and_neither_few_nor_many() -> None:
    for grain in (1, 2, 4, 8):
        for found in bootstrap(draw_mosaic(1, (256, 200), grain)):
            assert FEWEST_BLOCKS <= found.blocks <= MOST_BLOCKS
            assert found.suffices
            assert found.side >= 6 * found.patch


def test_a_few_large_grains_do_not_suffice() -> None:
    assert not any(found.suffices for found in bootstrap(draw_mosaic(1, (160, 160), 40)))


def test_each_class_has_blocks_of_its_own() -> None:
    codes = draw_mosaic(2, (256, 256), 2)
    codes[100:150, 100:150] = 4
    *fine, blob = bootstrap(codes)
    assert all(found.suffices for found in fine[1:])
    assert not blob.suffices
    assert blob.side > fine[2].side


def test_what_has_no_class_is_in_no_block() -> None:
    codes = draw_mosaic(5, (200, 200), 3)
    framed = np.zeros((200, 600), dtype=np.uint8)
    framed[:, 200:400] = codes
    alone, with_frame = bootstrap(codes)[0], bootstrap(framed)[0]
    assert with_frame.low == pytest.approx(alone.low, abs=0.5)
    assert with_frame.high == pytest.approx(alone.high, abs=0.5)


def test_a_seed_gives_the_same_interval_and_another_seed_nearly() -> None:
    codes = draw_mosaic(6, (200, 200), 4)
    first, again, other = (bootstrap(codes, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first.low == pytest.approx(other.low, abs=0.15 * (first.high - first.low))


def test_more_confidence_is_a_wider_interval() -> None:
    widths = [
        found.high - found.low
        for found in (bootstrap(draw_mosaic(7, (200, 200), 4), confidence=c)[1] for c in (0.5, 0.9, 0.95, 0.99))
    ]
    assert widths == sorted(widths)
    assert widths[2] / widths[0] == pytest.approx(1.96 / 0.674, rel=0.15)


def test_one_class_alone_says_nothing() -> None:
    (only,) = bootstrap(np.ones((50, 60), dtype=np.uint8))
    assert (only.low, only.high, only.patch, only.suffices) == (100, 100, math.inf, False)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 3)])
def test_a_tiny_map_has_an_interval_where_it_has_blocks(shape: tuple[int, int]) -> None:
    (only,) = bootstrap(np.ones(shape, dtype=np.uint8))
    assert (only.side, only.blocks) == (1, shape[0] * shape[1])
    assert math.isnan(only.low) == (shape == (1, 1))
    assert not only.suffices
