"""Components slab by slab equal those that scipy makes of the whole mask in memory, whatever the slabs."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from tsraster.errors import DataError, MissingExtraError, UnknownNameError, UsageError
from tsraster.volumes import joining, labeling
from tsraster.volumes.components import Components, find_components, label_slab, label_slabs

Mask = NDArray[np.bool_]
CONNECTIVITIES = (6, 18, 26)
BACKENDS = ("scipy", "cc3d")
CORNERS = {6: 1, 18: 2, 26: 3}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Give each library; skip one that is not installed."""
    if request.param == "cc3d":
        pytest.importorskip("cc3d")
    return str(request.param)


def planes_of(mask: Mask, start: int, stop: int) -> Mask:
    return mask[start:stop]


def find(mask: Mask, **options: Any) -> Components:
    return find_components(partial(planes_of, mask), mask.shape, **options)


def label_all(mask: Mask, found: Components) -> NDArray[np.int32]:
    parts = [labels for _, labels in label_slabs(partial(planes_of, mask), found)]
    return np.concatenate(parts) if parts else np.zeros(mask.shape, np.int32)


def label_in_memory(mask: Mask, connectivity: int) -> NDArray[np.intp]:
    """Label by scipy, renumbered in the order of first voxels."""
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, CORNERS[connectivity]))
    ids, first = np.unique(labels, return_index=True)
    first, ids = first[ids > 0], ids[ids > 0]
    numbers = np.zeros(count + 1, np.intp)
    numbers[ids[np.argsort(first)]] = np.arange(1, count + 1)
    return np.asarray(numbers[labels])


def describe_in_memory(labels: NDArray[np.intp]) -> dict[str, Any]:
    """Describe each label by the voxels it has, in the plainest way."""
    places = [np.argwhere(labels == i) for i in range(1, labels.max(initial=0) + 1)]
    return {
        "voxels": [len(place) for place in places],
        "boxes": [[*place.min(axis=0), *(place.max(axis=0) + 1)] for place in places],
        "centroids": [place.mean(axis=0) for place in places],
        "first": [np.ravel_multi_index(tuple(place[0]), labels.shape) for place in places],
        "touches": [
            [bool((place[:, axis] == end).any()) for axis in range(3) for end in (0, labels.shape[axis] - 1)]
            for place in places
        ],
    }


def assert_equals_whole(mask: Mask, found: Components) -> None:
    labels = label_in_memory(mask, found.connectivity)
    wanted = describe_in_memory(labels)
    np.testing.assert_array_equal(label_all(mask, found), labels)
    assert found.number == len(found) == len(wanted["voxels"])
    for name in ("voxels", "first"):
        np.testing.assert_array_equal(getattr(found, name), wanted[name])
    for name, width in (("boxes", 6), ("touches", 6)):
        np.testing.assert_array_equal(getattr(found, name), np.reshape(wanted[name], (-1, width)))
    np.testing.assert_allclose(found.centroids, np.reshape(wanted["centroids"], (-1, 3)), rtol=1e-12)
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        np.testing.assert_array_equal(found.profiles[axis], mask.sum(axis=others))
        ends = [set(np.take(labels, end, axis=axis).flat) - {0} for end in (0, -1)] if mask.size else [set(), set()]
        assert found.percolates[axis] == bool(ends[0] & ends[1])
        assert set(np.flatnonzero(found.percolating[:, axis]) + 1) == ends[0] & ends[1]


def assert_same(one: Components, other: Components) -> None:
    for name in {column.name for column in fields(Components)} - {"slabs", "backend"}:
        np.testing.assert_equal(getattr(one, name), getattr(other, name), err_msg=name)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12)))
    density = draw(st.sampled_from([0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0]))
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random(shape) < density


@settings(max_examples=150, deadline=None)
@given(masks(), st.sampled_from(CONNECTIVITIES), st.integers(1, 12), st.sampled_from(BACKENDS))
def test_slabs_of_any_height_equal_the_whole(mask: Mask, connectivity: int, height: int, backend: str) -> None:
    if backend == "cc3d":
        pytest.importorskip("cc3d")
    assert_equals_whole(mask, find(mask, connectivity=connectivity, height=height, backend=backend))


@settings(max_examples=100, deadline=None)
@given(masks(), st.sampled_from(CONNECTIVITIES), st.integers(1, 12), st.integers(1, 9), st.sampled_from([0, 5, 10**6]))
def test_leaving_out_while_looking_equals_leaving_out_afterwards(
    mask: Mask, connectivity: int, height: int, smallest: int, rows: int
) -> None:
    everything = find(mask, connectivity=connectivity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "ROWS", rows)  # merge after each slab, now and then, or at the end
        found = find(mask, connectivity=connectivity, height=height, smallest=smallest)
    assert_same(found, everything.select(smallest))
    labels = everything.number_kept(smallest)[label_all(mask, everything)]
    np.testing.assert_array_equal(label_all(mask, found), labels)
    np.testing.assert_array_equal(label_all(mask, everything.select(smallest)), labels)
    assert found.number == len(everything)
    assert found.total == mask.sum() == found.voxels.sum() + found.smaller @ np.arange(len(found.smaller))


