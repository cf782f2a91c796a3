"""Phases: which colors belong to them, and that each pixel is decided by itself."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2hsv, rgb2lab
from skimage.measure import points_in_poly

from tsraster.classification import assign_phases, find_samples, parse_phases
from tsraster.classification.conditions import Between, Compare, Near, Polygon, Sampled
from tsraster.classification.phases import MOST_PHASES, Phase
from tsraster.errors import DataError, UsageError

PICTURE = np.random.default_rng(3).integers(0, 256, (3, 60, 70), dtype=np.uint8)
TEXTS = (
    "blue: hue 180..260, saturation >0.25",
    "rim: hue 350..20, lightness <60 or chroma <=5",
    "near: near(#1f5fae #ff8000, 12)",
    "shape: polygon(a, b: -20 -20, 30 -40, 10 30)",
    "ratio: blue/red >1.5, green/red >=1",
    "dark: gray <.3",
)


def holds(text: str, *colors: tuple[int, int, int]) -> list[bool]:
    rgb = np.array(colors, np.uint8).T[:, np.newaxis]
    return [bool(code) for code in assign_phases(rgb, parse_phases([f"x: {text}"]))[0]]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("hue 180..260", [(0, 255, 255), (0, 0, 255), (85, 0, 255)], [(0, 255, 250), (90, 0, 255), (7, 7, 7)]),
        ("hue 350..20", [(255, 0, 0), (255, 85, 0), (255, 0, 40)], [(255, 90, 0), (255, 0, 50), (255, 255, 255)]),
        ("hue 20..20", [(255, 85, 0)], [(255, 84, 0)]),
        ("saturation >0.2", [(79, 100, 100)], [(80, 100, 100), (0, 0, 0)]),
        ("saturation >=0.2", [(80, 100, 100)], [(81, 100, 100)]),
        ("value <0.4", [(101, 0, 0)], [(102, 0, 0)]),
        ("value <=0.4", [(102, 0, 0)], [(103, 0, 0)]),
        ("red 10..20", [(10, 0, 0), (20, 9, 9)], [(9, 0, 0), (21, 0, 0)]),
        ("blue/red >2", [(10, 0, 21), (0, 0, 1)], [(10, 0, 20), (0, 0, 0)]),
        ("gray 1..1", [(255, 255, 255)], [(255, 255, 254)]),
        ("red >9, green <5 or blue 7..7", [(10, 4, 0), (0, 99, 7)], [(10, 5, 0), (9, 4, 0)]),
        ("near(#102030, 2)", [(16, 32, 48), (16, 33, 48)], [(16, 60, 48)]),
    ],
)
def test_a_condition_holds_up_to_its_very_end(
    text: str, inside: list[tuple[int, int, int]], outside: list[tuple[int, int, int]]
) -> None:
    assert holds(text, *inside) == [True] * len(inside)
    assert holds(text, *outside) == [False] * len(outside)


def test_codes_follow_the_order_and_the_first_phase_that_holds_wins() -> None:
    phases = parse_phases(["a: red >100", "b: red >50", "c: green >50"])
    rgb = np.array([[[200, 60, 0, 0]], [[90, 90, 90, 0]], [[0, 0, 0, 0]]], np.uint8)
    assert assign_phases(rgb, phases).tolist() == [[1, 2, 3, 0]]
    assert assign_phases(rgb, phases[::-1]).tolist() == [[1, 1, 1, 0]]
    assert assign_phases(rgb, phases, np.array([[True, False, True, True]])).tolist() == [[1, 0, 3, 0]]


def test_a_box_is_what_scikit_image_says() -> None:
    hsv = rgb2hsv(PICTURE, channel_axis=0)
    expected = (hsv[0] >= 0.5) & (hsv[0] <= 260 / 360) & (hsv[1] > 0.25)
    found = assign_phases(PICTURE, parse_phases(TEXTS[:1])) == 1
    on_edge = np.isclose(hsv[0], 0.5) | np.isclose(hsv[0], 260 / 360) | np.isclose(hsv[1], 0.25)
    assert (found == expected)[~on_edge].all()
    assert found.any()


def test_near_is_within_a_distance_by_ciede2000() -> None:
    lab = rgb2lab(PICTURE, channel_axis=0)
    wanted = rgb2lab(np.array([[[0x1F, 0x5F, 0xAE]]], np.uint8))[0, 0]
    distance = deltaE_ciede2000(lab, np.broadcast_to(wanted[:, None, None], lab.shape), channel_axis=0)
    found = assign_phases(PICTURE, parse_phases(["x: near(#1f5fae, 12)"])) == 1
    assert (found == (distance <= 12))[~np.isclose(distance, 12)].all()
    assert found.any()


def test_a_polygon_is_what_scikit_image_says() -> None:
    corners = ((-20.0, -20.0), (30.0, -40.0), (10.0, 30.0), (0.0, -10.0))
    lab = rgb2lab(PICTURE, channel_axis=0)
    expected = points_in_poly(np.stack([lab[1].ravel(), lab[2].ravel()], axis=-1), np.array(corners))
    phase = Phase(name="x", alternatives=((Polygon(channels=("a", "b"), corners=corners),),))
    assert (assign_phases(PICTURE, [phase]).ravel() == expected).all()
    assert expected.any()


@pytest.mark.parametrize("corners", ["180 0.2, 260 0.2, 260 1, 180 1", "260 1, 260 0.2, 180 0.2, 180 1"])
def test_a_polygon_holds_its_border_so_that_one_along_the_axes_is_a_box(corners: str) -> None:
    levels = np.array([0, 40, 51, 80, 100, 200, 204, 250, 255], np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels)).reshape(3, -1, 9)
    as_polygon = assign_phases(cube, parse_phases([f"x: polygon(hue, saturation: {corners})"]))
    as_box = assign_phases(cube, parse_phases(["x: hue 180..260, saturation 0.2..1"]))
    assert (as_polygon == as_box).all()
    assert as_box.any()


@pytest.mark.parametrize("turns", ["340 0.5, 380 0.5, 380 1, 340 1", "-20 0.5, 20 0.5, 20 1, -20 1"])
def test_a_polygon_over_hue_goes_round_through_red(turns: str) -> None:
    as_polygon = assign_phases(PICTURE, parse_phases([f"x: polygon(hue, saturation: {turns})"]))
    as_box = assign_phases(PICTURE, parse_phases(["x: hue 340..20, saturation 0.5..1"]))
    assert (as_polygon == as_box).all()
    turned = [" ".join(reversed(corner.split())) for corner in turns.split(", ")]
    assert (assign_phases(PICTURE, parse_phases([f"x: polygon(saturation, hue: {', '.join(turned)})"])) == as_box).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_blocks_equal_the_whole(dtype: str, data: st.DataObject) -> None:
    picture: NDArray[Any] = PICTURE[:, :30, :40]
    if dtype != "uint8":
        picture = (picture.astype(np.uint16) * 257) if dtype == "uint16" else (picture / 255).astype(dtype)
    phases = parse_phases(TEXTS)
    whole = assign_phases(picture, phases)
    rows, cols = data.draw(st.integers(0, 29)), data.draw(st.integers(0, 39))
    height, width = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 40))
    block = picture[:, rows : rows + height, cols : cols + width]
    assert (assign_phases(block, phases) == whole[rows : rows + height, cols : cols + width]).all()


def test_a_picture_of_16_bits_has_the_phases_of_the_same_in_8() -> None:
    phases = parse_phases(TEXTS)
    assert (assign_phases(PICTURE.astype(np.uint16) * 257, phases) == assign_phases(PICTURE, phases)).all()


def test_colors_that_are_remembered_give_what_they_gave_before() -> None:
    phases = parse_phases(["x: chroma >30, hue 10..200"])
    first = assign_phases(PICTURE[:, :20], phases)
    again = assign_phases(PICTURE, phases)
    assert (again[:20] == first).all()
    sixteen = assign_phases(PICTURE.astype(np.uint16) * 257, phases)
    assert (again == sixteen).all()


def test_threads_that_share_what_is_remembered_agree() -> None:
    phases = parse_phases(["x: chroma >31, hue 10..201"])
    blocks = [PICTURE[:, i : i + 10] for i in range(0, 50, 2)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda block: assign_phases(block, phases), blocks))
    whole = assign_phases(PICTURE.astype(np.uint16) * 257, phases)
    assert all((codes == whole[i : i + 10]).all() for i, codes in zip(range(0, 50, 2), found, strict=True))


def test_more_pixels_than_are_looked_at_together() -> None:
    many = np.random.default_rng(0).integers(0, 256, (3, 300, 301), dtype=np.uint8)
    phases = parse_phases(TEXTS[:2])
    parts = [assign_phases(many[:, i : i + 1], phases) for i in range(300)]
    assert (assign_phases(many, phases) == np.concatenate(parts)).all()


def test_floats_that_are_none_belong_to_no_phase_and_nobody_is_warned() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for bad in (np.nan, np.inf):
            rgb = np.array([[[0.5, 0.5]], [[0.5, 0.5]], [[0.5, bad]]])
            assert assign_phases(rgb, parse_phases(["x: red >1 or near(#ffffff, 200)", *TEXTS])).tolist()[0][1] == 0


def test_whatever_the_shape_of_the_picture_codes_have_it() -> None:
    phases = parse_phases(TEXTS)
    for shape in [(3, 0, 5), (3, 7), (3, 2, 3, 4)]:
        assert assign_phases(np.zeros(shape, np.uint8), phases).shape == shape[1:]
    assert assign_phases(np.moveaxis(np.zeros((4, 5, 3), np.uint8), -1, 0), phases).shape == (4, 5)


@pytest.mark.parametrize("pixels", [np.zeros((3, 2, 2), np.int32), np.zeros((4, 2, 2), np.uint8), np.zeros(3, bool)])
def test_what_is_no_color_picture_is_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(DataError, match="colors are three bands of uint8, uint16 or floats"):
        assign_phases(pixels, parse_phases(TEXTS))


def test_more_phases_than_codes_are_refused() -> None:
    phases = parse_phases([f"p{i}: red {i}..{i}" for i in range(MOST_PHASES + 1)])
    with pytest.raises(UsageError, match="255 phases are too many; 254 is the most"):
        assign_phases(PICTURE, phases)
    red = np.zeros((3, 1, 256), np.uint8)
    red[0] = np.arange(256)
    assert assign_phases(red, phases[:MOST_PHASES])[0].tolist() == [*range(1, MOST_PHASES + 1), 0, 0]


def test_points_must_be_looked_up_first() -> None:
    phases = parse_phases(["dye: points(1,2 3,4; 12) or value <0.1", "other: red >3"])
    sample = Sampled(points=((1, 2), (3, 4)), distance=12)
    assert find_samples(phases) == (sample,)
    with pytest.raises(UsageError, match=r"points\(1,2 3,4; 12\) is not known before its colors are read"):
        assign_phases(PICTURE, phases)
    found = phases[0].replace_condition(sample, Near(colors=((1, 2, 3),), distance=12))
    assert str(found) == "dye: near(#010203, 12) or value <0.1"


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: Between(channel="saturation", low=0.5, high=0.2), r"saturation 0\.5\.\.0\.2 holds nothing"),
        (lambda: Between(channel="hue", low=10, high=400), "hue runs from 0 to 360, and 400 is beyond that"),
        (lambda: Compare(channel="saturation", sign=">", limit=25), "saturation runs from 0 to 1, and 25 is beyond"),
        (lambda: Compare(channel="blue/red", sign=">", limit=-1), "blue/red runs from 0 on, and -1 is beyond"),
        (lambda: Compare(channel="hue", sign="=", limit=1), "'=' compares nothing; choose from >, >=, <, <="),  # type: ignore[arg-type]
        (lambda: Compare(channel="hue", sign=">", limit=float("nan")), "nan is beyond"),
        (lambda: Polygon(channels=("a", "a"), corners=((0, 0),) * 3), "name two different channels"),
        (lambda: Polygon(channels=("a", "b"), corners=((0, 0),) * 2), "2 corners holds nothing; give at least 3"),
        (lambda: Polygon(channels=("a", "b"), corners=((0, 0), (1, float("inf")), (2, 2))), "no pair of finite"),
        (lambda: Near(colors=(), distance=1), "names no color"),
        (lambda: Near(colors=((0, 0, 256),), distance=1), "is no color"),
        (lambda: Near(colors=((0, 0, 0),), distance=0), "the distance 0 holds no color"),
        (lambda: Sampled(points=(), distance=1), "names no pixel"),
        (lambda: Sampled(points=((-1, 0),), distance=1), "negative place"),
        (lambda: Phase(name=" ", alternatives=((Near(colors=((0, 0, 0),), distance=1),),)), "cannot be called ''"),
        (lambda: Phase(name="a:b", alternatives=((Near(colors=((0, 0, 0),), distance=1),),)), "without a colon or #"),
        (lambda: Phase(name="a", alternatives=((),)), "the phase a has no condition"),
        (lambda: Phase(name="a", alternatives=()), "the phase a has no condition"),
    ],
)
def test_what_can_never_hold_is_refused(build: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        build()
