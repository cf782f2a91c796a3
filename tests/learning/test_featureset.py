"""Which features are computed: their text, their JSON, their columns in ilastik's order."""

import json
from pathlib import Path

import pytest

from tsraster.errors import DataError, UsageError
from tsraster.learning.featureset import KINDS, SCALES, FeatureChoice, FeatureSet, halo, parse_features

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"


def choices_of(text: str) -> list[tuple[str, float, tuple[int, ...] | None]]:
    return [(choice.kind, choice.scale, choice.bands) for choice in parse_features(text).choices]


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("smoothing:0.7,1.6 hessian:3.5", [("smoothing", 0.7, None), ("smoothing", 1.6, None), ("hessian", 3.5, None)]),
        ("hessian:3.5,1", [("hessian", 1.0, None), ("hessian", 3.5, None)]),
        ("edge:2", [("laplacian", 2.0, None), ("gradient", 2.0, None), ("difference", 2.0, None)]),
        ("texture:2", [("structure", 2.0, None), ("hessian", 2.0, None)]),
        ("color", [("smoothing", scale, None) for scale in SCALES]),
        ("gradient", [("gradient", scale, None) for scale in SCALES[1:]]),
        ("hessian@3,2:1.6", [("hessian", 1.6, (2, 3))]),
        ("hessian@3:1.6 hessian@1:1.6", [("hessian", 1.6, (1, 3))]),
        ("hessian@3:1.6 hessian:1.6", [("hessian", 1.6, None)]),
        ("hessian:0.3", [("hessian", 0.3, None)]),
    ],
)
def test_items_of_a_text_add_up(text: str, choices: list[tuple[str, float, tuple[int, ...] | None]]) -> None:
    assert choices_of(text) == choices
    assert choices_of(parse_features(text).to_text()) == choices


def test_all_is_every_filter_at_every_scale_but_the_smallest() -> None:
    features = parse_features("all")
    assert [choice.kind for choice in features.choices] == ["smoothing"] * 7 + [k for k in KINDS[1:] for _ in range(6)]
    assert [len(features.columns(bands)) for bands in (1, 3)] == [49, 147]
    assert len(features.columns(1, dimensions=3)) == 61
    assert features == parse_features("color edge texture")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no feature is chosen"),
        ("smothing:1", "unknown feature 'smothing' in 'smothing:1'; did you mean smoothing"),
        ("smoothing:", "are no scales"),
        ("smoothing:a", "are no scales"),
        ("smoothing:0", "no scale"),
        ("smoothing:-1", "no scale"),
        ("smoothing:nan", "no scale"),
        ("smoothing:inf", "no scale"),
        ("smoothing@:1", "are no bands"),
        ("smoothing@0:1", "no bands"),
        ("smoothing@1.5:1", "are no bands"),
        ("smoothing: 1", "are no scales"),
    ],
)
def test_a_wrong_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_features(text)


def test_json_gives_the_same_set() -> None:
    features = FeatureSet(
        choices=parse_features("smoothing@2:0.3 hessian:1,3.7").choices, recipe="scale-space", slicewise=(3.7, 1)
    )
    assert FeatureSet.from_json(json.loads(json.dumps(features.to_json()))) == features


@pytest.mark.parametrize(
    "change",
    [{"features": 1}, {"features": "x"}, {"recipe": "x"}, {"recipe": None}, {"slicewise": ["1"]}, {"slicewise": 1}],
)
def test_wrong_json_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        FeatureSet.from_json({**parse_features("all").to_json(), **change})


def test_a_band_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="hessian is wanted of band 3, and there are 2"):
        parse_features("hessian@3:1").columns(2)


def test_columns_go_by_kind_scale_band_and_eigenvalue() -> None:
    columns = parse_features("structure:1,2 smoothing@2:1").columns(2)
    assert [(column.kind, column.scale, column.band, column.part) for column in columns] == [
        ("smoothing", 1.0, 1, 0),
        *[("structure", scale, band, part) for scale in (1.0, 2.0) for band in (0, 1) for part in (0, 1)],
    ]


