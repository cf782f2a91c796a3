"""Features against scipy, against ilastik's own projects, and tiles against the whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from tsraster.errors import UnknownNameError, UsageError
from tsraster.learning.featureimages import compute_features
from tsraster.learning.featureset import Column, FeatureSet, halo, parse_features

ALL = parse_features("all")
Floats = NDArray[np.float64]


def draw(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Draw noise upon a slope."""
    noise = np.random.default_rng(seed).normal(100, 30, shape)
    return np.asarray(noise + np.linspace(0, 50, shape[-1]), dtype=np.float32)


def kernel(sigma: float, order: int, window: float) -> Floats:
    """Sample a derivative of a Gaussian by the formulas that are published for ilastik."""
    radius = max(int(window * sigma + 0.5), min(order, 1))
    x = np.arange(-radius, radius + 1.0)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    if order == 0:
        return np.asarray(bell / bell.sum())
    if order == 1:
        return np.asarray(x * bell / (x * x * bell).sum())
    taps = (x**2 / sigma**2 - 1) * bell
    taps -= taps.mean()
    return np.asarray(taps / ((x**2 * taps).sum() / 2))


def filtered(data: Floats, kernels: Sequence[Floats]) -> Floats:
    for axis, taps in enumerate(kernels):
        data = correlate1d(data, taps, axis=axis, mode="mirror")
    return data


def eigenvalues(parts: dict[tuple[int, int], Floats], axes: int) -> Floats:
    """Decompose matrices; the largest eigenvalue first."""
    matrices = np.array([[parts[min(i, j), max(i, j)] for i in range(axes)] for j in range(axes)])
    values = np.linalg.eigvalsh(np.moveaxis(matrices, (0, 1), (-2, -1)))
    return np.moveaxis(values, -1, 0)[::-1]


class Reference:
    """The features of a scale, each from the picture on, in float64."""

    def __init__(self, data: NDArray[Any], scale: float, recipe: str) -> None:
        self.data, self.axes, self.scale = data.astype(np.float64), data.ndim, scale
        self.is_ilastik = recipe == "ilastik"
        self.window = 2.0 if self.is_ilastik else 4.0

    def derive(self, sigma: float, *along: int) -> Floats:
        """Derive along axes; `sigma` is that of ilastik's second filter, or in scale space the whole one."""
        if self.is_ilastik:
            first = np.sqrt(self.scale**2 - 1) if self.scale > 1 else self.scale
            second, window = sigma, 3.5
        else:
            second, window = min(sigma, 1.0), 4.0
            first = np.sqrt(sigma**2 - second**2)
        data = filtered(self.data, [kernel(first, 0, window)] * self.axes) if first else self.data
        return filtered(data, [kernel(second, along.count(axis), self.window) for axis in range(self.axes)])

    def compute(self, kind: str) -> Floats:
        sigma = min(self.scale, 1.0) if self.is_ilastik else self.scale
        axes = range(self.axes)
        if kind == "smoothing":
            return self.derive(sigma)[np.newaxis]
        if kind == "laplacian":
            return np.asarray(np.sum([self.derive(sigma, i, i) for i in axes], axis=0, keepdims=True))
        if kind == "gradient":
            return np.asarray(np.sqrt(np.sum([self.derive(sigma, i) ** 2 for i in axes], axis=0, keepdims=True)))
        if kind == "difference":
            return (self.derive(sigma) - self.derive(0.66 * sigma))[np.newaxis]
        pairs = [(i, j) for i in axes for j in axes if i <= j]
        if kind == "hessian":
            return eigenvalues({(i, j): self.derive(sigma, i, j) for i, j in pairs}, self.axes)
        slopes = [self.derive(0.5 * sigma, i) for i in axes]
        outer = [kernel(sigma, 0, self.window)] * self.axes
        return eigenvalues({(i, j): filtered(slopes[i] * slopes[j], outer) for i, j in pairs}, self.axes)


