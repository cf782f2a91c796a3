"""Colors of labels are far apart, and neighbors never share one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.color import deltaE_ciede2000, rgb2lab

from tsraster.coloring.labelcolors import COLORS, REACH, choose_codes, color_codes, label_colors


def difference_of(colors: np.ndarray) -> float:
    """Return the least difference of any two colors."""
    lab = rgb2lab(colors / 255.0)
    left, right = np.triu_indices(len(colors), 1)
    return float(deltaE_ciede2000(lab[left], lab[right]).min())


@pytest.mark.parametrize(("number", "least"), [(256, 7.5), (33, 17.0)])
def test_colors_are_as_far_apart_as_is_said(number: int, least: float) -> None:
    assert difference_of(label_colors()[:number]) >= least


def test_colors_show_on_black_and_on_white() -> None:
    colors = label_colors()
    assert colors.shape == (256, 3)
    assert (colors[0] == 0).all()
    assert rgb2lab(colors[1:] / 255.0)[:, 0].min() >= 31.9
    on_white = np.concatenate([colors[1:], [[255, 255, 255]]]).astype(np.uint8)
    assert difference_of(on_white) >= 7.5


def find_boxes(labels: np.ndarray) -> np.ndarray:
    found = ndimage.find_objects(labels)
    return np.array([[part.start for part in box] + [part.stop for part in box] for box in found])


def find_near(labels: np.ndarray, boxes: np.ndarray, reach: int) -> set[tuple[int, int]]:
    """Return the pairs of labels of which voxels are no farther apart than `reach` along each axis, by brute force."""
    pairs = set()
    for label, box in enumerate(boxes.tolist(), 1):
        inside = tuple(slice(max(0, low - reach), high + reach) for low, high in zip(box[:3], box[3:], strict=True))
        near = ndimage.maximum_filter(labels[inside] == label, 2 * reach + 1, mode="constant")
        pairs |= {(label, int(other)) for other in np.unique(labels[inside][near]) if other > label}
    return pairs


def test_near_pores_of_a_real_rock_differ(shared_data: Path) -> None:
    raw = np.fromfile(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8).reshape(200, 200, 200)
    labels, number = ndimage.label(raw == 0)
    assert number == 350
    boxes, sizes = find_boxes(labels), np.bincount(labels.ravel())[1:]
    codes = choose_codes(boxes, sizes)
    largest = int(sizes.argmax()) + 1
    pairs = np.array(sorted(find_near(np.where(labels == largest, 0, labels), boxes, REACH)))
    assert len(pairs) > 50
    assert (codes[pairs[:, 0]] != codes[pairs[:, 1]]).all()
    # The pore that goes through the rock is near to all, and has its color alone.
    assert (codes == codes[largest]).sum() == 1
    assert codes[largest] == 1


@pytest.mark.parametrize("seed", range(3))
def test_crowded_labels_differ_from_their_neighbors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 400, (4000, 3))
    boxes = np.hstack([starts, starts + rng.integers(1, 6, starts.shape)])
    codes = choose_codes(boxes)
    low, high = boxes[:, :3], boxes[:, 3:]
    collisions = 0
    for code in range(1, 256):
        mine = np.flatnonzero(codes[1:] == code)
        distance = np.maximum(low[mine, None] - high[None, mine] + 1, low[None, mine] - high[mine, None] + 1)
        near = (distance <= REACH).all(axis=2)
        collisions += int(near.sum()) - len(mine)
    assert collisions == 0
    assert set(codes.tolist()) == set(range(256))


def test_codes_do_not_depend_on_anything_but_boxes_and_sizes() -> None:
    boxes = np.array([[0, 0, 0, 2, 2, 2], [5, 5, 5, 9, 9, 9], [50, 50, 50, 52, 52, 52]])
    sizes = np.array([8, 64, 8])
    assert choose_codes(boxes, sizes).tolist() == choose_codes(boxes.astype(np.int32), sizes).tolist() == [0, 2, 1, 3]


def test_more_neighbors_than_colors_share_some() -> None:
    codes = choose_codes(np.tile([0, 0, 0, 9, 9, 9], (600, 1)))
    assert np.bincount(codes[1:], minlength=256)[1:].max() == 3
    assert codes[1:256].tolist() == list(range(1, 256))


def test_no_labels_have_no_codes() -> None:
    assert choose_codes(np.zeros((0, 6), int)).tolist() == [0]
    assert not color_codes(np.zeros((2, 2), np.int32), np.zeros(1, np.uint8)).any()


def test_labels_without_a_table_cycle_through_the_colors() -> None:
    labels = np.array([0, 1, 255, 256, 511], dtype=np.int32)
    assert color_codes(labels).tolist() == [0, 1, COLORS, 1, 1]
    assert color_codes(labels).dtype == np.uint8
