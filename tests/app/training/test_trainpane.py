"""What the pane "Train" shows is what `train` and `predict` write, and nothing is computed that was not asked for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tests.conftest import write_raster

pytest.importorskip("panel", reason="panel is not installed")
pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster import predict_files, train_file
from tsraster.app.bench import Bench
from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.labels.labelfiles import export_labels
from tsraster.app.labels.strokes import Stroke
from tsraster.app.picture.viewports import Viewport
from tsraster.app.training.featuregrid import FeatureGrid, choose_first, list_all, make_features
from tsraster.app.training.predictionpicture import MOST_PIXELS, NOWHERE, PredictionPicture
from tsraster.app.training.trainingnotes import describe_training, list_mistakes
from tsraster.app.training.trainmemory import recall_choice
from tsraster.app.training.trainpane import TrainPane
from tsraster.learning.featureset import parse_features
from tsraster.measuring.confusion import Confusion
from tsraster.raster import without_place_warning

# Scikit-learn is trained in one thread while files are read in another, and each sets filters of warnings for both.
pytestmark = pytest.mark.filterwarnings("ignore:Dataset has no geotransform")

ROWS, COLS = 600, 700
WIDTH, HEIGHT = 400, 300
SOON = 60.0
STROKES = ((1, 60.0, 60.0), (2, 200.0, 60.0), (3, 330.0, 80.0), (1, 500.0, 60.0), (2, 350.0, 280.0), (3, 150.0, 300.0))


@dataclass
class Opened:
    """A page without a browser."""

    bench: Bench
    pane: TrainPane
    source: Path
    said: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def labels(self) -> Any:
        return self.bench.gallery.label(self.bench.subject)

    def draw(self, *strokes: tuple[int, float, float]) -> None:
        for code, x, y in strokes:
            self.labels.draw(Stroke(code, 7, ((x, y), (x + 30, y + 4))))
        self.bench.tell("labels")

    def wait(self, is_ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + SOON
        while not is_ready():
            assert time.monotonic() < limit, (self.pane.form.said, self.said)
            time.sleep(0.01)
        self.bench.drain()

    def train(self) -> None:
        """Train once, and wait for all that follows."""
        self.pane.form.once.clicks += 1
        self.wait(lambda: self.is_at_rest)

    def close(self) -> None:
        """Wait for what works in the background: filters of warnings, which it changes, are those of the next test too."""
        self.bench.close()
        for thread in threading.enumerate():
            if thread.name == "tsraster-leave":
                thread.join(SOON)

    @property
    def is_at_rest(self) -> bool:
        training = self.pane.training
        return training is not None and training.confusion is not None and self.pane.form.said.startswith("idle")

    @property
    def painted(self) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
        painting = self.pane.layer.paint(self.bench.canvas.viewport)
        assert painting is not None
        return painting[1], painting[2]


def open_pane(source: Path, *more: Path) -> Opened:
    bench = Bench(Gallery(Desk(sources=(str(source), *map(str, more)))))
    opened = Opened(bench, TrainPane(bench), source)
    bench.hear("status", lambda text, is_wrong: opened.said.append((text, is_wrong)))
    bench.canvas._resize("inner_width", WIDTH)
    bench.canvas._resize("inner_height", HEIGHT)
    bench.start()
    bench.tell("tab", "Train")
    bench.drain()
    return opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    truth = (np.indices((ROWS, COLS)).sum(axis=0) // 150 % 3).astype(np.uint8)
    pixels = np.stack([truth * 40 + rng.integers(0, 60, truth.shape) for _ in range(2)]).astype(np.uint8) + 1
    pixels[:, 200:230, 300:350] = 0
    return write_raster(tmp_path / "scene.tif", pixels, nodata=0)


@pytest.fixture
def opened(source: Path) -> Iterator[Opened]:
    page = open_pane(source)
    page.pane.form.trees.value = 10
    page.pane.form.grid.tick([("smoothing", 0.7), ("smoothing", 1.6), ("gradient", 1.6), ("hessian", 1.0)])
    yield page
    page.close()
    page.bench.gallery.close()


def read(path: Path, band: int | None = 1) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as raster:
        return np.asarray(raster.read(band))


def save(page: Opened, name: str = "live.tsmodel") -> Path:
    page.pane.form.path.value = name
    page.pane.form.save.clicks += 1
    page.bench.drain()
    return page.source.parent / name


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_overlay_is_what_predict_writes_with_the_saved_model_and_with_that_of_the_exported_labels(
    opened: Opened, tmp_path: Path, scale: float
) -> None:
    opened.draw(*STROKES)
    opened.bench.canvas.look_at(300, 250, scale)
    opened.train()
    codes, (left, top, right, bottom) = opened.painted
    model = save(opened)
    predict_files(model, [opened.source], tmp_path / "saved.tif")
    desk = opened.labels
    export_labels(desk.board, opened.bench.subject.raster, desk.classes, tmp_path / "labels.tif")
    train_file(tmp_path / "own.tsmodel", opened.source, tmp_path / "labels.tif", **opened.pane.settings.options)
    predict_files(tmp_path / "own.tsmodel", [opened.source], tmp_path / "own.tif")
    step = opened.bench.canvas.viewport.step
    assert step == scale
    box = tuple(slice(int(start) + step // 2, int(stop), step) for start, stop in ((top, bottom), (left, right)))
    # What is painted reaches a little beyond what is seen, where tiles of the ring may or may not be done.
    wanted = read(tmp_path / "saved.tif")[box]
    np.testing.assert_array_equal(codes, wanted)
    np.testing.assert_array_equal(read(tmp_path / "own.tif")[box], wanted)
    assert set(np.unique(codes)) == {0, 1, 2, 3}


def test_probability_and_uncertainty_are_those_of_predict(opened: Opened, tmp_path: Path) -> None:
    opened.draw(*STROKES)
    opened.bench.canvas.look_at(300, 250, 1.0)
    opened.train()
    model = save(opened)
    for name in ("probabilities", "uncertainty"):
        predict_files(model, [opened.source], tmp_path / f"{name}.tif", export=[name])
    pane = opened.pane
    seen = (slice(100, 400), slice(100, 500))
    for overlay, code, file in (("probability", 3, "probabilities"), ("uncertainty", None, "uncertainty")):
        pane.form.overlay.value = overlay
        if code is not None:
            pane.form.shown_class.value = code
        opened.wait(lambda: pane.layer.count() == (4, 4) or pane.form.said.startswith("idle"))
        codes, (left, top, _, _) = opened.painted
        wanted = np.rint(np.nan_to_num(read(tmp_path / f"{file}.tif", code or 1)) * np.float32(255))
        inside = codes[seen[0].start - int(top) :, seen[1].start - int(left) :][:300, :400]
        np.testing.assert_array_equal(inside, wanted[seen])
    assert pane.form.shown_class.options == {"1 class 1": 1, "2 class 2": 2, "3 class 3": 3}


def test_live_update_follows_strokes_and_features_and_off_computes_nothing(opened: Opened) -> None:
    opened.draw(*STROKES[:2])
    opened.bench.drain()
    assert opened.pane.training is None
    opened.pane.form.is_live.value = True
    opened.wait(lambda: opened.is_at_rest)
    first = opened.pane.training
    assert first is not None
    assert first.model.codes == (1, 2)
    opened.draw(STROKES[2])
    opened.wait(lambda: opened.is_at_rest and opened.pane.training is not first)
    second = opened.pane.training
    assert second is not None
    assert second.model.codes == (1, 2, 3)
    opened.pane.form.grid.tick([("smoothing", 1.0)])
    opened.wait(lambda: opened.is_at_rest and opened.pane.training is not second)
    third = opened.pane.training
    assert third is not None
    assert third.model.features == parse_features("smoothing:1")
    opened.pane.form.is_live.value = False
    opened.draw(STROKES[3])
    opened.bench.canvas.look_at(600, 500, 1.0)
    time.sleep(0.2)
    assert opened.pane.training is third
    assert opened.pane.form.said == "idle"


def test_a_moved_view_is_predicted_too(opened: Opened) -> None:
    opened.draw(*STROKES)
    opened.bench.canvas.look_at(100, 100, 0.25)
    opened.pane.form.is_live.value = True
    opened.wait(lambda: opened.is_at_rest)
    opened.bench.canvas.look_at(650, 550, 0.25)
    opened.wait(lambda: opened.is_at_rest and bool(opened.painted[0].all()))
    assert opened.pane.form.said == "idle: all that is seen is predicted"


@pytest.mark.parametrize("strokes", [(), STROKES[:1]])
def test_too_few_classes_are_said_and_the_next_stroke_goes_on(
    opened: Opened, strokes: tuple[tuple[int, float, float], ...]
) -> None:
    opened.draw(*strokes)
    opened.pane.form.once.clicks += 1
    opened.bench.drain()
    assert opened.said[-1] == ("Draw labels of two classes at least (pane Scribble).", True)
    opened.draw(*STROKES)
    opened.train()


def test_what_cannot_be_trained_is_said_in_a_sentence(opened: Opened) -> None:
    opened.draw(*STROKES)
    opened.pane.form.grid.tick([])
    opened.pane.form.once.clicks += 1
    assert opened.said[-1] == ("no feature is ticked; tick some filters and scales, or press All", True)


def test_a_scale_that_is_too_large_is_said(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(1, 200, (1, 30, 40)).astype(np.uint8)
    page = open_pane(write_raster(tmp_path / "small.tif", noise))
    page.draw((1, 2.0, 5.0), (2, 2.0, 25.0))
    page.pane.form.grid.tick([("smoothing", 10.0)])
    page.pane.form.once.clicks += 1
    page.wait(lambda: bool(page.said) and page.said[-1][1])
    assert page.said[-1][0].startswith("the scale 10 needs 36 pixels a side, and there are 30 x 40")
    page.close()
    page.bench.gallery.close()


def test_next_goes_to_an_uncertain_place_away_from_labels(opened: Opened) -> None:
    opened.bench.tell("key", "n")
    assert opened.said[-1][0].startswith("nothing is trained yet")
    opened.draw(*STROKES)
    opened.bench.canvas.look_at(300, 250, 1.0)
    opened.train()
    places = []
    for _ in range(2):
        before = len(opened.said)
        opened.bench.tell("key", "n")
        opened.wait(lambda before=before: any(text.startswith("uncertain by") for text, _ in opened.said[before:]))  # type: ignore[misc]
        ((x,), (y,)) = (opened.bench.canvas._mark.data[name] for name in ("x", "y"))
        places.append((x, y))
        assert f"col {int(x)}, row {int(y)}" in opened.said[-1][0]
        seen = opened.bench.canvas.viewport
        assert 0 <= seen.left < x < seen.right <= COLS
        assert 0 <= seen.top < y < seen.bottom <= ROWS
    assert places[0] != places[1]
    assert opened.bench.canvas.scale == pytest.approx(1.0)
    opened.bench.draw([places[-1]])
    assert not opened.bench.canvas._mark.data["x"], "the mark does not hide what was drawn there"


def test_suggested_features_are_ticked(opened: Opened) -> None:
    opened.draw(*STROKES)
    opened.pane.form.grid.tick([])
    opened.pane.form.suggest.clicks += 1
    assert opened.pane.form.busy.visible
    opened.bench.drain()
    choices = opened.pane.form.grid.choices
    assert 0 < len(choices) < len(list_all())
    assert opened.said[-1][0].startswith("suggested: ")
    assert not opened.pane.form.busy.visible


def test_what_was_ticked_before_a_suggestion_comes_back_until_something_else_is_ticked(opened: Opened) -> None:
    form = opened.pane.form
    before = form.grid.choices
    opened.draw(*STROKES)
    for is_changed in (False, True):
        assert not form.back.visible
        form.suggest.clicks += 1
        opened.bench.drain()
        assert set(form.grid.choices) != set(before)
        assert form.back.visible
        if is_changed:
            form.grid.tick([*form.grid.choices, ("structure", 5.0)])
        else:
            form.back.clicks += 1
            assert set(form.grid.choices) == set(before)
        assert not form.back.visible


def test_a_page_that_is_loaded_anew_finds_what_was_chosen_for_a_source_but_does_not_train(
    opened: Opened, tmp_path: Path
) -> None:
    other = write_raster(tmp_path / "other.tif", np.ones((1, 90, 80), np.uint8))
    opened.bench.gallery._sources.append(str(other))
    form = opened.pane.form
    form.grid.tick([("structure", 3.5)])
    form.estimator.value, form.recipe.value, form.seed.value = "extra-trees", "scale-space", 7
    form.overlay.value = "uncertainty"
    kept = recall_choice(opened.bench.gallery, opened.bench.subject)
    assert kept is not None
    assert (kept.overlay, kept.opacity) == ("uncertainty", 100)
    form.overlay.value, form.path.value = "probability", "mine.tsmodel"
    form.opacity.value = 33
    form.is_live.value = True
    bench = Bench(opened.bench.gallery)
    again = Opened(bench, TrainPane(bench), opened.source)
    bench.start()
    assert again.pane.form.choice == form.choice
    assert again.pane.form.choice.opacity == 33
    assert again.pane.form.shown_class.visible
    assert not again.pane.form.is_live.value
    again.bench.choose(1)
    again.bench.drain()
    assert again.pane.form.grid.choices == sorted(choose_first(1), key=again.pane.form.grid.choices.index)
    assert again.pane.form.path.value == "other.tsmodel"
    again.close()


def test_the_pointer_tells_the_predicted_class_and_its_probability_where_it_is_known(
    opened: Opened, tmp_path: Path
) -> None:
    pane = opened.pane
    assert pane.tell(5, 5) == ""
    opened.draw(*STROKES)
    opened.bench.canvas.look_at(300, 250, 1.0)
    opened.train()
    model = save(opened)
    predict_files(model, [opened.source], tmp_path / "p.tif")
    code = int(read(tmp_path / "p.tif")[250, 310])
    assert pane.tell(250, 310) == f"predicted {code} class {code}"
    assert pane.tell(210, 310) == "", "there is no data"
    pane.form.overlay.value = "probability"
    opened.wait(lambda: pane.form.said.startswith("idle"))
    predict_files(model, [opened.source], tmp_path / "q.tif", export=["probabilities"])
    share = round(255 * float(read(tmp_path / "q.tif", code)[250, 310])) / 255
    assert pane.tell(250, 310) == f"predicted {code} class {code} ({100 * share:.0f} %)"


def test_each_overlay_has_an_opacity_of_its_own_and_uncertainty_is_strong(opened: Opened) -> None:
    form, mapper = opened.pane.form, opened.bench.canvas._mappers["prediction"]
    form.overlay.value = "uncertainty"
    assert (mapper.palette[0], mapper.palette[255]) == ("#00000000", "#ff00ffff")
    assert mapper.palette[51] == "#ff00ff33"
    form.opacity.value = 80
    form.overlay.value = "segmentation"
    assert form.opacity.value == 50
    form.overlay.value = "uncertainty"
    assert form.opacity.value == 80


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../elsewhere.tsmodel", "outputs can be saved only there"),
        ("scene.tif", "is one of the files that are shown"),
        ("model.txt", "let it end in .tsmodel or .ilp"),
        ("there.tsmodel", 'there.tsmodel exists already; tick "Replace" to replace it, or type another name'),
    ],
)
def test_models_are_saved_only_where_they_may(opened: Opened, name: str, sentence: str) -> None:
    opened.draw(*STROKES)
    opened.train()
    there = opened.source.with_name("there.tsmodel")
    there.write_bytes(b"kept")
    save(opened, name)
    assert sentence in opened.said[-1][0]
    assert opened.said[-1][1]
    assert there.read_bytes() == b"kept"


def test_a_project_of_ilastik_is_that_of_train(opened: Opened, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    opened.draw(*STROKES)
    opened.train()
    desk = opened.labels
    export_labels(desk.board, opened.bench.subject.raster, desk.classes, tmp_path / "labels.tif")
    own = tmp_path / "own.ilp"
    train_file(own, opened.source, tmp_path / "labels.tif", **opened.pane.settings.options)
    for model, name in ((save(opened, "live.ilp"), "live"), (own, "own")):
        predict_files(model, [opened.source], tmp_path / f"{name}.tif")
    np.testing.assert_array_equal(read(tmp_path / "live.tif"), read(tmp_path / "own.tif"))


def test_planes_of_volumes_are_not_offered(tmp_path: Path) -> None:
    np.save(tmp_path / "volume.npy", np.zeros((4, 20, 30), np.uint8))
    page = open_pane(tmp_path / "volume.npy")
    assert page.pane.form.said.startswith("Planes of a volume are not trained on here")
    assert page.pane.form.is_live.disabled
    assert page.pane.layer.session is None
    page.close()


def test_a_missing_extra_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    page = open_pane(source)
    assert page.pane.form.said.endswith("pip install 'tsraster[learning]'")
    assert page.pane.form.once.disabled
    page.close()


def test_another_source_begins_anew(opened: Opened, tmp_path: Path) -> None:
    opened.draw(*STROKES)
    opened.train()
    gray = np.random.default_rng(2).integers(1, 99, (1, 90, 80)).astype(np.uint8)
    number = opened.bench.gallery.add(str(write_raster(tmp_path / "scene.tif", gray)))
    assert number == 0
    opened.bench.start()
    opened.bench.drain()
    assert opened.pane.training is None
    assert opened.pane.form.found.object == ""
    assert opened.pane.form.save.disabled


class Composer:
    """Says of each pixel the number of its model."""

    value = 1

    def compose(self, name: str, view: tuple[slice, ...]) -> NDArray[Any] | None:
        del name
        return np.full([part.stop - part.start for part in view], self.value, np.uint8)


def test_what_an_older_model_said_stays_until_a_tile_is_done() -> None:
    picture, composer = PredictionPicture((512, 512)), Composer()
    viewport = Viewport(left=0, top=0, right=512, bottom=512, width=512, height=512)
    tiles = [(slice(row, row + 256), slice(col, col + 256)) for row in (0, 256) for col in (0, 256)]
    for tile in tiles:
        picture.note_tile(tile, {"segmentation"})
    first = picture.compose(composer, viewport, "segmentation")
    assert first is not None
    assert (first[0] == 1).all()
    picture.note_model()
    composer.value = 2
    picture.note_tile(tiles[3], {"segmentation"})
    second = picture.compose(composer, viewport, "segmentation")
    assert second is not None
    assert (second[0][256:, 256:] == 2).all()
    assert (second[0][:256] == 1).all()
    assert picture.count(tiles[0], {"segmentation"}) == (0, 1)


def test_too_much_at_once_is_not_predicted() -> None:
    picture = PredictionPicture((9000, 9000))
    wide = Viewport(left=0, top=0, right=9000, bottom=9000, width=900, height=900)
    assert picture.find_view(wide) is None
    assert picture.compose(Composer(), wide, "segmentation") is None
    close = Viewport(left=0, top=0, right=4000, bottom=4000, width=900, height=900)
    seen = picture.find_view(close)
    assert seen == (slice(0, 4000), slice(0, 4000))
    assert seen[0].stop * seen[1].stop == MOST_PIXELS
    beside = Viewport(left=-50, top=-50, right=-10, bottom=-10, width=40, height=40)
    assert picture.find_view(beside) == NOWHERE


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 7])
def test_about_twenty_features_are_ticked_to_begin_with(bands: int) -> None:
    columns = make_features(choose_first(bands), "ilastik").columns(bands)
    assert 16 <= len(columns) <= 22


def test_the_grid_has_all_features_and_tells_once() -> None:
    told: list[int] = []
    grid = FeatureGrid(lambda: told.append(1))
    grid.tick(list_all())
    assert make_features(grid.choices, "ilastik").choices == parse_features("all").choices
    assert len(told) == 1
    grid.tick(list_all())
    assert len(told) == 1
    grid.rows["hessian"].value = [1.6]
    assert len(told) == 2


def test_names_are_shown_as_text(opened: Opened) -> None:
    opened.draw(*STROKES)
    opened.train()
    training = opened.pane.training
    assert training is not None
    html = describe_training(training, {1: "<script>alert(1)</script>"}, {})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "Out-of-bag accuracy" in html
    assert "flatters" in html


def test_mistakes_are_listed_with_the_most_frequent_first() -> None:
    table = Confusion.of_pairs({(1, 1): 90, (2, 1): 3, (1, 2): 7, (2, 2): 50})
    assert list_mistakes(table, {1: "a"}) == ["7 of 57 class 2 taken for a", "3 of 93 a taken for class 2"]
    assert list_mistakes(Confusion.of_pairs({(1, 1): 4, (2, 2): 4}), {}) == []
