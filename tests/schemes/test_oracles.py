"""Schemes against those who made them before: mapclassify, scikit-image, numpy, and trying everything."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.classification import classify
from tsraster.classtable import ClassTable, Closed
from tsraster.errors import DataError, FewerClassesWarning
from tsraster.schemes import choose_scheme, tally_array
from tsraster.schemes.partition import partition

SEEDS = (0, 1, 2)
Draw = Callable[[np.random.Generator], NDArray[Any]]
SHAPES: dict[str, Draw] = {
    "normal": lambda random: random.normal(280, 12, 701),
    "skewed": lambda random: random.lognormal(0, 1.2, 801),
    "float32": lambda random: random.gamma(2, 30, 600).astype(np.float32),
    "few values": lambda random: random.poisson(2, 500).astype(np.uint8),
    "integers": lambda random: random.poisson(90, 900).astype(np.int32),
    "negative": lambda random: random.integers(-9000, 9000, 400, dtype=np.int16),
    "rain": lambda random: np.where(random.random(700) < 0.6, 0, random.gamma(0.7, 12, 700).round(1)),
}
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_seed = pytest.mark.parametrize("seed", SEEDS)


def draw(shape: str, seed: int) -> NDArray[Any]:
    return SHAPES[shape](np.random.default_rng(seed))


def fit(scheme: str, classes: int | None, values: NDArray[Any], closed: Closed = "right") -> ClassTable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewerClassesWarning)
        return choose_scheme(scheme, classes).fit(tally_array(values), closed=closed)


def theirs(name: str, values: NDArray[Any], **options: Any) -> list[float]:
    """Return the upper edges of the classes of mapclassify, computed as float64."""
    mapclassify = pytest.importorskip("mapclassify")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bins: list[float] = getattr(mapclassify, name)(values.astype(np.float64), **options).bins.tolist()
    return bins


def without_empty(bins: Sequence[float], values: NDArray[Any]) -> list[float]:
    """Return the inner edges that our classes have: of bins below which no value is new, the first; none at an end.

    A class of only the smallest value ends, here, halfway to the next one.
    """
    present = np.unique(values).astype(np.float64)
    kept: list[float] = []
    for edge in sorted(bins):
        if present[0] <= edge < present[-1] and ((present > (kept[-1] if kept else -np.inf)) & (present <= edge)).any():
            kept.append(edge)
    if kept and kept[0] == present[0]:
        kept[0] = (present[0] + present[1]) / 2
    return kept


def inside(bins: Sequence[float], values: NDArray[Any]) -> list[float]:
    return [edge for edge in bins if values.min() < edge < values.max()]


def squares(values: NDArray[Any], codes: NDArray[Any]) -> float:
    """Return the sum of squared differences from the means of classes."""
    wide = values.astype(np.float64)
    return float(sum(((wide[codes == code] - wide[codes == code].mean()) ** 2).sum() for code in np.unique(codes)))


@each_shape
@each_seed
@pytest.mark.parametrize("classes", [2, 4, 7, 20])
def test_quantiles_are_those_of_mapclassify(shape: str, seed: int, classes: int) -> None:
    values = draw(shape, seed)
    found = fit("quantiles", classes, values).edges[1:-1]
    assert found == pytest.approx(without_empty(theirs("Quantiles", values, k=classes), values), rel=1e-6)


@each_shape
@each_seed
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_equal_intervals_are_those_of_mapclassify(shape: str, seed: int, classes: int) -> None:
    values = draw(shape, seed)
    found = fit("equal-interval", classes, values).edges[1:]
    assert found == pytest.approx(theirs("EqualInterval", values, k=classes), rel=1e-9, abs=1e-9)


@each_shape
@each_seed
def test_head_and_tail_are_those_of_mapclassify(shape: str, seed: int) -> None:
    values = draw(shape, seed)
    found = fit("head-tail", None, values).edges[1:-1]
    assert found == pytest.approx(without_empty(theirs("HeadTailBreaks", values), values), rel=1e-6)


@each_shape
@each_seed
@pytest.mark.parametrize("numbers", [(), (-1.5, -0.5, 0.5, 1.5), (0, 1, 3)])
def test_standard_deviations_are_those_of_mapclassify(shape: str, seed: int, numbers: tuple[float, ...]) -> None:
    values = draw(shape, seed)
    text = "standard-deviation" + (":" + ",".join(map(str, numbers)) if numbers else "")
    expected = theirs("StdMean", values, **({"multiples": list(numbers)} if numbers else {}))
    assert fit(text, None, values).edges[1:-1] == pytest.approx(inside(expected, values), rel=1e-9)


@each_shape
@each_seed
@pytest.mark.parametrize("whisker", [None, 0.7])
def test_box_plots_are_those_of_mapclassify(shape: str, seed: int, whisker: float | None) -> None:
    values = draw(shape, seed)
    found = fit("box-plot" if whisker is None else f"box-plot:{whisker}", None, values).edges[1:-1]
    expected = theirs("BoxPlot", values, hinge=whisker or 1.5)
    assert found == pytest.approx(without_empty(expected, values), rel=1e-6)


@each_shape
@each_seed
@pytest.mark.parametrize("percents", [(), (5, 50, 95), (0.5, 33.3, 99.5)])
def test_percentiles_are_those_of_mapclassify(shape: str, seed: int, percents: tuple[float, ...]) -> None:
    values = draw(shape, seed)
    text = "percentiles" + (":" + ",".join(map(str, percents)) if percents else "")
    expected = theirs("Percentiles", values, **({"pct": [*percents, 100]} if percents else {}))
    assert fit(text, None, values).edges[1:-1] == pytest.approx(without_empty(expected, values), rel=1e-6)


@each_shape
@each_seed
@pytest.mark.parametrize("classes", [2, 5])
def test_maximum_breaks_are_those_of_mapclassify(shape: str, seed: int, classes: int) -> None:
    values = draw(shape, seed)
    found, expected = fit("maximum-breaks", classes, values).edges[1:-1], theirs("MaximumBreaks", values, k=classes)
    widths = np.diff(np.unique(values).astype(np.float64))
    is_tied = len(np.unique(np.sort(widths)[-classes:])) < min(classes, len(widths))
    if not is_tied:
        assert found == pytest.approx(inside(expected, values), rel=1e-6)
    for edges in (found, inside(expected, values)):
        at = np.searchsorted(np.unique(values), edges) - 1
        np.testing.assert_allclose(np.sort(widths[at]), np.sort(widths)[1 - classes :], rtol=1e-6)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "few values"])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_fisher_jenks_of_mapclassify_is_never_better(shape: str, classes: int) -> None:
    values = draw(shape, 3)[:120]
    bins = theirs("FisherJenks", values, k=classes)
    own = squares(values, classify(values, fit("natural-breaks", classes, values)))
    other = squares(values, np.searchsorted(np.array(bins[:-1]), values.astype(np.float64)))
    assert own <= other * (1 + 1e-12)
    assert own == pytest.approx(other, rel=0.01)  # and theirs is nearly as good, so that the same is compared


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("closed", ["right", "left"])
def test_natural_breaks_are_the_best_of_all_partitions(seed: int, closed: Closed) -> None:
    random = np.random.default_rng(seed)
    present = np.unique(random.choice([random.integers(0, 40, 9), random.normal(0, 5, 9)][seed % 2], 9))
    values = np.repeat(present, random.integers(1, 5, len(present)))
    for classes in range(2, len(present)):
        all_cuts = combinations(range(1, len(present)), classes - 1)
        best = min(squares(values, np.searchsorted(present[list(cuts)], values, side="right")) for cuts in all_cuts)
        table = fit("natural-breaks", classes, values, closed)
        assert len(table) == classes
        assert squares(values, classify(values, table)) == pytest.approx(best, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("start", [-(2**62) - 1, 2**53 + 1, 2**62 + 1])
def test_natural_breaks_see_the_last_digits_of_large_integers(start: int) -> None:
    steps = np.array([0, 1, 50, 51, 90])
    assert fit("natural-breaks", 3, steps).edges == (0, 1, 51, 90)
    assert fit("natural-breaks", 3, steps + start).edges == (start, start + 1, start + 51, start + 90)


@pytest.mark.parametrize("seed", range(4))
def test_the_partition_is_that_of_a_plain_program(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.unique(random.gamma(2, 500, 300).round(seed))
    counts = random.geometric(0.05, len(values)).astype(np.int64)
    weight, first, second = (np.append(0, np.cumsum(counts * values**power)) for power in (0, 1, 2))
    cost = np.full((len(values) + 1, len(values) + 1), np.inf)
    for i, j in combinations(range(len(values) + 1), 2):
        cost[i, j] = second[j] - second[i] - (first[j] - first[i]) ** 2 / (weight[j] - weight[i])
    best = cost[0]
    for classes in range(1, 9):
        ends = [0, *partition(values, counts, classes)]
        assert len(ends) == classes + 1
        assert sum(cost[i, j] for i, j in pairwise(ends)) == pytest.approx(best[-1], rel=1e-9)
        best = (best[:, np.newaxis] + cost).min(axis=0)


@pytest.mark.parametrize("shape", ["normal", "skewed", "rain"])
@each_seed
def test_quantiles_are_exactly_those_of_numpy(shape: str, seed: int) -> None:
    values = draw(shape, seed)
    expected = np.quantile(values, np.arange(1, 10) / 10)
    found = fit("quantiles", 10, values).edges[1:-1]
    assert set(found[1:]) <= set(expected.tolist())
    if shape != "rain":
        assert found == tuple(expected.tolist())


def picture(seed: int, dtype: str = "uint8") -> NDArray[Any]:
    """Draw an image of three hills of gray."""
    random = np.random.default_rng(seed)
    hills = [random.normal(60, 12, 5000), random.normal(130, 9, 3000), random.normal(190, 14, 2000)]
    gray = np.concatenate(hills[: 2 + seed % 2])
    scale = {"uint8": 1, "uint16": 3}.get(dtype, 0.01)
    top = {"uint8": 255, "uint16": 65535}.get(dtype, np.inf)
    return (random.permutation(gray).reshape(100, -1) * scale).clip(0, top).astype(dtype)


@pytest.mark.parametrize("seed", range(4))
def test_otsu_with_two_classes_is_that_of_scikit_image(seed: int) -> None:
    from skimage.filters import threshold_otsu

    image = picture(seed)
    for scheme in ("otsu", "natural-breaks"):
        np.testing.assert_array_equal(classify(image, fit(scheme, 2, image)), 1 + (image > threshold_otsu(image)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("classes", [3, 4])
def test_otsu_with_more_classes_is_that_of_scikit_image(seed: int, classes: int) -> None:
    from skimage.filters import threshold_multiotsu

    image = picture(seed)
    other = 1 + np.searchsorted(threshold_multiotsu(image, classes), image)
    np.testing.assert_array_equal(classify(image, fit("otsu", classes, image)), other)


@pytest.mark.parametrize("name", ["li", "yen", "isodata", "triangle", "minimum", "mean"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("seed", range(3))
def test_thresholds_are_those_of_scikit_image(name: str, dtype: str, seed: int) -> None:
    from skimage import filters

    image = picture(seed, dtype)
    # Of more than 256 gray levels, minimum makes 256 bins, as there of floats.
    same = image.astype(np.float64) if name == "minimum" and np.ptp(image) > 255 else image
    try:
        expected = float(getattr(filters, f"threshold_{name}")(same))
    except RuntimeError:
        with pytest.raises(DataError, match=f"no threshold by the scheme {name}"):
            fit(name, 2, image)
        return
    _, found, _ = fit(name, 2, image).edges
    if name == "li":
        # Both stop once a step is small: of half a gray level, and of half of 65536 bins, or of what two floats differ by.
        assert found == pytest.approx(expected, abs=0.5 if image.dtype.kind == "u" else 1e-3 * float(np.ptp(image)))
    elif image.dtype == np.float32:
        assert found == pytest.approx(expected, rel=1e-6)
    else:
        assert found == pytest.approx(expected, rel=1e-12)
    if image.dtype.kind == "u":
        np.testing.assert_array_equal(classify(image, fit(name, 2, image)), 1 + (image > expected))


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_of_a_triangle_is_that_of_scikit_image_on_any_histogram(seed: int) -> None:
    from skimage.filters import threshold_triangle

    random = np.random.default_rng(seed)
    image = random.choice(random.integers(0, 30, 12), (9, 9)).astype(np.uint8)
    expected = threshold_triangle(image)
    np.testing.assert_array_equal(classify(image, fit("triangle", 2, image)), 1 + (image > expected))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_thousands_of_quantiles_are_those_of_numpy_and_found_soon(dtype: str) -> None:
    values = (np.random.default_rng(4).normal(0, 1e6, 50_000)).astype(dtype)
    table = choose_scheme("quantiles", 3000).fit(tally_array(values))
    wanted = np.quantile(values.astype(np.float64), np.arange(1, 3000) / 3000)
    np.testing.assert_allclose(table.edges[1:-1], wanted, rtol=1e-12, atol=1e-6)
    assert np.ptp(np.bincount(classify(values, table))[1:]) <= 4
