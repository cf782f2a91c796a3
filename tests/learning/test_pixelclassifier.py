"""`PixelClassifier` does as scikit-learn does, and gives the same pixels whatever array it is given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import rioxarray
import xarray as xr
from numpy.typing import NDArray
from rasterio.transform import from_origin
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

import tsraster.accessor  # noqa: F401  makes .tsraster known
from tsraster import PixelClassifier, predict_files, train_file
from tsraster.errors import BandError, DataError, TsrasterError, UsageError
from tsraster.learning.arrayforms import take_picture
from tsraster.learning.arrayprediction import predict_picture
from tsraster.learning.arraysamples import draw_labels as draw
from tsraster.learning.arraysamples import list_labels
from tsraster.learning.featureset import parse_features
from tsraster.learning.model import find_margin
from tsraster.learning.modelfile import read_model, write_model

ROWS, COLS = 70, 60
FEW = {"features": "smoothing:1 gradient:1.6 hessian@1:1", "trees": 8}


def draw_image(seed: int = 0, bands: int = 2, shape: tuple[int, ...] = (ROWS, COLS)) -> NDArray[np.float32]:
    """Stripes of two levels with noise; the second band is noise alone."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 1, (bands, *shape))
    image[0] += 6 * draw_truth(shape) + rng.normal(0, 1.5, shape)
    return image.astype(np.float32)


def draw_truth(shape: tuple[int, ...] = (ROWS, COLS)) -> NDArray[np.uint8]:
    """0, 1 and 2 in stripes of ten columns."""
    return np.broadcast_to(np.arange(shape[-1]) // 10 % 3, shape).astype(np.uint8)


CODES = np.array([3, 7, 200], np.uint8)


def draw_labels(shape: tuple[int, ...] = (ROWS, COLS)) -> NDArray[np.uint8]:
    """Some pixels of each stripe, in codes with gaps."""
    chosen = np.random.default_rng(5).random(shape) < 0.1
    return np.where(chosen, CODES[draw_truth(shape)], 0).astype(np.uint8)


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    image = draw_image()
    image[0, :9, :7] = -99  # nodata
    image[1, 40, 30] = np.nan
    image[0, 69, 59] = np.inf
    return image


@pytest.fixture(scope="module")
def fitted(image: NDArray[np.float32]) -> PixelClassifier:
    return PixelClassifier(**FEW, nodata=-99, names={3: "open sea", 7: "soil"}).fit(image, draw_labels())


def georeferenced(image: Any, *, dims: tuple[str, ...] = ("band", "y", "x")) -> xr.DataArray:
    coords = {"y": 4e6 - 30 * np.arange(ROWS), "x": 5e5 + 30 * np.arange(COLS), "lit": ("y", np.arange(ROWS) % 2)}
    array = xr.DataArray(image, dims=dims, coords=coords, name="scene", attrs={"units": "K", "AREA_OR_POINT": "Point"})
    return array.rio.write_crs("EPSG:32616").rio.write_nodata(0 if array.dtype.kind == "u" else -99)


# The pixels


def test_predictions_are_those_of_the_whole_computed_at_once(
    fitted: PixelClassifier, image: NDArray[np.float32]
) -> None:
    model = fitted.model_
    valid = (image[0] != -99) & np.isfinite(image).all(axis=0)
    assert np.count_nonzero(~valid) == 65
    features = model.compute(image, valid)
    expected = model.classifier.probabilities(features)
    np.testing.assert_array_equal(fitted.predict_proba(image), np.where(valid, expected, np.nan))
    codes = np.where(valid, CODES[expected.argmax(axis=0)], 0)
    found = fitted.predict(image)
    np.testing.assert_array_equal(found, codes)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, *CODES}
    assert np.mean(found[valid] == CODES[draw_truth()][valid]) > 0.8


