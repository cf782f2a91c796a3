"""`labels_files`: published labels on every pixel, everything beside them, training sets, and pictures that fail."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image

import tsraster.writing.labelimages as labelimages
from tsraster import classify_file, labels_files, read_lut
from tsraster.classtable import ClassTable
from tsraster.errors import (
    DataError,
    DestinationExistsError,
    LossWarning,
    MissingSourceError,
    UsageError,
    WriteError,
)
from tsraster.pipeline.labeling import labeljob

Draw = Callable[..., Path]
PHASES: dict[str, Any] = {"smooth": "gaussian:1", "cutoffs": [0.25, 0.4, 0.6, 0.75]}
PUBLISHED = np.array([0, 1, 50, 100, 180, 200])


def pixels_of(path: Path) -> NDArray[Any]:
    """The pixels as Pillow has them; of a palette, the codes."""
    return np.array(Image.open(path))


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos of 40 x 50, of which the last is a JPEG."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(7)
    for name in ("2.png", "10.png", "1.jpg"):
        shade = np.add.outer(np.arange(40), np.arange(50))[..., np.newaxis] * 255 / 88
        Image.fromarray((shade * rng.uniform(0.6, 1, (40, 50, 3))).astype(np.uint8)).save(folder / name)
    return folder


# Real data


@pytest.mark.parametrize("how", ["a pattern", "the folder without the references"])
def test_thin_sections_equal_their_published_labels(shared_data: Path, tmp_path: Path, how: str) -> None:
    folder = shared_data / "thinsection" / "philliec"
    source, exclude = (folder / "[0-9].png", None) if how == "a pattern" else (folder, ["*_label_ref.png"])
    ids = labels_files(source, tmp_path / "ids", exclude=exclude, **PHASES)
    labels_files(source, tmp_path / "spread", exclude=exclude, style="spread", **PHASES)
    labels_files(source, tmp_path / "unit", exclude=exclude, style="unit", **PHASES)
    assert [picture.name for picture in ids.pictures] == ["1.png", "3.png", "5.png"]
    assert (ids.failures, ids.n_classes) == ((), 6)
    for number, counted in zip((1, 3, 5), ids.pictures, strict=True):
        published = pixels_of(folder / f"{number}_label_ref.png")
        np.testing.assert_array_equal(pixels_of(tmp_path / f"ids/labels/{number}.png"), published)
        np.testing.assert_array_equal(pixels_of(tmp_path / f"spread/labels/{number}.png"), PUBLISHED[published])
        np.testing.assert_array_equal(
            pixels_of(tmp_path / f"unit/labels/{number}.tif"), (published / 5).astype(np.float32)
        )
        assert counted.counts == tuple(np.bincount(published.ravel(), minlength=6)[1:].tolist())


def test_references_among_photos_fail_and_say_how_to_leave_them_out(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "thinsection" / "philliec"
    found = labels_files(folder, tmp_path / "out", **PHASES)
    assert [Path(failure.source).name for failure in found.failures] == [f"{i}_label_ref.png" for i in (1, 3, 5)]
    assert "values of a band of uint8" in found.failures[0].problem
    assert "--exclude" in found.failures[0].problem


@pytest.mark.parametrize("tile", [None, 256])
def test_a_keras_set_of_thin_sections_is_what_the_loader_reads(
    shared_data: Path, tmp_path: Path, tile: int | None
) -> None:
    folder = shared_data / "thinsection" / "philliec"
    found = labels_files(folder / "[0-9].png", tmp_path, export="keras", tile=tile, test_share=0.34, **PHASES)
    assert found.check is not None
    assert found.check.problems == ()
    assert found.n_classes == 5
    for part, number in found.check.pairs.items():
        images, labels = tmp_path / f"images_prepped_{part}", tmp_path / f"annotations_prepped_{part}"
        stems = sorted(path.stem for path in images.iterdir())
        assert stems == sorted(path.stem for path in labels.iterdir())
        assert len(stems) == number > 0
        for stem in stems:
            # As cv2.imread(path, 1) decodes them: three channels of 8 bits, blue first.
            image, label = (
                np.array(Image.open(kind / f"{stem}.png").convert("RGB"))[..., ::-1] for kind in (images, labels)
            )
            source, _, place = stem.partition("_r")
            row, col = map(int, place.split("_c")) if place else (0, 0)
            height, width = image.shape[:2]
            photo = pixels_of(folder / f"{source}.png")[row : row + height, col : col + width, 2::-1]
            published = pixels_of(folder / f"{source}_label_ref.png")[row : row + height, col : col + width]
            assert image.shape == label.shape
            assert tile is None or image.shape == (tile, tile, 3)
            np.testing.assert_array_equal(image, photo)
            np.testing.assert_array_equal(label[..., 0], published - 1)
            with Image.open(labels / f"{stem}.png") as file:
                assert file.mode == "L"


# What is written


def test_everything_beside_the_label_images(photos: Path, tmp_path: Path) -> None:
    found = labels_files(photos, tmp_path / "out", cutoffs=[0.3, 0.6], names=["dark", "", "light"], lut="thin-section")
    assert files_in(tmp_path / "out") == [
        "classes.json",
        *("labels.csv", "labels/1.png", "labels/10.png", "labels/2.png"),
        *("overlay/1.jpg", "overlay/10.jpg", "overlay/2.jpg"),
        *("preview/1.png", "preview/10.png", "preview/2.png"),
    ]
    assert [picture.name for picture in found.pictures] == ["1.jpg", "2.png", "10.png"]
    record = json.loads((tmp_path / "out/classes.json").read_text(encoding="utf-8"))
    assert (record["kind"], record["version"], record["n_classes"]) == ("tsraster label classes", 1, 4)
    assert record["classes"][0] == {
        "id": 1, "value": 1, "name": "dark", "color": "#262228", "interval": "<= 0.3"
    }  # fmt: skip
    assert record["unlabeled"] == {"id": 0, "name": "unlabeled", "note": "pixels without a class"}
    assert ClassTable.from_json(json.dumps(record["recipe"]["table"])).edges[1:3] == (0.3, 0.6)
    rows = rows_of(tmp_path / "out/labels.csv")
    assert list(rows[0]) == ["image", "id", "value", "name", "pixels", "percent"]
    for picture in found.pictures:
        own = [row for row in rows if row["image"] == picture.name]
        label = pixels_of(tmp_path / f"out/labels/{Path(picture.name).stem}.png")
        assert [int(row["pixels"]) for row in own] == np.bincount(label.ravel(), minlength=4)[1:].tolist()
        assert sum(float(row["percent"]) for row in own) == pytest.approx(100)


def test_label_images_are_those_of_classify(photos: Path, tmp_path: Path) -> None:
    labels_files(photos, tmp_path / "out", **PHASES)
    for path in photos.iterdir():
        classify_file(path, tmp_path / "one.png", overwrite=True, **PHASES)
        np.testing.assert_array_equal(
            pixels_of(tmp_path / f"out/labels/{path.stem}.png"), pixels_of(tmp_path / "one.png")
        )


def test_a_label_image_is_plain_gray_and_a_preview_has_colors(photos: Path, tmp_path: Path) -> None:
    labels_files(photos / "2.png", tmp_path, cutoffs=[0.3, 0.6])
    label = Image.open(tmp_path / "labels/2.png")
    assert (label.mode, label.info) == ("L", {})
    colors = np.array(Image.open(tmp_path / "preview/2.png").convert("RGB"))
    lut = np.array([color[:3] for color in read_lut("categorical").colors])
    np.testing.assert_array_equal(colors, lut[np.array(label) - 1])
    photo = pixels_of(photos / "2.png")
    overlay = np.array(Image.open(tmp_path / "overlay/2.jpg"), dtype=int)
    expected = np.rint(0.65 * photo + 0.35 * colors)
    assert np.abs(overlay - expected).mean() < 12  # a JPEG of noise


@pytest.mark.parametrize("block_size", [7, 16, 1000])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_answer_whatever_the_blocks_and_workers(
    photos: Path, tmp_path: Path, block_size: int, workers: int
) -> None:
    labels_files(photos, tmp_path / "a", **PHASES)
    labels_files(photos, tmp_path / "b", workers=workers, block_size=block_size, **PHASES)
    for name in files_in(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.filterwarnings("ignore:This process")
def test_pictures_can_be_worked_on_in_other_processes(photos: Path, tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        found = labels_files(photos, tmp_path / "a", executor=executor, **PHASES)
    assert (len(found.pictures), found.failures) == (3, ())
    labels_files(photos, tmp_path / "b", **PHASES)
    for name in files_in(tmp_path / "b"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_large_pictures_wait_on_the_disk_and_are_shown_smaller(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels_files(photos, tmp_path / "a", export="keras", cutoffs=[0.5])
    monkeypatch.setattr(labelimages, "_IN_MEMORY", 10)
    monkeypatch.setattr(labeljob, "MOST_SHOWN", 20)
    labels_files(photos, tmp_path / "b", export="keras", cutoffs=[0.5], block_size=9)
    assert files_in(tmp_path / "a") == files_in(tmp_path / "b")
    for name in files_in(tmp_path / "a"):
        first, second = tmp_path / "a" / name, tmp_path / "b" / name
        if name.startswith("preview"):
            np.testing.assert_array_equal(pixels_of(second), pixels_of(first)[::3, ::3])
        elif not name.startswith("overlay"):
            assert first.read_bytes() == second.read_bytes()


def test_a_place_goes_along_and_a_raster_that_is_no_photo_has_no_overlay(tmp_path: Path, draw_raster: Draw) -> None:
    heat = np.linspace(280, 300, 60, dtype=np.float32).reshape(6, 10)
    place: dict[str, Any] = {"crs": "EPSG:32616", "transform": rasterio.transform.from_origin(500_000, 4e6, 30, 30)}
    source = draw_raster(tmp_path / "heat.tif", heat, **place)
    with pytest.warns(LossWarning, match="1 pictures are no photos"):
        labels_files(source, tmp_path / "out", cutoffs=[290])
    with rasterio.open(tmp_path / "out/labels/heat.png") as file:
        assert (file.crs, file.transform) == (place["crs"], place["transform"])
        np.testing.assert_array_equal(file.read(1), np.where(heat <= 290, 1, 2))
    assert not (tmp_path / "out/overlay").exists()


@pytest.mark.parametrize("kind", ["gray", "gray 16", "color 16", "palette", "alpha"])
def test_photos_of_every_kind_become_rgb_of_8_bits(tmp_path: Path, draw_raster: Draw, kind: str) -> None:
    levels = np.arange(60, dtype=np.uint8).reshape(6, 10) * 4
    path = tmp_path / "p.png"
    expected = np.stack([levels] * 3, axis=-1)
    if kind == "gray":
        Image.fromarray(levels).save(path)
    elif kind == "gray 16":
        draw_raster(path, levels.astype(np.uint16) * 257, driver="PNG")
    elif kind == "color 16":
        draw_raster(path, np.stack([levels.astype(np.uint16) * 257] * 3), driver="PNG")
    elif kind == "palette":
        Image.fromarray(expected).convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(path)
        expected = np.array(Image.open(path).convert("RGB"))
    else:
        Image.fromarray(np.concatenate([expected, np.full((6, 10, 1), 255, np.uint8)], axis=-1)).save(path)
    limit = {"gray": 100, "gray 16": 100 * 257}.get(kind, 0.4)
    found = labels_files(path, tmp_path / "out", cutoffs=[limit], export="keras")
    assert found.check is not None
    assert found.check.problems == ()
    photo = Image.open(tmp_path / "out/images_prepped_train/p.png")
    assert photo.mode == "RGB"
    np.testing.assert_array_equal(np.array(photo), expected)


# Recipes


def test_a_scheme_is_fitted_to_all_pictures_together(tmp_path: Path, draw_raster: Draw) -> None:
    values = np.random.default_rng(0).integers(0, 200, (3, 30, 40), dtype=np.uint8)
    for i, band in enumerate(values):
        draw_raster(tmp_path / f"{i}.tif", band // (i + 1))
    sources = [tmp_path / f"{i}.tif" for i in range(3)]
    found = labels_files(sources, tmp_path / "out", scheme="quantiles", classes=4)
    together = draw_raster(tmp_path / "all.tif", np.vstack([band // (i + 1) for i, band in enumerate(values)]))
    alone = classify_file(together, scheme="quantiles", classes=4)
    assert found.totals == tuple(share.pixels for share in alone.shares)
    assert [one.interval for one in found.classes] == [share.interval for share in alone.shares]
    record = json.loads((tmp_path / "out/classes.json").read_text(encoding="utf-8"))
    assert record["recipe"]["table"]["fitted_on"]["name"] == ["0.tif", "1.tif", "2.tif"]


@pytest.mark.parametrize("ways", [{"bins": 3}, {"scheme": "quantiles", "classes": 3}])
def test_a_broken_picture_is_left_out_of_the_fit(photos: Path, tmp_path: Path, ways: dict[str, Any]) -> None:
    whole = labels_files(photos, tmp_path / "a", **ways)
    broken = photos / "3.png"
    broken.write_bytes((photos / "2.png").read_bytes()[:900])
    found = labels_files(photos, tmp_path / "b", **ways)
    assert [failure.source for failure in found.failures] == [str(broken)]
    assert found.totals == whole.totals


def test_a_saved_table_with_codes_of_its_own_gives_consecutive_ids(photos: Path, tmp_path: Path) -> None:
    table = ClassTable(codes=(50, 7), edges=(0, 0.4, 0.7), names=("dark", "light"))
    found = labels_files(photos / "2.png", tmp_path / "a", table=table)
    assert [(one.id, one.name) for one in found.classes] == [(1, "dark"), (2, "light")]
    assert found.pictures[0].unlabeled == np.count_nonzero(pixels_of(tmp_path / "a/labels/2.png") == 0) > 0
    clamped = labels_files(photos / "2.png", tmp_path / "b", table=table, outside="clamp")
    assert clamped.pictures[0].unlabeled == 0
    # Its ends are closed, so that 0 is kept for what is outside; other labels of keras begin with 0.
    exported = labels_files(photos / "2.png", tmp_path / "c", table=table, export="keras")
    assert ([one.id for one in exported.classes], exported.n_classes, exported.unlabeled) == ([1, 2], 3, 0)
    assert exported.check is not None
    assert exported.check.problems == ()


def test_phases_by_color_are_classes_too(tmp_path: Path) -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:, :2] = 20, 40, 230
    rgb[:, 4:] = 240, 235, 220
    Image.fromarray(rgb).save(tmp_path / "s.png")
    phases = ["blue #0000ff: hue 180..260, saturation >0.25", "bright: value >0.8"]
    found = labels_files(tmp_path / "s.png", tmp_path / "out", phase=phases)
    assert pixels_of(tmp_path / "out/labels/s.png")[0].tolist() == [1, 1, 0, 0, 2, 2]
    assert (found.classes[0].name, found.classes[0].color) == ("blue", (0, 0, 255))
    assert found.pictures[0].unlabeled == 8
    coco = labels_files(tmp_path / "s.png", tmp_path / "coco", phase=phases, export="coco-stuff")
    assert pixels_of(tmp_path / "coco/annotations_prepped_train/s.png")[0].tolist() == [0, 0, 255, 255, 1, 1]
    assert (tmp_path / "coco/labels.txt").read_text() == "0: unlabeled\n1: blue\n2: bright\n"
    assert [entry["id"] for entry in json.loads((tmp_path / "coco/categories.json").read_text())] == [1, 2]
    assert coco.check is not None
    assert coco.check.problems == ()
    keras = labels_files(tmp_path / "s.png", tmp_path / "keras", phase=phases, export="keras")
    assert (keras.n_classes, keras.unlabeled) == (3, 0)
    with pytest.raises(UsageError, match="--phase goes by colors, and --smooth by values"):
        labels_files(tmp_path / "s.png", tmp_path / "no", phase=phases, smooth="gaussian:1")


def test_points_of_phases_are_looked_up_in_the_first_picture(tmp_path: Path) -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:, 3:] = 20, 40, 230
    Image.fromarray(rgb).save(tmp_path / "1.png")
    Image.fromarray(rgb[:, ::-1]).save(tmp_path / "2.png")
    labels_files([tmp_path / "1.png", tmp_path / "2.png"], tmp_path / "out", phase=["dye: points(5,0; 5)"])
    assert pixels_of(tmp_path / "out/labels/2.png")[0].tolist() == [1, 1, 1, 0, 0, 0]


# Pixels without a class


def transparent(path: Path) -> Path:
    rgba = np.full((4, 5, 4), 200, np.uint8)
    rgba[0, :2, 3] = 0
    Image.fromarray(rgba).save(path)
    return path


@pytest.mark.parametrize(
    ("options", "number"), [({}, 0), ({"first_id": 0, "unlabeled": 255}, 255), ({"style": "spread"}, 0)]
)
def test_pixels_without_a_class_have_a_number_of_their_own(
    tmp_path: Path, options: dict[str, Any], number: int
) -> None:
    found = labels_files(transparent(tmp_path / "t.png"), tmp_path / "out", cutoffs=[0.5], **options)
    assert np.flatnonzero(pixels_of(tmp_path / "out/labels/t.png").ravel() == number).tolist() == [0, 1]
    assert found.pictures[0].unlabeled == 2
    last = rows_of(tmp_path / "out/labels.csv")[-1]
    assert (last["id"], last["name"], last["pixels"], last["percent"]) == (str(number), "unlabeled", "2", "10.0")


@pytest.mark.parametrize(
    ("options", "way"),
    [
        ({"first_id": 0}, "give --first-id 1, which leaves 0 for them, or --unlabeled 255"),
        ({"export": "keras"}, "give --first-id 1, which leaves 0 for them"),
        ({"style": "spread", "values": [0, 9]}, "give --values without 0, or --unlabeled"),
    ],
)
def test_a_picture_without_a_number_for_them_fails(
    photos: Path, tmp_path: Path, options: dict[str, Any], way: str
) -> None:
    transparent(photos / "t.png")
    found = labels_files(photos, tmp_path / "out", cutoffs=[0.5], **options)
    assert [failure.source for failure in found.failures] == [str(photos / "t.png")]
    assert found.failures[0].problem.endswith(way)
    assert len(found.pictures) == 3
    assert not [name for name in files_in(tmp_path / "out") if "/t" in name]


# Classes that do not occur, numbers that must not


def test_classes_that_do_not_occur_are_told(tmp_path: Path) -> None:
    for name, levels in (("a", (0, 0)), ("b", (0, 200))):
        Image.fromarray(np.array([levels], np.uint8)).save(tmp_path / f"{name}.png")
    found = labels_files([tmp_path / "a.png", tmp_path / "b.png"], tmp_path / "out", cutoffs=[100, 220])
    assert found.absent == {"a.png": (2, 3), "b.png": (3,)}


def test_a_label_image_that_is_not_what_was_counted_is_never_published(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = labeljob.LayerSink.add

    def spoil(self: Any, window: Any, labels: NDArray[Any], photo: Any) -> None:
        whole(self, window, np.where(labels == 1, 9, labels).astype(np.uint8), photo)

    monkeypatch.setattr(labeljob.LayerSink, "add", spoil)
    found = labels_files(photos / "2.png", tmp_path / "out", cutoffs=[0.3])
    assert "2.png holds 2 " in found.failures[0].problem
    assert "9 " in found.failures[0].problem
    assert files_in(tmp_path / "out") == ["classes.json", "labels.csv"]


# Failures


def test_broken_pictures_do_not_stop_the_others(photos: Path, tmp_path: Path) -> None:
    (photos / "3.png").write_bytes((photos / "2.png").read_bytes()[:900])
    (photos / "4.png").write_text("no picture")
    sources = [*sorted(photos.iterdir()), photos / "5.png"]
    steps: list[tuple[int, int]] = []
    found = labels_files(sources, tmp_path / "out", progress=lambda done, total: steps.append((done, total)), **PHASES)
    assert [Path(failure.source).name for failure in found.failures] == ["3.png", "4.png", "5.png"]
    assert "cannot be read" in found.failures[0].problem
    assert "no raster or picture" in found.failures[1].problem
    assert "does not exist" in found.failures[2].problem
    assert len(files_in(tmp_path / "out/labels")) == 3
    assert {row["image"] for row in rows_of(tmp_path / "out/labels.csv")} == {"1.jpg", "2.png", "10.png"}
    assert steps[-1] == (6, 6)
    assert steps == sorted(steps)
    assert not list(tmp_path.rglob(".tsraster-*"))


def test_where_no_picture_is_left_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(DataError, match=r"none of 1 pictures can be labeled: .*a.png is no raster"):
        labels_files(tmp_path / "a.png", tmp_path / "out", cutoffs=[0.5])
    assert not (tmp_path / "out").exists()


def test_pictures_too_small_for_a_tile_or_no_photos_fail(photos: Path, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((20, 60, 3), np.uint8)).save(photos / "small.png")
    found = labels_files(photos, tmp_path / "out", cutoffs=[0.5], export="keras", tile=32)
    assert [failure.problem.partition("small.png ")[2] for failure in found.failures] == [
        "has 20 x 60 pixels, which is less than a tile of 32"
    ]
    assert found.check is not None
    assert sum(found.check.pairs.values()) == 3 * 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "give --cutoffs, --bins, --scheme or --table"),
        ({"cutoffs": [0.5], "outside": "drop"}, "--outside is 'drop'"),
        ({"cutoffs": [0.5], "tile": 64}, "--tile is for training sets"),
        ({"cutoffs": [0.5], "style": "spread", "values": [1]}, "1 values for 2 classes"),
        ({"cutoffs": [0.5], "workers": 0}, "0 workers"),
        ({"cutoffs": [0.5], "smooth": "gaussian:0"}, "gaussian:0"),
        ({"scheme": "quantiles", "classes": 300}, "300 classes do not fit"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_written(
    photos: Path, tmp_path: Path, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        labels_files(photos, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists() or options.get("workers") == 0


def test_pictures_of_one_name_are_refused(photos: Path, tmp_path: Path) -> None:
    Image.open(photos / "2.png").save(photos / "2.jpg")
    with pytest.raises(UsageError, match=r"2.jpg and .*2.png would both become 2"):
        labels_files(photos, tmp_path / "out", cutoffs=[0.5])


def test_nothing_is_left_out_silently(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"--exclude \*.png,\*.jpg leaves out"):
        labels_files(photos, tmp_path / "out", cutoffs=[0.5], exclude=["*.png", "*.jpg"])


# What is there already


def test_a_former_run_is_kept_unless_it_is_to_be_replaced(photos: Path, tmp_path: Path) -> None:
    labels_files(photos, tmp_path / "out", cutoffs=[0.5])
    before = (tmp_path / "out/labels/2.png").read_bytes()
    with pytest.raises(DestinationExistsError, match="and 10 more of these files exist already; give --overwrite"):
        labels_files(photos, tmp_path / "out", cutoffs=[0.2])
    assert (tmp_path / "out/labels/2.png").read_bytes() == before
    labels_files(photos, tmp_path / "out", cutoffs=[0.2], overwrite=True)
    assert (tmp_path / "out/labels/2.png").read_bytes() != before


def test_a_training_set_never_keeps_pictures_of_a_former_run(photos: Path, tmp_path: Path) -> None:
    labels_files(photos, tmp_path / "out", cutoffs=[0.5], export="keras")
    seed = next(
        seed for seed in range(1, 50)
        if labels_files(photos, tmp_path / f"s{seed}", cutoffs=[0.5], export="keras", seed=seed).pictures[0].part
        != labels_files(photos, tmp_path / f"t{seed}", cutoffs=[0.5], export="keras").pictures[0].part
    )  # fmt: skip
    with pytest.raises(DestinationExistsError, match="not of this run"):
        labels_files(photos, tmp_path / "out", cutoffs=[0.5], export="keras", seed=seed, overwrite=True)
    labels_files(photos, tmp_path / "out", cutoffs=[0.2], export="keras", overwrite=True)


def test_a_source_is_never_overwritten(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    path = tmp_path / "labels/2.png"
    path.write_bytes((photos / "2.png").read_bytes())
    with pytest.raises(UsageError, match="is a source and would be overwritten"):
        labels_files(path, tmp_path, cutoffs=[0.5], overwrite=True)
    assert path.read_bytes() == (photos / "2.png").read_bytes()


def test_a_destination_that_is_a_file_is_refused(photos: Path) -> None:
    with pytest.raises(WriteError, match="the last argument names the folder"):
        labels_files([photos / "2.png"], photos / "10.png", cutoffs=[0.5])
