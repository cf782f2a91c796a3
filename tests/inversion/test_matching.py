"""The nearest color of a scale, against a k-d tree that is asked for every pixel."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tsraster.errors import DataError, UsageError
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.matching import SPACES, ColorMatcher, Space
from tsraster.inversion.scales import scale_from_lut
from tsraster.lutfiles import read_lut

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def noise() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (3, 200, 300), dtype=np.uint8)


@pytest.fixture(scope="module")
def jet() -> ColorScale:
    return scale_from_lut(read_lut("jet"), vmin=-5, vmax=20)


def test_each_pixel_gets_the_nearest_color_in_rgb(noise: Pixels, jet: ColorScale) -> None:
    places = ColorMatcher(jet).match(noise)
    colors = np.moveaxis(noise, 0, -1).astype(float)
    nearest, _ = cKDTree(jet.colors).query(colors)
    assert np.linalg.norm(colors - jet.colors[places], axis=-1) == pytest.approx(nearest)


def test_each_pixel_gets_the_nearest_color_in_lab(noise: Pixels, jet: ColorScale) -> None:
    from skimage.color import rgb2lab

    part = noise[:, :40, :50]
    places = ColorMatcher(jet, "lab").match(part)
    colors, own = rgb2lab(np.moveaxis(part, 0, -1) / 255.0), rgb2lab(jet.colors / 255)
    nearest, _ = cKDTree(own).query(colors)
    assert np.linalg.norm(colors - own[places], axis=-1) == pytest.approx(nearest)


def test_chroma_counts_less_in_ycbcr() -> None:
    # As far in RGB: one is as bright and of another hue, the other is darker.
    colors = np.array([[100.0, 100, 160], [65, 65, 65]])
    scale = ColorScale(name="two", colors=colors, values=np.array([1.0, 2.0]))
    gray = np.full((3, 1, 1), 100, np.uint8)
    assert ColorMatcher(scale, "ycbcr").read_values(gray) == 1
    assert (
        ColorMatcher(ColorScale(name="two", colors=colors - [[0, 0, -3], [0, 0, 0]], values=scale.values)).read_values(
            gray
        )
        == 2
    )


@pytest.mark.parametrize("space", SPACES)
def test_values_are_those_of_the_places(space: Space, noise: Pixels, jet: ColorScale) -> None:
    matcher = ColorMatcher(jet, space)
    values = matcher.read_values(noise)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, jet.values.astype(np.float32)[matcher.match(noise)])


def test_what_was_asked_before_changes_nothing(noise: Pixels, jet: ColorScale) -> None:
    whole = ColorMatcher(jet).match(noise)
    matcher = ColorMatcher(jet)
    backwards = [matcher.match(noise[:, row : row + 1]) for row in reversed(range(noise.shape[1]))]
    np.testing.assert_array_equal(np.concatenate(backwards[::-1]), whole)


def test_threads_and_processes_get_the_same(noise: Pixels, jet: ColorScale) -> None:
    whole = ColorMatcher(jet).match(noise)
    matcher = ColorMatcher(jet)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda row: matcher.match(noise[:, row]), range(noise.shape[1])))
    np.testing.assert_array_equal(np.stack(rows), whole)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(matcher)).match(noise), whole)


def test_black_and_white_are_colors_like_others() -> None:
    gray = ColorScale(name="gray", colors=np.array([[0.0] * 3, [255.0] * 3]), values=np.array([7.0, 9.0]))
    ends = np.array([[[0, 255]]] * 3, np.uint8)
    assert ColorMatcher(gray).read_values(ends).tolist() == [[7, 9]]


def test_of_a_run_of_equal_colors_the_middle_counts() -> None:
    colors = np.array([[0.0] * 3, [9.0] * 3, [9.0] * 3, [9.0] * 3, [30.0] * 3])
    scale = ColorScale(name="run", colors=colors, values=np.arange(5.0))
    assert ColorMatcher(scale).read_values(np.full((3, 1), 9, np.uint8)) == 2


def test_twins_have_the_values_of_their_colors() -> None:
    scale = ColorScale(
        name="two",
        colors=np.array([[10.0] * 3, [20.0] * 3]),
        values=np.array([1.0, 2.0]),
        twins=np.array([[10.0] * 3, [90.0] * 3]),
    )
    assert ColorMatcher(scale).read_values(np.full((3, 1), 88, np.uint8)) == 2


def test_an_unknown_space_is_refused(jet: ColorScale) -> None:
    with pytest.raises(UsageError, match=r"'hsv'.*choose from rgb, lab, ycbcr"):
        ColorMatcher(jet, "hsv")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"colors": [[1, 2, 3]], "values": [1]}, "1 colors; a scale of colors has 2"),
        ({"colors": [[1, 2, 3], [1, 2, 3]], "values": [1, 2]}, "has one color only"),
        ({"colors": [[1, 2, 3], [4, 5, 6]], "values": [1, 1]}, "neither rise nor fall"),
        ({"colors": [[1, 2, 3], [4, 5, 6]], "values": [1, np.nan]}, "neither rise nor fall"),
        ({"colors": [[1, 2, 3], [4, 5, 6]], "values": [0, 1], "log": True}, "reaches down to 0"),
        ({"colors": [[1, 2, 3], [4, 5, 6]], "values": [0, 1], "twins": np.zeros((3, 3))}, "3 twins"),
    ],
)
def test_a_scale_that_says_nothing_is_refused(parts: dict[str, Any], problem: str) -> None:
    settings = {key: np.asarray(value, float) if key != "log" else value for key, value in parts.items()}
    with pytest.raises(DataError, match=problem):
        ColorScale(name="it", **settings)


@pytest.mark.parametrize("ends", [(1.0, 1000.0), (1000.0, 1.0)])
def test_recoloring_follows_the_scale(ends: tuple[float, float]) -> None:
    colors = np.array([[0.0] * 3, [90.0] * 3])
    log = ColorScale(name="log", colors=colors, values=np.array(ends), log=True)
    assert log.recolor([10 if ends[0] < ends[1] else 100])[0] == pytest.approx([30] * 3)
    stepped = ColorScale(name="steps", colors=colors, values=np.array(ends), is_stepped=True)
    assert stepped.recolor([ends[0] + 0.1 * (ends[1] - ends[0])]).tolist() == [[0, 0, 0]]
