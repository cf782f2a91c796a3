"""The channels of colors are those of scikit-image, and gray is that of the package."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from skimage.color import rgb2hsv, rgb2lab

from tsraster.classification.channels import CHANNELS, Colors, find_channel, find_limits
from tsraster.errors import DataError, UsageError
from tsraster.preparing import luminance

RANDOM = np.random.default_rng(5).integers(0, 256, (3, 5000), dtype=np.uint8)
CORNERS = np.stack(np.meshgrid(*[np.array([0, 1, 127, 254, 255], np.uint8)] * 3)).reshape(3, -1)
COLORS = np.concatenate([RANDOM, CORNERS], axis=1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray_is_the_luminance_of_the_package_bit_by_bit(dtype: str) -> None:
    rgb = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (3, 4000), dtype=dtype, endpoint=True)
    assert (Colors(rgb).channel("gray") == luminance(rgb)).all()


@pytest.mark.parametrize("channel", ["hue", "saturation", "value"])
def test_hue_saturation_and_value_are_those_of_scikit_image(channel: str) -> None:
    found = Colors(COLORS).channel(channel)
    expected = rgb2hsv(COLORS, channel_axis=0)[["hue", "saturation", "value"].index(channel)]
    has_hue = COLORS.max(axis=0) > COLORS.min(axis=0)
    if channel == "hue":
        assert np.isnan(found[~has_hue]).all()
        assert ((found[has_hue] >= 0) & (found[has_hue] <= 360)).all()
        turn = np.abs(found - 360 * expected)[has_hue]
        assert np.minimum(turn, 360 - turn).max() < 1e-9
    else:
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("channel", ["lightness", "a", "b"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_lab_is_that_of_scikit_image_for_each_type(channel: str, dtype: str) -> None:
    rgb = (COLORS.astype(np.uint16) * 257).astype(dtype) if dtype == "uint16" else COLORS
    rgb = (COLORS / 255).astype(dtype) if dtype.startswith("float") else rgb
    expected = rgb2lab(COLORS, channel_axis=0)[["lightness", "a", "b"].index(channel)]
    np.testing.assert_allclose(Colors(rgb).channel(channel), expected, atol=1e-4 if dtype == "float32" else 1e-9)


def test_chroma_and_ratios_follow_from_the_others() -> None:
    colors = Colors(COLORS)
    np.testing.assert_allclose(colors.channel("chroma"), np.hypot(colors.channel("a"), colors.channel("b")))
    some = COLORS[0] > 0
    np.testing.assert_allclose(
        colors.channel("blue/red")[some], (COLORS[2].astype(float) / np.maximum(COLORS[0], 1))[some]
    )


def test_levels_are_those_of_8_bits_whatever_the_type() -> None:
    eight = np.array([[0, 100, 255]] * 3, np.uint8)
    for rgb in (eight, eight.astype(np.uint16) * 257, eight / 255):
        np.testing.assert_allclose(Colors(rgb).channel("red"), [0, 100, 255], atol=1e-12)


def test_black_has_no_saturation_and_gray_no_hue_and_nobody_is_warned() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        colors = Colors(np.array([[0, 9], [0, 9], [0, 9]], np.uint8))
        assert colors.channel("saturation").tolist() == [0, 0]
        assert np.isnan(colors.channel("hue")).all()
        assert np.isnan(colors.channel("blue/red")[0])
        assert colors.channel("chroma").max() < 1e-2


def test_limits_hold_every_color() -> None:
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 5, dtype=np.uint8)] * 3)).reshape(3, -1)
    colors = Colors(cube)
    for channel, (low, high) in CHANNELS.items():
        values = colors.channel(channel)
        assert low <= np.nanmin(values)
        assert np.nanmax(values) <= high
        assert high - np.nanmax(values) <= max(5, 0.02 * (high - low)), "the limits are much too wide"


@pytest.mark.parametrize(
    ("text", "name"),
    [("Hue", "hue"), ("L", "lightness"), ("l", "lightness"), ("grey", "gray"), ("B", "b"), ("Blue / RED", "blue/red")],
)
def test_a_channel_is_found_however_it_is_written(text: str, name: str) -> None:
    assert find_channel(text) == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hues", "'hues' is no channel; did you mean hue"),
        ("xyz", "'xyz' is no channel; choose from red, green, blue, gray, hue"),
        ("hue/red", "hue/red is no ratio of two of red, green, blue"),
        ("red/red", "red/red is no ratio"),
        ("red/", "red/ is no ratio"),
    ],
)
def test_what_is_no_channel_is_said(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        find_channel(text)


def test_a_ratio_has_no_upper_limit() -> None:
    assert find_limits("blue/red") == (0, float("inf"))


@pytest.mark.parametrize("rgb", [np.zeros((3, 2), np.int16), np.zeros((4, 2), np.uint8), np.zeros((), np.uint8)])
def test_what_is_no_color_is_refused(rgb: np.ndarray) -> None:
    with pytest.raises(DataError, match="colors are three bands"):
        Colors(rgb)