def test_names_of_several_bands_are_counted_as_by_ilastik() -> None:
    assert [column.name for column in parse_features("smoothing:1 hessian:1").columns(2)] == [
        *[f"Gaussian Smoothing ({SIGMA}=1.0) in 2D [{k}]" for k in range(2)],
        *[f"Hessian of Gaussian Eigenvalues ({SIGMA}=1.0) in 2D [{k}]" for k in range(4)],
    ]


def test_a_volume_is_filtered_plane_by_plane_at_the_scales_that_are_named() -> None:
    features = FeatureSet(choices=parse_features("hessian:1,2").choices, slicewise=(2,))
    assert [column.name for column in features.columns(1, dimensions=3)] == [
        *[f"Hessian of Gaussian Eigenvalues ({SIGMA}=1.0) [{k}]" for k in range(3)],
        *[f"Hessian of Gaussian Eigenvalues ({SIGMA}=2.0) in 2D [{k}]" for k in range(2)],
    ]


@pytest.mark.parametrize("project", ["PixelClass.ilp", "cells_2d.ilp"])
def test_names_are_those_in_ilastik_projects(shared_data: Path, project: str) -> None:
    h5py = pytest.importorskip("h5py")
    ids = ["GaussianSmoothing", "LaplacianOfGaussian", "GaussianGradientMagnitude"]
    ids += ["DifferenceOfGaussians", "StructureTensorEigenvalues", "HessianOfGaussianEigenvalues"]
    with h5py.File(shared_data / "ilastik" / project) as file:
        chosen, scales = file["FeatureSelections/SelectionMatrix"][:], file["FeatureSelections/Scales"][:]
        rows = [ids.index(name.decode()) for name in file["FeatureSelections/FeatureIds"][:]]
        names = [name.decode() for name in file["PixelClassification/ClassifierForests/feature_names"][:]]
    choices = tuple(
        FeatureChoice(kind=KINDS[row], scale=float(scale))
        for row, line in zip(rows, chosen, strict=True)
        for scale, is_chosen in zip(scales, line, strict=True)
        if is_chosen
    )
    assert [column.name for column in FeatureSet(choices=choices).columns(1)] == names


@pytest.mark.parametrize(
    ("text", "shape", "fits"),
    [
        ("smoothing:10", (36, 36), True),
        ("smoothing:10", (36, 35), False),
        ("smoothing:1", (5, 5), True),
        ("smoothing:1", (4, 50), False),
        ("smoothing:1", (4, 50, 50), False),
    ],
)
def test_scales_too_large_for_the_picture_are_refused(text: str, shape: tuple[int, ...], fits: bool) -> None:
    features = parse_features(text)
    if fits:
        features.check(shape)
        return
    with pytest.raises(DataError, match="pixels a side"):
        features.check(shape)


@pytest.mark.parametrize(
    ("shape", "advice"), [((3, 9), "choose scales up to 0.57"), ((1, 300), "no filter fits there")]
)
def test_scales_that_fit_are_named(shape: tuple[int, int], advice: str) -> None:
    with pytest.raises(DataError, match=advice):
        parse_features("smoothing:1").check(shape)


def test_planes_do_not_count_at_slicewise_scales() -> None:
    FeatureSet(choices=parse_features("smoothing:10").choices, slicewise=(10,)).check((1, 36, 36))


def test_the_halo_is_that_of_the_largest_filter() -> None:
    assert halo(parse_features("all").columns(1)) == 38
    assert halo(parse_features("hessian:10").columns(1)) == 37
    assert halo(()) == 0
    # Slopes at 5 = sqrt(24 + 1), of 4 sigma each, and 4 times 10.
    assert halo(parse_features("structure:10").columns(1), "scale-space") == 20 + 4 + 40