@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
@pytest.mark.parametrize("density", [0.08, 0.3])
def test_heights_of_1_7_64_and_the_whole_give_the_same(connectivity: int, density: float, backend: str) -> None:
    mask = np.random.default_rng(3).random((70, 20, 30)) < density
    whole = find(mask, connectivity=connectivity, height=70, backend=backend)
    labels = label_in_memory(mask, connectivity)
    assert len(whole) > 10
    for height in (1, 7, 64, 70, None):
        found = find(mask, connectivity=connectivity, height=height, backend=backend)
        assert_same(found, whole)
        np.testing.assert_array_equal(label_all(mask, found), labels)


def draw_u(depth: int) -> Mask:
    """Draw two columns that meet only in the last plane."""
    mask = np.zeros((depth, 5, 5), np.bool_)
    mask[:, 1, 1] = mask[:, 3, 3] = True
    mask[-1, 1:4, 1] = mask[-1, 3, 1:4] = True
    return mask


def draw_spiral(size: int) -> Mask:
    """Draw a square spiral, one voxel thick, in the plane of z and x: its arms meet in planes that come late."""
    mask = np.zeros((size, 3, size), np.bool_)
    z, x, dz, dx = 0, 0, 0, 1
    mask[z, 1, x] = True
    for step in [size - 1, *(length for k in range(size - 1, 1, -2) for length in (k, k))]:
        for _ in range(step):
            z, x = z + dz, x + dx
            mask[z, 1, x] = True
        dz, dx = dx, -dz
    return mask