def test_features_of_training_are_those_of_the_whole(image: NDArray[np.float32]) -> None:
    """A tree of one leaf for each sample gives each labeled pixel back only if its features are the same again."""
    labels = draw_labels()
    classifier = PixelClassifier(**FEW | {"trees": 30}, nodata=-99, workers=2).fit(image, labels)
    assert classifier.score(image, labels) > 0.99
    labels[labels == 0] = np.where(np.random.default_rng(1).random((ROWS, COLS)) < 0.1, 7, 0)[labels == 0]
    assert classifier.score(image, labels) < 0.85


@pytest.mark.parametrize("samples", [20, 20_000])
def test_the_model_is_that_of_train_file(
    tmp_path: Path, image: NDArray[np.float32], draw_raster: Any, samples: int
) -> None:
    place = {"crs": "EPSG:32616", "transform": from_origin(5e5, 4e6, 30, 30)}
    source = draw_raster(tmp_path / "v.tif", image, nodata=-99, **place)
    marked = draw_raster(tmp_path / "l.tif", draw_labels(), nodata=0, **place)
    train_file(tmp_path / "m.tsmodel", source, marked, samples=samples, **FEW)
    arrays = [rioxarray.open_rasterio(path) for path in (source, marked)]
    ours = PixelClassifier(**FEW, samples=samples).fit(arrays[0], arrays[1].squeeze("band")).model_
    theirs = read_model(tmp_path / "m.tsmodel")
    assert (ours.columns, ours.codes, ours.fill) == (theirs.columns, theirs.codes, theirs.fill)
    for name, array in theirs.classifier.to_arrays().items():
        np.testing.assert_array_equal(ours.classifier.to_arrays()[name], array)
    for export in ("segmentation", "probabilities", "uncertainty"):
        predict_files(tmp_path / "m.tsmodel", [source], tmp_path / f"{export}.tif", export=[export])
        found = arrays[0].tsraster.predict(tmp_path / "m.tsmodel", export)
        of_object = arrays[0].tsraster.predict(PixelClassifier.from_model(tmp_path / "m.tsmodel"), export)
        np.testing.assert_array_equal(of_object.values, found.values)
        expected = rioxarray.open_rasterio(tmp_path / f"{export}.tif")
        np.testing.assert_array_equal(found.values, expected.values if found.ndim == 3 else expected.values[0])
        assert (found.rio.crs, found.rio.transform()) == (expected.rio.crs, expected.rio.transform())


@pytest.mark.parametrize(
    "chunks",
    [
        (2, ROWS, COLS),
        (1, 32, 25),
        (2, (31, 9, 1, 29), (3, 50, 7)),
        (2, 5, 4),
        (2, (69, 1), (1, 59)),
    ],
    ids=str,
)
@pytest.mark.parametrize("features", ["smoothing:1 gradient:1.6 hessian@1:1", "structure:5 smoothing:10"])
def test_dask_gives_the_same_pixels_in_any_blocks(image: NDArray[np.float32], features: str, chunks: Any) -> None:
    classifier = PixelClassifier(features, trees=4, nodata=-99).fit(image, draw_labels())
    assert classifier.model_.halo in (6, 37)
    lazy = da.from_array(image, chunks=chunks)
    for predict in (classifier.predict, classifier.predict_proba):
        result, expected = predict(lazy), predict(image)
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
        assert result.chunks[-2:] == lazy.chunks[-2:]
        np.testing.assert_array_equal(result.compute(), expected)


def test_nothing_is_computed_before_it_is_asked_for(fitted: PixelClassifier) -> None:
    def refuse(block: NDArray[Any]) -> NDArray[Any]:
        raise AssertionError

    lazy = da.zeros((2, ROWS, COLS), chunks=20, dtype="float32").map_blocks(refuse, meta=np.empty((0, 0, 0), "f4"))
    for result in (
        fitted.predict(lazy),
        fitted.predict_proba(georeferenced(lazy)),
        fitted.predict(georeferenced(lazy)),
    ):
        with pytest.raises(AssertionError):
            result.compute()


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("tile", [7, 64])
def test_tiles_and_threads_change_nothing(
    fitted: PixelClassifier, image: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch, tile: int, workers: int
) -> None:
    expected = fitted.predict_proba(image)
    monkeypatch.setattr("tsraster.learning.arrayprediction._TILES", {2: (tile, tile + 3)})
    other = PixelClassifier.from_model(fitted.model_, workers=workers).set_params(nodata=-99)
    np.testing.assert_array_equal(other.predict_proba(image), expected)


