"""A stroke covers the pixels whose centers are under its brush, and a thin one has no gaps."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.app.labels.strokes import BAND, Stroke, cover, cover_bands
from tsraster.errors import UsageError

SHAPE = (40, 50)
PLACE = st.tuples(st.floats(-20, 70), st.floats(-20, 60))


def draw_all(stroke: Stroke, shape: tuple[int, int]) -> NDArray[np.bool_]:
    window, mask = cover(stroke, shape)
    whole = np.zeros(shape, np.bool_)
    whole[window.slices] = mask
    return whole


def measure_distances(stroke: Stroke, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return how far each center is from the line, by the formula for one segment after the other."""
    rows, cols = np.mgrid[: shape[0], : shape[1]] + 0.5
    best = np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in zip(stroke.vertices, stroke.vertices[1:] or stroke.vertices, strict=False):
        square = (x1 - x0) ** 2 + (y1 - y0) ** 2
        along = ((cols - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / square if square else np.zeros(shape)
        along = np.clip(along, 0, 1)
        best = np.minimum(best, np.hypot(cols - x0 - along * (x1 - x0), rows - y0 - along * (y1 - y0)))
    return best


@settings(deadline=None, max_examples=150, derandomize=True)
@given(vertices=st.lists(PLACE, min_size=1, max_size=5), width=st.floats(1.5, 30))
def test_a_wide_stroke_covers_the_centers_within_half_its_width(vertices: list[Any], width: float) -> None:
    stroke = Stroke(1, width, tuple(vertices))
    distances = measure_distances(stroke, SHAPE)
    is_clear = abs(distances - width / 2) > 1e-6
    assert np.array_equal(draw_all(stroke, SHAPE)[is_clear], (distances <= width / 2)[is_clear])


@settings(deadline=None, max_examples=150, derandomize=True)
@given(vertices=st.lists(PLACE, min_size=1, max_size=4), width=st.floats(0.01, 1.0))
def test_a_thin_stroke_covers_the_pixels_under_its_line_and_no_others(vertices: list[Any], width: float) -> None:
    stroke = Stroke(1, width, tuple(vertices))
    covered = draw_all(stroke, SHAPE)
    for (x0, y0), (x1, y1) in zip(vertices, vertices[1:] or vertices, strict=False):
        share = np.linspace(0, 1, 400)
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        # Places that are on an edge between two pixels but for rounding may belong to either.
        clear = (abs(x - np.round(x)) > 1e-6) & (abs(y - np.round(y)) > 1e-6)
        inside = clear & (x >= 0) & (y >= 0) & (x < SHAPE[1]) & (y < SHAPE[0])
        assert covered[np.floor(y[inside]).astype(int), np.floor(x[inside]).astype(int)].all()
    assert not covered[measure_distances(stroke, SHAPE) > math.sqrt(0.5) + 1e-6].any()


@pytest.mark.parametrize("width", [0.2, 1.0, 1.05, 1.2, 1.4])
@pytest.mark.parametrize("angle", range(0, 180, 7))
def test_a_line_of_any_width_and_direction_has_no_gaps(width: float, angle: int) -> None:
    from scipy.ndimage import label

    x, y = 17 * math.cos(math.radians(angle)), 17 * math.sin(math.radians(angle))
    covered = draw_all(Stroke(2, width, ((20.3 - x, 20.1 - y), (20.3 + x, 20.1 + y))), (42, 42))
    assert label(covered, np.ones((3, 3)))[1] == 1
    assert covered.sum() >= 33 * max(abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle))))


@pytest.mark.parametrize(
    ("vertex", "width", "count"),
    [((3.5, 4.5), 1, 1), ((3.01, 4.99), 0.1, 1), ((3.05, 4.05), 1.2, 1), ((3.5, 4.5), 2, 5), ((3.0, 4.0), 2, 4)],
)
def test_a_click_is_a_dot(vertex: tuple[float, float], width: float, count: int) -> None:
    covered = draw_all(Stroke(1, width, (vertex,)), (9, 9))
    assert covered[int(vertex[1]), int(vertex[0])]
    assert covered.sum() == count
    assert np.array_equal(covered, draw_all(Stroke(1, width, (vertex, vertex)), (9, 9)))


def test_a_click_on_the_last_pixels_is_kept() -> None:
    assert draw_all(Stroke(1, 0.5, ((49.9, 39.9),)), SHAPE).sum() == 1


@pytest.mark.parametrize("vertices", [((-30, 5), (-9, 5)), ((60, 5),), ((5, -8),), ((5, 900), (30, 950))])
@pytest.mark.parametrize("width", [0.5, 1.2, 10])
def test_outside_of_the_raster_nothing_is_covered(vertices: tuple[tuple[float, float], ...], width: float) -> None:
    window, mask = cover(Stroke(1, width, vertices), SHAPE)
    assert mask.size == 0
    assert (window.rows, window.cols) == (0, 0)


def test_bands_are_disjoint_and_together_the_stroke() -> None:
    stroke = Stroke(1, 7, ((10, 10), (900, 700), (20, 1200)))
    bands = list(cover_bands(stroke, (1300, 1000)))
    assert [window.row // BAND for window, _ in bands] == list(range(5))
    assert all((window.row + window.rows - 1) // BAND == window.row // BAND for window, _ in bands)
    assert sum(int(mask.sum()) for _, mask in bands) == draw_all(stroke, (1300, 1000)).sum()


def test_thousands_of_vertices_take_some_milliseconds() -> None:
    turns = np.linspace(0, 60, 5000)
    vertices = np.column_stack([500 + 6 * turns * np.cos(turns), 500 + 6 * turns * np.sin(turns)])
    stroke = Stroke(1, 15, tuple(map(tuple, vertices.tolist())))
    times = []
    for _ in range(5):
        begin = time.process_time()
        cover(stroke, (8000, 8000))
        times.append(time.process_time() - begin)
    assert min(times) < 0.2


@pytest.mark.parametrize(
    ("code", "width", "vertices", "said"),
    [
        (256, 1, ((0, 0),), "256 is no class"),
        (-1, 1, ((0, 0),), "-1 is no class"),
        (True, 1, ((0, 0),), "True is no class"),
        (1, 0, ((0, 0),), "the width 0 draws"),
        (1, math.nan, ((0, 0),), "the width nan"),
        (1, "9", ((0, 0),), "the width '9'"),
        (1, 1, (), "no vertex"),
        (1, 1, ((0, math.inf),), "inf, which is no place"),
        (1, 1, ((0, 1e300),), r"1e\+300, which is no place"),
        (1, 1, ((0, 1, 2),), "pairs of numbers"),
        (1, 1, 7, "pairs of numbers"),
    ],
)
def test_what_is_no_stroke_is_refused(code: Any, width: Any, vertices: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Stroke(code, width, vertices)