CASES = {
    "empty": np.zeros((5, 4, 3), np.bool_),
    "full": np.ones((5, 4, 3), np.bool_),
    "one plane": np.ones((1, 4, 4), np.bool_) & (np.indices((4, 4)).sum(axis=0) % 3 > 0),
    "one row": np.array([1, 1, 0, 1, 0, 1, 1], np.bool_).repeat(2).reshape(7, 1, 2),
    "one column": np.array([1, 1, 0, 1, 0, 1, 1], np.bool_).repeat(2).reshape(7, 2, 1),
    "one voxel": np.ones((1, 1, 1), np.bool_),
    "a line along z": np.array([1, 1, 0, 1, 0, 1, 1], np.bool_).reshape(7, 1, 1),
    "U": draw_u(20),
    "upside down U": draw_u(20)[::-1],
    "spiral": draw_spiral(17),
    "steps over edges": np.eye(6, dtype=np.bool_)[:, np.newaxis],
    "steps over edges of rows": np.eye(6, dtype=np.bool_)[:, :, np.newaxis],
    "steps over corners": np.eye(5, dtype=np.bool_)[:, :, np.newaxis] & np.eye(5, dtype=np.bool_)[:, np.newaxis],
    "packed closely": np.zeros((7, 5, 3), np.bool_) | (np.indices((7, 5, 3)) % 2 == 0).all(axis=0),
    "ends of rows": np.array([[[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [1, 0, 0]]], np.bool_),
    "no planes": np.zeros((0, 4, 3), np.bool_),
}


@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
@pytest.mark.parametrize("case", CASES)
def test_shapes_that_join_late_or_not_at_all(case: str, connectivity: int, backend: str) -> None:
    for height in (1, 3, None):
        assert_equals_whole(CASES[case], find(CASES[case], connectivity=connectivity, height=height, backend=backend))


@pytest.mark.parametrize(
    ("case", "counts"),
    [
        ("spiral", (1, 1, 1)),
        ("U", (1, 1, 1)),
        ("steps over edges", (6, 1, 1)),
        ("steps over corners", (5, 5, 1)),
        ("full", (1, 1, 1)),
    ],
)
def test_neighbors_share_a_face_an_edge_or_a_corner(case: str, counts: tuple[int, int, int]) -> None:
    assert tuple(len(find(CASES[case], connectivity=c, height=1)) for c in CONNECTIVITIES) == counts


def test_threads_change_nothing() -> None:
    mask = np.random.default_rng(5).random((40, 20, 20)) < 0.25
    with ThreadPoolExecutor(4) as pool:

        def run(function: Any, items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
            return zip(items, pool.map(function, items), strict=True)

        found = find(mask, height=2, run=run)
        labels = np.concatenate([part for _, part in label_slabs(partial(planes_of, mask), found, run=run)])
    assert_same(found, find(mask, height=2))
    np.testing.assert_array_equal(labels, label_in_memory(mask, 6))


def test_the_order_in_which_a_library_numbers_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def label_backwards(mask: Mask, *options: Any) -> tuple[NDArray[Any], int]:
        labels, count = labeling.label_mask(mask, *options)
        return np.where(mask, count + 1 - labels.astype(np.int32), 0), count

    for module in ("slabs", "components"):
        monkeypatch.setattr(f"tsraster.volumes.{module}.label_mask", label_backwards)
    mask = np.random.default_rng(8).random((12, 12, 12)) < 0.2
    for height in (1, 5, None):
        assert_equals_whole(mask, find(mask, height=height))


def test_specks_take_no_rows_while_slabs_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "ROWS", 100)
    most = 0

    class Watched(joining.Joiner):
        def _merge(self) -> None:
            nonlocal most
            super()._merge()
            most = max(most, len(self.table), sum(len(slab.ids) for slab in self.slabs))

    monkeypatch.setattr("tsraster.volumes.components.Joiner", Watched)
    mask = np.random.default_rng(6).random((200, 20, 20)) < 0.08
    assert find(mask, height=1, smallest=10).number > 3000
    assert 0 < most < 150


def test_the_largest_is_the_first_of_equals_and_none_is_0() -> None:
    mask = np.array([[[1, 0, 1, 1, 0, 1, 1]]], np.bool_)
    assert find(mask).largest == 2
    assert find(~mask & False).largest == 0


def test_what_percolates_is_known_though_it_is_left_out() -> None:
    mask = np.zeros((3, 9, 9), np.bool_)
    mask[:, 4, 4] = True
    found = find(mask, smallest=10, height=1)
    assert (len(found), found.percolates, found.smaller[3]) == (0, (True, False, False), 1)


def test_a_mask_that_has_changed_is_refused() -> None:
    mask = np.zeros((4, 4, 4), np.bool_)
    mask[1, 1, 1] = True
    found = find(mask)
    with pytest.raises(DataError, match=r"planes 0 to 4 had 1 components and now have 0; find components again"):
        label_slab(partial(planes_of, mask & False), found, found.slabs[0])


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"connectivity": 8}, UsageError, "voxels cannot have 8 neighbors; choose a connectivity of 6, 18 or 26"),
        ({"height": 0}, UsageError, "a slab cannot be 0 planes high; give a number from 1"),
        ({"smallest": 0}, UsageError, "components cannot have 0 voxels; give a smallest size from 1"),
        ({"backend": "cc4d"}, UnknownNameError, "no library named 'cc4d' labels components; choose scipy or cc3d"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        find(np.ones((2, 2, 2), np.bool_), **options)
    assert str(caught.value) == words


@pytest.mark.parametrize("wrong", [np.ones((2, 2, 3), np.bool_), np.ones((2, 2, 2), np.uint8)])
def test_a_mask_of_another_shape_or_type_is_refused(wrong: Mask) -> None:
    with pytest.raises(UsageError, match=r"the mask of planes 0 to 2 is .*; give bool of shape \(2, 2, 2\)"):
        find_components(lambda start, stop: wrong, (2, 2, 2))


def test_without_cc3d_scipy_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cc3d", None)
    assert find(CASES["full"]).backend == "scipy"
    with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[volumes\]'"):
        find(CASES["full"], backend="cc3d")


@pytest.mark.parametrize("height", [7, None])
def test_the_berea_crop_has_350_components(shared_data: Path, height: int | None) -> None:
    volume = np.memmap(
        shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8, "r", shape=(200, 200, 200)
    )
    mask = np.asarray(volume) == 0
    found = find(mask, height=height)
    assert (len(found), found.total / mask.size) == (350, 0.19624925)
    np.testing.assert_array_equal(label_all(mask, found), label_in_memory(mask, 6))


def test_berea_has_the_known_components(shared_data: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    with ZipFile(shared_data / "microct" / "berea.zip") as archive, archive.open("berea.tif") as file:
        mask = tifffile.imread(file) == 0
    found = {connectivity: find(mask, connectivity=connectivity) for connectivity in CONNECTIVITIES}
    assert [len(one) for one in found.values()] == [2741, 2335, 2251]
    assert found[6].total / mask.size == pytest.approx(0.19645303, abs=5e-9)
    assert all(one.percolates == (True, True, True) for one in found.values())
    assert [int((found[6].voxels > 10).sum()), int((found[6].voxels == 1).sum())] == [1150, 402]
    assert found[6].voxels.max() / found[6].total == pytest.approx(0.9937, abs=5e-5)
    assert_same(find(mask, smallest=11, height=64), found[6].select(11))