def reference(data: NDArray[Any], columns: Sequence[Column], recipe: str) -> Iterator[Floats]:
    for column in columns:
        band = data[column.band]
        if column.slicewise and band.ndim == 3:
            planes = [Reference(plane, column.scale, recipe).compute(column.kind)[column.part] for plane in band]
            yield np.stack(planes)
        else:
            yield Reference(band, column.scale, recipe).compute(column.kind)[column.part]


def assert_close(found: NDArray[np.float32], wanted: Iterator[Floats], size: float, *, tolerance: float = 3e-6) -> None:
    """Compare with what float32 can hold of pixels up to `size`, of which products are the squares."""
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * size)


@pytest.mark.parametrize("recipe", ["ilastik", "scale-space"])
@pytest.mark.parametrize("text", ["all", "all:0.2,0.5,2.5"])
def test_pictures_are_filtered_as_by_scipy(text: str, recipe: str) -> None:
    data = draw(2, 61, 53)
    columns = parse_features(text).columns(2)
    assert_close(compute_features(data, columns, recipe), reference(data, columns, recipe), 200)


@pytest.mark.parametrize("recipe", ["ilastik", "scale-space"])
def test_volumes_are_filtered_as_by_scipy(recipe: str) -> None:
    data = draw(1, 12, 14, 17)
    features = FeatureSet(choices=parse_features("all:0.7,1,2.2 smoothing:0.3").choices, slicewise=(1,))
    columns = features.columns(1, dimensions=3)
    assert_close(compute_features(data, columns, recipe), reference(data, columns, recipe), 200)


def test_in_scale_space_the_sigma_is_the_scale() -> None:
    point = np.zeros((1, 101, 101), dtype=np.float32)
    point[0, 50, 50] = 1
    away = np.arange(101) - 50.0
    for scale in (1.0, 1.6, 5.0):
        columns = parse_features(f"smoothing:{scale}").columns(1)
        for recipe, variance in (("scale-space", scale**2), ("ilastik", max(scale**2, 2 * min(scale, 1) ** 2))):
            spread = compute_features(point, columns, recipe)[0].sum(axis=0)
            assert (spread * away**2).sum() == pytest.approx(variance, rel=0.12 if recipe == "ilastik" else 0.01)


def test_the_hessian_of_a_parabola_is_its_curvature() -> None:
    row, column = np.mgrid[:60, :60].astype(np.float32)
    picture = (3 * row**2 - column**2)[np.newaxis]
    for recipe in ("ilastik", "scale-space"):
        found = compute_features(picture, parse_features("hessian:2 laplacian:2").columns(1), recipe)[:, 25:35, 25:35]
        np.testing.assert_allclose(found.mean(axis=(1, 2)), [4, 6, -2], rtol=2e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (2, 3), (5, 70)])
def test_tiny_pictures_are_mirrored_again_and_again(shape: tuple[int, int]) -> None:
    data, columns = draw(1, *shape), parse_features("all:0.7,5").columns(1)
    assert_close(compute_features(data, columns), reference(data, columns, "ilastik"), 200)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", ">i2", "float64", "bool"])
def test_numbers_of_any_type_are_taken_as_they_are(dtype: str) -> None:
    data = (draw(1, 30, 33) / (100 if dtype == "bool" else 1)).astype(dtype)
    data.flags.writeable = False
    columns = parse_features("all:1.6").columns(1)
    np.testing.assert_array_equal(compute_features(data, columns), compute_features(data.astype(np.float32), columns))


def test_views_of_larger_arrays_are_taken() -> None:
    data, columns = draw(2, 40, 66), parse_features("all:1.6").columns(2)
    view = data[::-1, ::2, ::3]
    np.testing.assert_array_equal(compute_features(view, columns), compute_features(view.copy(), columns))


