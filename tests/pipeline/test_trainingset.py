"""Training sets: which pictures are for tests, how tiles are cut, and what the loader would refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tsraster.errors import UsageError
from tsraster.pipeline.labeling.trainingcheck import verify_training_set
from tsraster.pipeline.labeling.trainingset import SplitPlan, TileCutter, list_categories, list_tiles, split_by_image

Draw = Callable[..., Path]
STEMS = [f"photo {i}" for i in range(50)]


# The split


@pytest.mark.parametrize(
    ("pictures", "share", "tests"), [(50, 0.2, 10), (3, 0.2, 1), (2, 0.9, 1), (1, 0.2, 0), (50, 0, 0), (50, 0.99, 49)]
)
def test_so_many_pictures_are_for_tests_as_the_share_says(pictures: int, share: float, tests: int) -> None:
    parts = split_by_image(STEMS[:pictures], test_share=share)
    assert list(parts.values()).count("test") == tests
    assert set(parts) == set(STEMS[:pictures])


def test_the_split_depends_on_names_and_seed_only() -> None:
    first = split_by_image(STEMS, seed=3)
    assert split_by_image(STEMS[::-1], seed=3) == first
    assert split_by_image(STEMS, seed=4) != first
    # The same on every machine and with every Python.
    assert [stem for stem, part in split_by_image(["1", "3", "5", "7", "9"]).items() if part == "test"] == ["7"]


def test_a_picture_more_changes_few_others() -> None:
    before, after = split_by_image(STEMS[:-1]), split_by_image(STEMS)
    assert sum(before[stem] != after[stem] for stem in before) <= 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"export": "keras", "test_share": 1}, "--test-share is 1"),
        ({"export": "keras", "test_share": -0.1}, "--test-share is -0.1"),
        ({"export": "keras", "tile": 0}, "a tile of 0 pixels"),
        ({"tile": 512}, "--tile is for training sets"),
    ],
)
def test_a_wrong_split_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        SplitPlan(**options)


# Tiles


@pytest.mark.parametrize("shape", [(7, 7), (8, 15), (14, 21), (20, 9), (7, 100)])
def test_tiles_cover_every_pixel_and_none_beyond(shape: tuple[int, int]) -> None:
    covered = np.zeros(shape, dtype=int)
    for row, col in list_tiles(shape, 7):
        assert covered[row : row + 7, col : col + 7].shape == (7, 7)
        covered[row : row + 7, col : col + 7] += 1
    assert covered.min() == 1
    assert (shape[0] % 7 or shape[1] % 7) or covered.max() == 1


@pytest.mark.parametrize("height", [1, 3, 7, 8, 100])
@pytest.mark.parametrize("shape", [(7, 7), (8, 15), (20, 9), (29, 30)])
def test_tiles_are_the_same_whatever_the_strips(shape: tuple[int, int], height: int) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (2, *shape), dtype=np.uint8)
    cutter = TileCutter(shape, 7)
    cut = [item for row in range(0, shape[0], height) for item in cutter.add(picture[:, row : row + height])]
    assert [place for place, _ in cut] == list_tiles(shape, 7)
    for (row, col), tile in cut:
        np.testing.assert_array_equal(tile, picture[:, row : row + 7, col : col + 7])


def test_the_categories_of_coco_stuff_begin_with_unlabeled() -> None:
    text, categories = list_categories(["pore", 'a "b"'])
    assert text == '0: unlabeled\n1: pore\n2: a "b"\n'
    assert '{"supercategory": "other", "id": 2, "name": "a \\"b\\""}' in categories


# What the loader refuses


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    """Two pairs for training, one for tests; ids 0 to 2."""
    rng = np.random.default_rng(1)
    for part, names in (("train", ("a", "b")), ("test", ("c",))):
        for kind in ("images", "annotations"):
            (tmp_path / f"{kind}_prepped_{part}").mkdir()
        for name in names:
            save(tmp_path / f"images_prepped_{part}/{name}.png", rng.integers(0, 256, (8, 9, 3), dtype=np.uint8))
            save(tmp_path / f"annotations_prepped_{part}/{name}.png", rng.integers(0, 3, (8, 9), dtype=np.uint8))
    return tmp_path


def save(path: Path, pixels: NDArray[Any]) -> None:
    Image.fromarray(pixels).save(path)


def test_a_good_set_has_no_problems(training_set: Path) -> None:
    check = verify_training_set(training_set, 3)
    assert check.problems == ()
    assert check.pairs == {"train": 2, "test": 1}
    # A label image may say the id in three channels as well; and a JPEG goes with a PNG.
    gray = np.array(Image.open(training_set / "annotations_prepped_train/a.png"))
    save(training_set / "annotations_prepped_train/a.png", np.stack([gray] * 3, axis=-1))
    Image.open(training_set / "images_prepped_train/b.png").save(training_set / "images_prepped_train/b.jpg")
    (training_set / "images_prepped_train/b.png").unlink()
    (training_set / "images_prepped_train/notes.txt").write_text("no picture")
    assert verify_training_set(training_set, 3).problems == ()


def spoil_id(folder: Path) -> None:
    save(folder / "annotations_prepped_train/a.png", np.full((8, 9), 3, np.uint8))


def spoil_size(folder: Path) -> None:
    save(folder / "annotations_prepped_train/a.png", np.zeros((9, 8), np.uint8))


def spoil_palette(folder: Path) -> None:
    image = Image.new("P", (9, 8), 1)
    image.putpalette([0, 0, 0, 255, 255, 0])
    image.save(folder / "annotations_prepped_train/a.png")


def spoil_depth(folder: Path) -> None:
    save(folder / "annotations_prepped_train/a.png", np.ones((8, 9), np.uint16))


def spoil_channels(folder: Path) -> None:
    pixels = np.zeros((8, 9, 3), np.uint8)
    pixels[..., 0] = 2  # red, which the loader does not look at
    save(folder / "annotations_prepped_train/a.png", pixels)


def spoil_stem(folder: Path) -> None:
    (folder / "annotations_prepped_train/a.png").rename(folder / "annotations_prepped_train/A.png")


def spoil_ending(folder: Path) -> None:
    (folder / "annotations_prepped_train/a.png").rename(folder / "annotations_prepped_train/a.PNG")


def spoil_by_doubling(folder: Path) -> None:
    save(folder / "annotations_prepped_train/a.bmp", np.zeros((8, 9), np.uint8))


def spoil_bytes(folder: Path) -> None:
    path = folder / "images_prepped_train/a.png"
    path.write_bytes(path.read_bytes()[:60])


def spoil_all(folder: Path) -> None:
    for path in (folder / "images_prepped_test").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (spoil_id, "a.png holds the id 3, and ids lie below 3"),
        (spoil_size, "has 9 x 8 pixels, and its photo 8 x 9"),
        (spoil_palette, "a.png has a palette"),
        (spoil_depth, "a.png has more than 8 bits"),
        (spoil_channels, "differ from channel to channel"),
        (spoil_stem, "a.png has no label image"),
        (spoil_ending, "a.png has no label image"),
        (spoil_by_doubling, "two label images of one photo"),
        (spoil_bytes, "a.png"),
        (spoil_all, "images_prepped_test holds no photo"),
    ],
)
def test_what_the_loader_would_refuse_is_found(training_set: Path, spoil: Callable[[Path], None], text: str) -> None:
    spoil(training_set)
    problems = verify_training_set(training_set, 3).problems
    assert len(problems) == 1
    assert text in problems[0]


def test_an_id_that_training_leaves_out_is_no_problem(training_set: Path) -> None:
    save(training_set / "annotations_prepped_train/a.png", np.full((8, 9), 255, np.uint8))
    assert len(verify_training_set(training_set, 3).problems) == 1
    assert verify_training_set(training_set, 3, unlabeled=255).problems == ()


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no folder images_prepped_train"):
        verify_training_set(tmp_path, 3)