@pytest.mark.parametrize("chunked", [False, True])
def test_fit_is_the_same_for_each_kind_of_array(
    fitted: PixelClassifier, image: NDArray[np.float32], chunked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsraster.learning.arrayforms._TOGETHER", 20_000)
    monkeypatch.setattr("tsraster.learning.arraysamples._CELLS", {2: (20, 16)})
    data, labels = image, draw_labels()
    given = da.from_array(data, chunks=(1, 16, 9)) if chunked else data
    marked = da.from_array(labels, chunks=30) if chunked else labels
    for one, its_labels in ((given, marked), (georeferenced(given), georeferenced(marked, dims=("y", "x")))):
        other = PixelClassifier(**FEW, nodata=-99).fit(one, its_labels)
        for name, array in fitted.model_.classifier.to_arrays().items():
            np.testing.assert_array_equal(other.model_.classifier.to_arrays()[name], array)
        assert other.score(one, its_labels) == fitted.score(data, labels)


def test_masked_pixels_are_without_data(fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    hidden = np.ma.masked_array(np.nan_to_num(image, nan=5, posinf=5), mask=~np.isfinite(image) | (image == -99))
    np.testing.assert_array_equal(fitted.predict(hidden), fitted.predict(image))
    labels = draw_labels()
    again = PixelClassifier(**FEW).fit(hidden, np.ma.masked_array(labels, mask=labels == 0))
    np.testing.assert_array_equal(again.predict_proba(hidden), fitted.predict_proba(image))


def test_volumes_are_filtered_in_three_dimensions() -> None:
    shape = (14, 20, 30)
    volume, labels = draw_image(bands=1, shape=shape)[0], draw_labels(shape)
    classifier = PixelClassifier("smoothing:1 structure:0.7", dimensions=3, slicewise=[1.0], trees=5)
    classifier.fit(volume, labels)
    assert [name for name in classifier.feature_names_ if "[2]" in name or "in 2D" in name] == [
        "Gaussian Smoothing (\N{GREEK SMALL LETTER SIGMA}=1.0) in 2D",
        "Structure Tensor Eigenvalues (\N{GREEK SMALL LETTER SIGMA}=0.7) [2]",
    ]
    expected = classifier.predict(volume)
    assert expected.shape == shape
    assert np.mean(expected == CODES[draw_truth(shape)]) > 0.7
    np.testing.assert_array_equal(classifier.predict(da.from_array(volume, chunks=(3, 9, 30))).compute(), expected)
    named = classifier.predict(xr.DataArray(volume, dims=("z", "y", "x"), coords={"z": np.arange(14)}))
    np.testing.assert_array_equal(named.sel(z=5), expected[5])


def test_several_images_add_up() -> None:
    images = [draw_image(1), draw_image(2, shape=(40, 50))]
    labels = [draw_labels(), draw_labels((40, 50))]
    labels[0][labels[0] == 200] = 0  # only in the second
    both = PixelClassifier(**FEW).fit(images, labels)
    assert both.classes_.tolist() == [3, 7, 200]
    assert both.score(images, labels) > 0.95
    assert [one.shape for one in both.predict(images)] == [(ROWS, COLS), (40, 50)]
    assert PixelClassifier(**FEW).fit(images[0], labels[0]).classes_.tolist() == [3, 7]


def test_large_codes_have_a_larger_type(image: NDArray[np.float32]) -> None:
    labels = draw_labels().astype(np.int64) * 300
    classifier = PixelClassifier(**FEW, nodata=-99).fit(image, labels)
    assert classifier.predict(image).dtype == classifier.classes_.dtype == np.uint16
    assert classifier.classes_.tolist() == [900, 2100, 60000]


def test_no_more_samples_than_wanted_are_drawn(image: NDArray[np.float32]) -> None:
    few = PixelClassifier(**FEW, nodata=-99, samples=20).fit(image, draw_labels())
    assert [one["used"] <= 20 for one in few.model_.report["classes"]] == [True] * 3
    again, other = (PixelClassifier(**FEW, nodata=-99, samples=20, seed=s).fit(image, draw_labels()) for s in (0, 1))
    np.testing.assert_array_equal(again.predict_proba(image), few.predict_proba(image))
    assert (other.predict_proba(image) != few.predict_proba(image)).any()


def test_the_seed_chooses_the_samples(image: NDArray[np.float32]) -> None:
    every = list_labels(take_picture(image, 2), draw_labels())
    drawn = [every.select(draw(every, most=20, seed=seed)) for seed in (0, 0, 1)]
    assert [len(one.places) for one in drawn] == [60, 60, 60]
    np.testing.assert_array_equal(drawn[0].places, drawn[1].places)
    assert (drawn[0].places != drawn[2].places).any()
    assert (np.diff(drawn[0].places) > 0).all()


def test_a_score_needs_no_pixels_without_labels(fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    where = draw_labels() > 0
    found = predict_picture(fitted.model_, take_picture(image, 2, -99), where=where)
    np.testing.assert_array_equal(found, np.where(where, fitted.predict(image), 0))


# xarray


@pytest.mark.parametrize("chunks", [None, {"y": 16, "x": 25}])
def test_a_dataarray_keeps_its_place(fitted: PixelClassifier, image: NDArray[np.float32], chunks: Any) -> None:
    array = georeferenced(image)
    given = array if chunks is None else array.chunk(chunks)
    classes, probabilities = fitted.predict(given), fitted.predict_proba(given)
    np.testing.assert_array_equal(classes.values, fitted.predict(image))
    np.testing.assert_array_equal(probabilities.values, fitted.predict_proba(image))
    assert (classes.dims, probabilities.dims) == (("y", "x"), ("class", "y", "x"))
    for result in (classes, probabilities):
        assert result.rio.crs == "EPSG:32616"
        assert result.rio.transform() == array.rio.transform()
        assert (result.name, result.lit.dims, result.attrs["AREA_OR_POINT"]) == ("scene", ("y",), "Point")
        assert "units" not in result.attrs
    assert classes.attrs["flag_values"].tolist() == [3, 7, 200]
    assert classes.attrs["flag_meanings"] == "open_sea soil class_200"
    assert classes.rio.nodata == 0
    assert np.isnan(probabilities.rio.nodata)
    np.testing.assert_array_equal(probabilities.sel({"class": 200}), fitted.predict_proba(image)[2])
    assert array.rio.nodata == -99  # the input is as it was
    assert (classes.chunks is None) == (chunks is None)


def test_results_can_be_written(tmp_path: Path, fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    fitted.predict(georeferenced(image)).rio.to_raster(tmp_path / "c.tif")
    fitted.predict_proba(georeferenced(image)).rio.to_raster(tmp_path / "p.tif")
    again = rioxarray.open_rasterio(tmp_path / "c.tif")
    assert (again.rio.crs, again.rio.nodata, again.dtype) == ("EPSG:32616", 0, np.uint8)
    probabilities = rioxarray.open_rasterio(tmp_path / "p.tif")
    np.testing.assert_array_equal(probabilities.values, fitted.predict_proba(image))
    assert probabilities.attrs["long_name"] == ("open sea", "soil", "class 200")
    painted = fitted.predict(georeferenced(image)).tsraster.colorize("gray")
    assert painted.shape == (4, ROWS, COLS)


def test_the_accessor_gives_what_the_classifier_gives(
    tmp_path: Path, fitted: PixelClassifier, image: NDArray[np.float32]
) -> None:
    array = georeferenced(image)
    write_model(tmp_path / "m.tsmodel", fitted.model_)
    xr.testing.assert_identical(array.tsraster.predict(tmp_path / "m.tsmodel"), fitted.predict(array))
    probabilities = array.tsraster.predict(fitted.model_, "probabilities", workers=1)
    xr.testing.assert_identical(probabilities, fitted.predict_proba(array))
    lazy = array.chunk(y=20).tsraster.predict(fitted.model_, "uncertainty")
    assert (lazy.dims, lazy.chunks) == (("y", "x"), ((20, 20, 20, 10), (COLS,)))
    np.testing.assert_array_equal(lazy.values, find_margin(probabilities.values))
    with pytest.raises(UsageError, match="unknown export 'probability'; did you mean probabilities"):
        array.tsraster.predict(fitted.model_, "probability")


def test_bands_may_stand_last_in_a_dataarray_and_have_names(
    fitted: PixelClassifier, image: NDArray[np.float32]
) -> None:
    array = georeferenced(image).assign_coords(band=["B4", "B5"])
    classifier = PixelClassifier(**FEW).fit(array.transpose("y", "x", "band"), draw_labels())
    assert classifier.feature_names_in_.tolist() == list(classifier.model_.bands) == ["B4", "B5"]
    np.testing.assert_array_equal(classifier.predict_proba(array).values, fitted.predict_proba(image))
    assert not hasattr(fitted, "feature_names_in_")
    told = georeferenced(image).assign_attrs(long_name=("red", "nir"))
    assert PixelClassifier(**FEW).fit(told, draw_labels()).feature_names_in_.tolist() == ["red", "nir"]
    assert "long_name" not in fitted.predict(told).attrs


def test_labels_that_lie_elsewhere_are_refused(image: NDArray[np.float32]) -> None:
    array, labels = georeferenced(image), georeferenced(draw_labels(), dims=("y", "x"))
    PixelClassifier(**FEW).fit(array, labels.assign_coords(x=labels.x + 0.5))
    with pytest.raises(DataError, match="the labels lie elsewhere: y is"):
        PixelClassifier(**FEW).fit(array, labels.isel(y=slice(None, None, -1)))
    with pytest.raises(DataError, match="bring them onto its grid"):
        PixelClassifier(**FEW).fit(array, labels.assign_coords(x=labels.x + 30))


def test_the_nodata_of_labels_is_no_class(image: NDArray[np.float32]) -> None:
    labels = georeferenced(draw_labels(), dims=("y", "x"))
    marked = labels.copy(data=np.where(labels == 0, 255, labels).astype(np.uint8)).rio.write_nodata(255)
    assert PixelClassifier(**FEW).fit(georeferenced(image), marked).classes_.tolist() == [3, 7, 200]


# As scikit-learn has it


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_estimators_unfitted,
        estimator_checks.check_mixin_order,
    ],
)
def test_checks_of_scikit_learn_pass(check: Any) -> None:
    check("PixelClassifier", PixelClassifier())


def test_a_clone_has_the_parameters_and_is_not_fitted(fitted: PixelClassifier) -> None:
    other = clone(fitted)
    assert other.get_params() == fitted.get_params()
    assert not hasattr(other, "model_")
    assert other.fit(draw_image(3), draw_labels()) is other
    assert is_classifier(other)
    check_is_fitted(other)
    assert repr(PixelClassifier("color", trees=9)) == "PixelClassifier(features='color', trees=9)"


def test_parameters_can_be_set_one_by_one() -> None:
    classifier = PixelClassifier()
    assert classifier.set_params(trees=3, seed=4) is classifier
    assert (classifier.get_params()["trees"], classifier.seed) == (3, 4)
    with pytest.raises(UsageError, match="no parameter 'tree'; did you mean trees"):
        classifier.set_params(seed=9, tree=1)
    assert classifier.seed == 4


@pytest.mark.parametrize("call", ["predict", "predict_proba", "score"])
def test_not_fitted_is_said_in_both_ways(call: str) -> None:
    arguments = [draw_image(), draw_labels()][: 1 + (call == "score")]
    with pytest.raises(NotFittedError, match="is not fitted; call fit, or make one by from_model") as caught:
        getattr(PixelClassifier(), call)(*arguments)
    assert isinstance(caught.value, TsrasterError)
    with pytest.raises(NotFittedError):
        check_is_fitted(PixelClassifier())


def test_whole_images_are_left_out_in_cross_validation() -> None:
    images, labels = [draw_image(seed) for seed in range(3)], [draw_labels()] * 3
    scores = cross_val_score(PixelClassifier(**FEW), images, labels, cv=KFold(3))
    expected = [
        PixelClassifier(**FEW).fit(images[:i] + images[i + 1 :], labels[:2]).score(images[i], labels[i])
        for i in range(3)
    ]
    np.testing.assert_array_equal(scores, expected)
    assert 0.75 < scores.mean() < 1
    search = GridSearchCV(PixelClassifier(**FEW), {"features": ["gradient:1", "smoothing:1.6"]}, cv=KFold(3))
    assert search.fit(images, labels).best_params_ == {"features": "smoothing:1.6"}


def test_what_was_learned_can_be_read(fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    assert fitted.classes_.tolist() == [3, 7, 200]
    assert fitted.n_features_in_ == 2
    assert len(fitted.feature_names_) == len(fitted.feature_importances_) == 6
    assert fitted.feature_importances_.sum() == pytest.approx(1)
    assert fitted.feature_names_[fitted.feature_importances_.argmax()].startswith("Gaussian Smoothing")
    assert fitted.validation_ is not None
    assert 0.75 < fitted.validation_.accuracy < 0.99
    linear = clone(fitted).set_params(estimator="logistic-regression", validation="none").fit(image, draw_labels())
    assert linear.validation_ is None
    assert not hasattr(linear, "feature_importances_")


def test_a_new_fit_forgets_the_last_one(image: NDArray[np.float32]) -> None:
    classifier = PixelClassifier(**FEW).fit(georeferenced(image).assign_coords(band=["a", "b"]), draw_labels())
    classifier.set_params(estimator="linear-discriminant", nodata=-99).fit(image, draw_labels())
    assert not hasattr(classifier, "feature_importances_")
    assert not hasattr(classifier, "feature_names_in_")


def test_a_model_can_be_saved_and_read(tmp_path: Path, fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    path = tmp_path / "m.tsmodel"
    write_model(path, fitted.model_)
    for source in (path, str(path), fitted.model_):
        again = PixelClassifier.from_model(source).set_params(nodata=-99)
        np.testing.assert_array_equal(again.predict(image), fitted.predict(image))
        assert again.classes_.tolist() == [3, 7, 200]
        check_is_fitted(again)
    report = read_model(path).report
    assert (report["estimator"], report["without_data"] > 0) == ("random-forest", True)
    assert report["validation"]["overall_accuracy"] == fitted.validation_.accuracy


def test_neither_numba_nor_scikit_learn_is_loaded_before_fit() -> None:
    code = "import sys, tsraster.accessor; tsraster.PixelClassifier(); print({'numba', 'sklearn', 'h5py'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_without_scikit_learn_not_fitted_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from tsraster.learning.pixelclassifier import _not_fitted_error

    monkeypatch.setitem(sys.modules, "sklearn.exceptions", None)
    _not_fitted_error.cache_clear()
    with pytest.raises(UsageError, match="is not fitted") as caught:
        PixelClassifier().predict(draw_image())
    assert not isinstance(caught.value, NotFittedError)
    _not_fitted_error.cache_clear()


# What cannot be


@pytest.mark.parametrize(
    ("options", "labels", "error", "sentence"),
    [
        ({}, np.zeros((ROWS, COLS), int), DataError, "no pixel is labeled; 0 is no label"),
        ({}, np.ones((ROWS, COLS), int), DataError, "all labels are of class 1; label pixels of at least two"),
        (
            {},
            np.ones((ROWS, COLS + 1), int),
            DataError,
            r"the labels have the shape \(70, 61\) and the image \(70, 60\)",
        ),
        ({}, np.ones((ROWS, COLS)), DataError, "class codes, whole numbers, and these are float64"),
        ({}, np.full((ROWS, COLS), -1), DataError, "the labels are -1 to -1; class codes are 1 to 65535"),
        ({}, np.full((ROWS, COLS), 65536), DataError, "the labels are 65536 to 65536"),
        ({"dimensions": 4}, None, UsageError, "dimensions is 4; give 2 for pictures or 3"),
        ({"features": "smothing"}, None, UsageError, "unknown feature 'smothing'"),
        ({"features": "smoothing@3:1"}, None, UsageError, "band 3, and there are 2"),
        ({"features": "smoothing:30"}, None, DataError, "the scale 30 needs 106 pixels a side"),
        ({"recipe": "ilastic"}, None, UsageError, "unknown .*'ilastic'; did you mean ilastik"),
        ({"estimator": "forest"}, None, UsageError, "unknown estimator 'forest'"),
        ({"trees": 0}, None, UsageError, "trees 0 cannot be"),
        ({"samples": -1}, None, UsageError, "samples is -1"),
        ({"workers": 0}, None, UsageError, "workers 0 cannot be"),
        ({"validation": "training"}, None, UsageError, "unknown validation 'training'"),
    ],
)
def test_what_cannot_be_fitted_is_said(options: Any, labels: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        PixelClassifier(**FEW | options).fit(draw_image(), draw_labels() if labels is None else labels)


def test_labels_without_data_are_said(image: NDArray[np.float32]) -> None:
    labels = draw_labels()
    labels[:9, :7] = 9
    with pytest.raises(DataError, match="all labels of class 9 are on pixels without data; label others"):
        PixelClassifier(**FEW, nodata=-99).fit(image, labels)
    with pytest.raises(DataError, match="all labels of class 3 are on pixels without data"):
        PixelClassifier(**FEW).fit(np.full((2, ROWS, COLS), np.nan), draw_labels())


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (draw_image(bands=3), BandError, "the image has 3 bands, and the model was trained with 2"),
        (draw_image()[0], BandError, "the image has 1 band, and the model"),
        (draw_image()[None], UsageError, r"the shape \(1, 2, 70, 60\); give .*, or dimensions=3 for a volume"),
        (np.zeros(5), UsageError, r"the image has the shape \(5,\); give \(row, col\) or \(band, row, col\)"),
        (draw_image()[:, :3], DataError, "pixels a side, and there are 3 x 60"),
        (np.zeros((2, ROWS, COLS), complex), DataError, "the image holds complex128"),
    ],
    ids=["bands", "one", "volume", "line", "small", "complex"],
)
def test_what_cannot_be_predicted_is_said(
    fitted: PixelClassifier, wrong: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        fitted.predict(wrong)
    with pytest.raises(error, match=sentence):
        fitted.predict(da.from_array(wrong))


def test_what_does_not_go_together_is_said(fitted: PixelClassifier, image: NDArray[np.float32]) -> None:
    with pytest.raises(UsageError, match="2 images and 1 labels; give one array for each"):
        PixelClassifier(**FEW).fit([image, image], [draw_labels()])
    with pytest.raises(DataError, match="one image has 2 bands and another 1; give the same"):
        PixelClassifier(**FEW).fit([image, image[:1]], [draw_labels()] * 2)
    with pytest.raises(DataError, match="and its bands first"):
        PixelClassifier(**FEW).fit(np.moveaxis(image, 0, -1), draw_labels())
    with pytest.raises(DataError, match="no pixel with data is labeled"):
        fitted.score(image, np.zeros((ROWS, COLS), int))
    with pytest.raises(UsageError, match="0 workers cannot work"):
        predict_picture(fitted.model_, take_picture(image, 2), workers=0)


def test_a_feature_set_brings_its_own_recipe(image: NDArray[np.float32]) -> None:
    chosen = parse_features("smoothing:1.6")
    assert PixelClassifier(chosen, trees=2, recipe="scale-space").fit(image, draw_labels()).model_.features == chosen
    other = PixelClassifier("smoothing:1.6", trees=2, recipe="scale-space").fit(image, draw_labels())
    assert other.model_.features.recipe == "scale-space"