def test_each_feature_is_the_same_alone_and_with_all_others() -> None:
    data = draw(1, 45, 50)
    for recipe, (source, columns) in (
        ("ilastik", (data, ALL.columns(1))),
        ("scale-space", (data, parse_features("all:0.7,3").columns(1))),
        ("ilastik", (draw(1, 8, 9, 10), parse_features("all:0.7,1.6").columns(1, dimensions=3))),
    ):
        together = compute_features(source, columns, recipe)
        for column, wanted in zip(columns, together, strict=True):
            np.testing.assert_array_equal(compute_features(source, [column], recipe)[0], wanted)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 130), st.integers(1, 130), st.integers(0, 99), st.integers(0, 99), st.integers(1, 70), st.integers(1, 70),
    st.booleans(), st.sampled_from(["ilastik", "scale-space"]),
)  # fmt: skip
def test_tiles_are_the_whole_bit_for_bit(
    height: int, width: int, top: int, left: int, rows: int, columns: int, by_window: bool, recipe: str
) -> None:
    features = parse_features("all:0.7,1,3.5").columns(1)
    data = draw(1, height, width)
    whole, reach = compute_features(data, features, recipe), halo(features, recipe)
    top, left = top % height, left % width
    bottom, right = min(top + rows, height), min(left + columns, width)
    up, back = max(top - reach, 0), max(left - reach, 0)
    tile = data[:, up : bottom + reach, back : right + reach]
    inside = (slice(top - up, bottom - up), slice(left - back, right - back))
    found = (
        compute_features(tile, features, recipe, window=inside)
        if by_window
        else compute_features(tile, features, recipe)[:, inside[0], inside[1]]
    )
    np.testing.assert_array_equal(found, whole[:, top:bottom, left:right])


@pytest.mark.parametrize("recipe", ["ilastik", "scale-space"])
def test_blocks_of_a_volume_are_the_whole_bit_for_bit(recipe: str) -> None:
    features = FeatureSet(choices=parse_features("all:0.7,1.6").choices, slicewise=(0.7,)).columns(1, dimensions=3)
    data, reach = draw(1, 30, 29, 31), halo(features, recipe)
    whole = compute_features(data, features, recipe)
    for start, stop in (((0, 0, 0), (9, 10, 11)), ((12, 11, 9), (13, 20, 25)), ((20, 0, 30), (30, 29, 31))):
        window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        read = tuple(slice(max(part.start - reach, 0), part.stop + reach) for part in window)
        inside = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(window, read, strict=True))
        tile = data[:, read[0], read[1], read[2]]
        wanted = whole[:, window[0], window[1], window[2]]
        np.testing.assert_array_equal(compute_features(tile, features, recipe, window=inside), wanted)
        found = compute_features(tile, features, recipe)[:, inside[0], inside[1], inside[2]]
        np.testing.assert_array_equal(found, wanted)


def test_nothing_beyond_the_halo_changes_a_pixel() -> None:
    columns = ALL.columns(1)
    data, reach = draw(1, 100, 100), halo(ALL.columns(1))
    before = compute_features(data, columns)[:, 50, 50]
    far, near = data.copy(), data.copy()
    far[0, 50 + reach + 1] = near[0, 50 + reach] = 1e6
    np.testing.assert_array_equal(compute_features(far, columns)[:, 50, 50], before)
    assert (compute_features(near, columns)[:, 50, 50] != before).any()


def test_nan_spoils_only_what_is_around_it() -> None:
    columns, data = parse_features("all:1.6").columns(1), draw(1, 60, 60)
    spoiled = data.copy()
    spoiled[0, 30, 30] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compute_features(spoiled, columns)
    assert np.isnan(found[:, 30, 30]).all()
    away, reach = np.ones((60, 60), dtype=bool), halo(columns)
    away[30 - reach : 31 + reach, 30 - reach : 31 + reach] = False
    np.testing.assert_array_equal(found[:, away], compute_features(data, columns)[:, away])


