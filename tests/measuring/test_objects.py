"""Objects of a mask: numbered as scipy numbers them, measured as scikit-image measures them, and right on drawn shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import perimeter_crofton, regionprops_table

from tsraster.errors import UsageError
from tsraster.measuring.objects import Connectivity, measure_objects, measure_runs
from tsraster.measuring.runs import find_runs, join_runs, label_runs, paint_runs
from tsraster.measuring.sizes import classify_sizes, find_percentiles

Mask = NDArray[np.bool_]
derandomized = settings(derandomize=True, deadline=None, database=None)
masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))
connectivities: Any = st.sampled_from([4, 8])


def label_with_scipy(mask: Mask, connectivity: int) -> NDArray[Any]:
    labels, _ = ndimage.label(mask, np.ones((3, 3)) if connectivity == 8 else None)
    return np.asarray(labels)


def draw_noise(seed: int, shape: tuple[int, int] = (150, 130), sigma: float = 1.5) -> Mask:
    noise = np.random.default_rng(seed).normal(size=shape)
    return np.asarray(ndimage.gaussian_filter(noise, sigma) > 0.05)


def draw_ellipse(
    major: float,
    minor: float,
    degrees: float,
    *,
    spacing: tuple[float, float] = (1, 1),
    shift: tuple[float, float] = (0, 0),
) -> Mask:
    """Draw an ellipse of these half axes, turned counterclockwise as it is seen, in the middle of a frame."""
    half = major + 4 * max(spacing)
    y, x = np.meshgrid(np.arange(half, -half, -spacing[0]), np.arange(-half, half, spacing[1]), indexing="ij")
    y, x, angle = y + shift[0], x + shift[1], math.radians(degrees)
    along, across = x * math.cos(angle) + y * math.sin(angle), -x * math.sin(angle) + y * math.cos(angle)
    return np.asarray((along / major) ** 2 + (across / minor) ** 2 <= 1)


def perimeter_of_ellipse(major: float, minor: float) -> float:
    angles = np.linspace(0, 2 * math.pi, 100_001)
    return float(np.hypot(np.diff(major * np.cos(angles)), np.diff(minor * np.sin(angles))).sum())


# Runs


@derandomized
@given(mask=masks, connectivity=connectivities)
def test_objects_are_those_of_scipy(mask: Mask, connectivity: int) -> None:
    runs = find_runs(mask)
    labels = label_runs(runs, connectivity)
    painted = paint_runs(runs, labels, row=0, col=0, shape=(mask.shape[0], mask.shape[1]), dtype=np.dtype(np.uint16))
    np.testing.assert_array_equal(painted, label_with_scipy(mask, connectivity))


@derandomized
@given(mask=masks, height=st.integers(1, 13), width=st.integers(1, 13), backwards=st.booleans())
def test_runs_of_blocks_are_those_of_the_whole(mask: Mask, height: int, width: int, backwards: bool) -> None:
    corners = [(row, col) for row in range(0, mask.shape[0], height) for col in range(0, mask.shape[1], width)]
    parts = [find_runs(mask[row : row + height, col : col + width], row=row, col=col) for row, col in corners]
    joined, whole = join_runs(parts[::-1] if backwards else parts), find_runs(mask)
    for name in ("rows", "starts", "ends"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


@derandomized
@given(mask=masks, row=st.integers(0, 6), col=st.integers(0, 6))
def test_a_window_of_labels_is_a_part_of_them(mask: Mask, row: int, col: int) -> None:
    mask = np.pad(mask, (0, 13))
    runs = find_runs(mask)
    painted = paint_runs(runs, label_runs(runs, 8), row=row, col=col, shape=(5, 7), dtype=np.dtype(np.uint8))
    np.testing.assert_array_equal(painted, label_with_scipy(mask, 8)[row : row + 5, col : col + 7])


def test_corners_join_objects_or_not() -> None:
    mask = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
    assert len(measure_objects(mask)) == 1
    assert measure_objects(mask, connectivity=4).pixels.tolist() == [1, 1, 1]
    wrong: Any = 6
    with pytest.raises(UsageError, match="4 neighbors, or 8"):
        measure_objects(mask, connectivity=wrong)


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (3, 0)])
def test_nothing_has_no_objects(shape: tuple[int, int]) -> None:
    table = measure_objects(np.zeros(shape, dtype=bool))
    assert len(table) == len(table.perimeter) == len(table.touches_border) == 0
    assert join_runs([]).rows.shape == (0,)


# scikit-image as the oracle


def assert_as_skimage(mask: Mask, connectivity: Connectivity) -> None:
    table = measure_objects(mask, connectivity=connectivity)
    properties = ("label", "area", "bbox", "centroid", "equivalent_diameter_area", "perimeter_crofton", "orientation")
    theirs = regionprops_table(label_with_scipy(mask, connectivity), properties=(*properties, "inertia_tensor_eigvals"))
    pairs = {
        "label": table.label,
        "area": table.pixels,
        "bbox-0": table.first_row,
        "bbox-1": table.first_col,
        "bbox-2": table.first_row + table.rows,
        "bbox-3": table.first_col + table.cols,
        "centroid-0": table.row,
        "centroid-1": table.col,
        "equivalent_diameter_area": table.equivalent_diameter,
        "perimeter_crofton": table.perimeter,
        # To them a pixel is a point, and so the moments are smaller by those of a pixel.
        "inertia_tensor_eigvals-0": (table.major_axis / 4) ** 2 - 1 / 12,
        "inertia_tensor_eigvals-1": (table.minor_axis / 4) ** 2 - 1 / 12,
    }
    for name, ours in pairs.items():
        np.testing.assert_allclose(ours, theirs[name], rtol=1e-9, atol=1e-9, err_msg=name)
    # They count from the axis of rows, which goes down.
    turn = np.degrees(theirs["orientation"]) + 90 - table.orientation
    assert np.nanmax(np.abs((turn + 90) % 180 - 90), initial=0) < 1e-6
    assert np.array_equal(table.area, table.pixels)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("connectivity", [4, 8])
def test_measures_are_those_of_skimage(seed: int, connectivity: Connectivity) -> None:
    assert_as_skimage(draw_noise(seed, sigma=0.8 + 0.5 * seed), connectivity)


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(mask=masks.filter(lambda mask: mask.any()), connectivity=connectivities)
def test_measures_of_any_small_mask_are_those_of_skimage(mask: Mask, connectivity: Connectivity) -> None:
    assert_as_skimage(mask, connectivity)


def test_far_from_the_corner_of_a_large_raster_measures_are_the_same() -> None:
    mask = draw_ellipse(20, 7, 30)
    near, runs = measure_objects(mask), find_runs(mask, row=3_000_000, col=2_000_000)
    far = measure_runs(runs, label_runs(runs, 8), shape=(4_000_000, 4_000_000))
    for name in ("major_axis", "minor_axis", "orientation", "perimeter", "area"):
        assert getattr(far, name).tolist() == getattr(near, name).tolist()
    assert (far.row[0] - near.row[0], far.col[0] - near.col[0]) == (3_000_000, 2_000_000)


# Drawn shapes, whose measures are known


@pytest.mark.parametrize(("radius", "largest", "mean"), [(3, 8, 1.5), (5, 4, 0.5), (10, 2, 0.3), (40, 0.6, 0.1)])
def test_the_perimeter_of_disks(radius: float, largest: float, mean: float) -> None:
    shifts = np.random.default_rng(7).uniform(0, 1, (50, 2)).tolist()
    errors = []
    for shift in shifts:
        table = measure_objects(draw_ellipse(radius, radius, 0, shift=(shift[0], shift[1])))
        errors.append(100 * (table.perimeter.sum() / (2 * math.pi * radius) - 1))
    assert max(map(abs, errors)) < largest
    assert abs(np.mean(errors)) < mean


@pytest.mark.parametrize("degrees", [0, 15, 30, 45, 60, 90, 120, 150, 179])
@pytest.mark.parametrize(("major", "minor"), [(40, 20), (60, 10)])
def test_ellipses_at_angles(degrees: float, major: float, minor: float) -> None:
    table = measure_objects(draw_ellipse(major, minor, degrees, shift=(0.3, 0.1)))
    assert len(table) == 1
    assert table.area[0] == pytest.approx(math.pi * major * minor, rel=0.01)
    assert table.major_axis[0] == pytest.approx(2 * major, rel=0.01)
    assert table.minor_axis[0] == pytest.approx(2 * minor, rel=0.015)
    assert table.elongation[0] == pytest.approx(major / minor, rel=0.02)
    assert abs((table.orientation[0] - degrees + 90) % 180 - 90) < 0.5
    assert table.perimeter[0] == pytest.approx(perimeter_of_ellipse(major, minor), rel=0.05)
    assert table.equivalent_diameter[0] == pytest.approx(2 * math.sqrt(major * minor), rel=0.01)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90, 110, 160])
@pytest.mark.parametrize("spacing", [(0.5, 1.0), (1.0, 0.5), (0.4, 0.65)])
def test_pixels_that_are_no_squares_change_no_measure(degrees: float, spacing: tuple[float, float]) -> None:
    table = measure_objects(draw_ellipse(40, 20, degrees, spacing=spacing), spacing=spacing)
    assert table.area[0] == pytest.approx(math.pi * 800, rel=0.01)
    assert table.area[0] == pytest.approx(table.pixels[0] * spacing[0] * spacing[1], rel=1e-12)
    assert (table.major_axis[0], table.minor_axis[0]) == pytest.approx((80, 40), rel=0.01)
    assert abs((table.orientation[0] - degrees + 90) % 180 - 90) < 0.5
    assert table.perimeter[0] == pytest.approx(perimeter_of_ellipse(40, 20), rel=0.04)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0)])
def test_a_larger_unit_scales_lengths_and_areas(spacing: tuple[float, float]) -> None:
    mask = draw_noise(3)
    pixels, scaled = measure_objects(mask), measure_objects(mask, spacing=spacing)
    for name in ("major_axis", "minor_axis", "perimeter", "equivalent_diameter"):
        np.testing.assert_allclose(getattr(scaled, name), spacing[0] * getattr(pixels, name), rtol=1e-12)
    np.testing.assert_allclose(scaled.area, spacing[0] ** 2 * pixels.area)
    np.testing.assert_array_equal(scaled.elongation, pixels.elongation)
    np.testing.assert_array_equal(scaled.orientation, pixels.orientation)


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 7), (5, 5), (12, 3)])
def test_rectangles_are_exact(rows: int, cols: int) -> None:
    table = measure_objects(np.pad(np.ones((rows, cols), dtype=bool), 2))
    axes = sorted([4 * rows / math.sqrt(12), 4 * cols / math.sqrt(12)])
    assert table.area[0] == table.pixels[0] == rows * cols
    assert (table.minor_axis[0], table.major_axis[0]) == pytest.approx(axes)
    assert table.elongation[0] == pytest.approx(max(rows, cols) / min(rows, cols))
    assert (table.row[0], table.col[0]) == (2 + (rows - 1) / 2, 2 + (cols - 1) / 2)
    assert (table.first_row[0], table.first_col[0], table.rows[0], table.cols[0]) == (2, 2, rows, cols)
    if rows == cols:
        assert np.isnan(table.orientation[0])
    else:
        assert table.orientation[0] == (90 if rows > cols else 0)
    # Lines in four directions do not see that a rectangle has corners: along the axes it comes out too short.
    assert 0.64 < table.perimeter[0] / (2 * (rows + cols)) < 0.96


def test_holes_have_an_outline_too() -> None:
    disk = draw_ellipse(40, 40, 0)
    y, x = np.indices(disk.shape) - np.array(disk.shape)[:, None, None] / 2
    hole = y**2 + x**2 <= 15**2
    table = measure_objects(disk & ~hole)
    assert table.perimeter[0] == pytest.approx(2 * math.pi * 55, rel=0.02)
    assert table.perimeter[0] == pytest.approx(perimeter_crofton(disk & ~hole), rel=1e-12)


def test_what_reaches_the_border_is_marked() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[0, 4] = mask[4, 0] = mask[4, 8] = mask[8, 4] = mask[4, 4] = True
    table = measure_objects(mask)
    assert dict(
        zip(zip(table.row.tolist(), table.col.tolist(), strict=True), table.touches_border.tolist(), strict=True)
    ) == {
        (0, 4): True,
        (4, 0): True,
        (4, 4): False,
        (4, 8): True,
        (8, 4): True,
    }


def test_selected_objects_are_numbered_anew() -> None:
    table = measure_objects(draw_noise(1))
    large = table.select(table.pixels >= 50)
    assert large.label.tolist() == list(range(1, len(large) + 1))
    assert large.pixels.tolist() == [pixels for pixels in table.pixels.tolist() if pixels >= 50]
    assert len(large.perimeter) == len(large.touches_border) == len(large)


# Sizes


@derandomized
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_percentiles_are_the_smallest_sizes_that_reach_the_share(sizes: list[int]) -> None:
    values = np.array(sizes, dtype=float)
    for weights in (None, values**2):
        share = np.ones_like(values) if weights is None else weights
        found = find_percentiles(values, weights)
        for percent, size in ((10, found.d10), (50, found.d50), (90, found.d90)):
            up_to, below = share[values <= size].sum(), share[values < size].sum()
            assert 100 * up_to >= percent * share.sum() * (1 - 1e-9)
            assert 100 * below < percent * share.sum() * (1 + 1e-9)


def test_nothing_has_no_percentiles() -> None:
    found = find_percentiles(np.zeros(0))
    assert np.isnan([found.d10, found.d50, found.d90]).all()


@derandomized
@given(sizes=st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=50))
def test_every_object_is_in_one_class_of_size(sizes: list[float]) -> None:
    values = np.array(sizes)
    classes = classify_sizes(values, values**2)
    assert classes.by_number.sum() == pytest.approx(100)
    assert classes.by_area.sum() == pytest.approx(100)
    assert len(classes.edges) == len(classes.by_number) + 1 <= 64
    np.testing.assert_allclose(classes.edges[1:] / classes.edges[:-1], classes.edges[1] / classes.edges[0])