def test_the_result_can_be_put_into_an_array_that_is_there() -> None:
    data, columns = draw(1, 20, 22), parse_features("all:1").columns(1)
    out = np.full((len(columns), 20, 22), np.nan, dtype=np.float32)
    assert compute_features(data, columns, out=out) is out
    np.testing.assert_array_equal(out, compute_features(data, columns))
    with pytest.raises(UsageError, match="the result has shape"):
        compute_features(data, columns, out=out[:, 1:])


def test_what_does_not_fit_is_refused() -> None:
    data, columns = draw(1, 20, 22), parse_features("smoothing:1").columns(2)
    with pytest.raises(UsageError, match="is of band 2; there are 1 bands"):
        compute_features(data, columns)
    with pytest.raises(UsageError, match="asked for twice"):
        compute_features(data, columns[:1] * 2)
    with pytest.raises(UsageError, match="of a volume and the data a picture"):
        compute_features(data, parse_features("smoothing:1").columns(1, dimensions=3))
    with pytest.raises(UsageError, match=r"give \(band, row, col\)"):
        compute_features(data[0], columns[:1])
    with pytest.raises(UsageError, match="is not within data"):
        compute_features(data, columns[:1], window=(slice(0, 21), slice(0, 22)))
    with pytest.raises(UnknownNameError, match="did you mean ilastik"):
        compute_features(data, columns[:1], "ilastic")


def test_every_threshold_of_an_ilastik_forest_lies_midway_between_two_feature_values(shared_data: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(shared_data / "ilastik" / "cells_2d.ilp") as file:
        (pixels,) = file["Input Data/local_data"].values()
        data = np.moveaxis(pixels[:], -1, 0)
        places = [list_labels(block) for block in file["PixelClassification/LabelSets/labels000"].values()]
        forests = file["PixelClassification/ClassifierForests"]
        trees = [tree for name in forests if name.startswith("Forest") for tree in list_trees(forests[name])]
    rows, columns = np.concatenate(places, axis=1)
    samples = compute_features(data, ALL.columns(1))[:, rows, columns]
    away = [distance for tree in trees for distance in measure_splits(*tree, samples)]
    assert (len(rows), len(trees), len(away)) == (1132, 100, 349)
    # A split is midway between neighbors among the values of its column, up to what float32 loses of them.
    assert np.median(away) < 1e-6
    assert max(away) < 1e-4


NEAREST = 8
"""So many values on each side of a threshold may be its neighbors, because each tree saw only two thirds of the pixels."""


def list_labels(block: Any) -> NDArray[np.int64]:
    """Return rows and columns of the labels in a block of a project."""
    corner = [int(part.split(":")[0]) for part in block.attrs["blockSlice"].strip("[]").split(",")]
    return np.asarray(np.argwhere(block[:])[:, :2].T + np.array(corner[:2])[:, np.newaxis])


def list_trees(forest: Any) -> Iterator[tuple[NDArray[np.int32], Floats]]:
    for name in forest:
        if name.startswith("Tree"):
            yield forest[name]["topology"][:], forest[name]["parameters"][:]


def measure_splits(topology: NDArray[np.int32], parameters: Floats, samples: NDArray[np.float32]) -> Iterator[float]:
    """Yield how far the threshold of each node is from the nearest middle of two values there, in shares of their range."""
    waiting = [(2, np.arange(samples.shape[1]))]
    while waiting:
        node, here = waiting.pop()
        if topology[node] & 0x40000000:
            continue
        _, address, left, right, column = topology[node : node + 5]
        threshold, values = parameters[address + 1], samples[column, here]
        ordered, goes_left = np.sort(values).astype(np.float64), values < threshold
        count = np.count_nonzero(goes_left)
        below, above = ordered[max(count - NEAREST, 0) : count], ordered[count : count + NEAREST]
        middles = (below[:, np.newaxis] + above) / 2
        yield np.min(np.abs(middles - threshold), initial=np.inf) / np.ptp(samples[column])
        waiting += [(left, here[goes_left]), (right, here[~goes_left])]
