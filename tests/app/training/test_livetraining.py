"""Live training makes the model that `train` makes of the same labels, and predicts as `predict` does, the middle first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tests.conftest import write_raster

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster import predict_files, train_file
from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.strokes import Stroke
from tsraster.app.training.livefitting import BoardLabels, fit_labels, warm_up, without_validation
from tsraster.app.training.livelisteners import Listeners
from tsraster.app.training.livetiles import TileStore, order_tiles
from tsraster.app.training.livetraining import LiveTraining
from tsraster.errors import DataError, UsageError
from tsraster.learning.featureset import parse_features
from tsraster.pipeline.blocks import block_work
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.scenes import Box, Scene, open_scene
from tsraster.pipeline.learning.trainreport import TrainPlan
from tsraster.raster import Window, without_place_warning

ROWS, COLS = 600, 700
FEATURES = parse_features("smoothing:0.7,1.6 gradient:1.6 hessian:1")
PLAN = TrainPlan(
    estimator="random-forest",
    trees=20,
    seed=3,
    samples=20_000,
    validation=None,
    validation_block=64,
    suggest=False,
    lut=None,
)
VIEW = (slice(150, 450), slice(200, 600))
SOON = 60.0
WHOLE = Window(row=0, col=0, rows=ROWS, cols=COLS)


@dataclass(frozen=True)
class ArraySnapshot:
    codes: NDArray[np.uint8]
    parts: tuple[Window, ...] = (Window(row=0, col=0, rows=1024, cols=1024),)

    def read(self, window: Window, /) -> NDArray[np.uint8]:
        return self.codes[window.slices]

    def boxes(self) -> tuple[Window, ...]:
        return self.parts


@dataclass(frozen=True)
class Drawn:
    source: Path
    labels_file: Path
    scene: Scene
    labels: BoardLabels


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    folder = tmp_path_factory.mktemp("live")
    rng = np.random.default_rng(1)
    truth = (np.indices((ROWS, COLS)).sum(axis=0) // 150 % 3).astype(np.uint8)
    pixels = np.stack([truth * 40 + rng.integers(0, 60, truth.shape) for _ in range(2)]).astype(np.uint8) + 1
    pixels[:, 300:330, 400:450] = 0
    codes = np.zeros_like(truth)
    for row, col in (
        (20, 40),
        (200, 300),
        (400, 500),
        (310, 410),
        (560, 30),
        (100, 150),
        (60, 600),
        (300, 100),
        (500, 300),
    ):
        codes[row : row + 6, col : col + 9] = truth[row : row + 6, col : col + 9] + 1
    source = write_raster(folder / "scene.tif", pixels, nodata=0)
    labels_file = write_raster(folder / "labels.tif", codes)
    with open_scene(source) as scene:
        yield Drawn(source, labels_file, scene, BoardLabels(snapshot=ArraySnapshot(codes)))


@dataclass
class Diary:
    """What was told, and when nothing is left to do."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    idle: threading.Event = field(default_factory=threading.Event)
    react: Callable[[str, Any], None] = lambda *_: None

    def note(self, name: str) -> Callable[..., None]:
        def listen(*what: Any) -> None:
            self.events.append((name, what))
            self.react(name, what)
            if name == "idle":
                self.idle.set()

        return listen

    @property
    def listeners(self) -> Listeners:
        names = ("model", "tile", "validation", "suggestion", "error", "idle")
        return Listeners(**{f"on_{name}": self.note(name) for name in names})

    def wait(self) -> None:
        assert self.idle.wait(SOON), "nothing more is told, and it is not idle"
        self.idle.clear()

    def list_names(self) -> list[str]:
        return [name for name, _ in self.events]

    def list_of(self, name: str) -> list[Any]:
        return [what for one, what in self.events if one == name]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def start(stack: ExitStack, scene: Scene, diary: Diary, **options: Any) -> LiveTraining:
    live = LiveTraining(scene, diary.listeners, **options)
    stack.callback(live.close)
    return live


def diary_models(diary: Diary) -> list[Training]:
    return [what[0] for name, what in diary.events if name in ("model", "validation")]


def predict(model: Any, source: Path, folder: Path) -> dict[str, NDArray[Any]]:
    from tsraster.learning.modelfile import write_model

    write_model(folder / "live.tsmodel", model)
    found = {}
    for name in ("segmentation", "probabilities", "uncertainty"):
        predict_files(folder / "live.tsmodel", [source], folder / f"{name}.tif", export=[name])
        with without_place_warning(), rasterio.open(folder / f"{name}.tif") as opened:
            found[name] = opened.read() if name == "probabilities" else opened.read(1)
    return found


def check_same_model(one: Training, other: Training) -> None:
    for name, array in one.model.classifier.to_arrays().items():
        np.testing.assert_array_equal(array, other.model.classifier.to_arrays()[name])
    for name in ("fill", "columns", "codes", "lut", "bands"):
        assert getattr(one.model, name) == getattr(other.model, name)
    np.testing.assert_array_equal(one.model.labels.places, other.model.labels.places)  # type: ignore[union-attr]
    assert {**one.model.report, "labels": None} == {**other.model.report, "labels": None}


@pytest.mark.parametrize("estimator", ["random-forest", "linear-discriminant"])
@pytest.mark.parametrize("samples", [20_000, 40])
def test_the_model_is_that_of_the_labels_as_a_raster(
    drawn: Drawn, tmp_path: Path, estimator: str, samples: int
) -> None:
    plan = replace(PLAN, estimator=estimator, samples=samples, trees=10)
    options = {"features": FEATURES, "estimator": estimator, "samples": samples, "trees": 10, "seed": PLAN.seed}
    wanted = train_file(tmp_path / "m.tsmodel", drawn.source, drawn.labels_file, **options)  # type: ignore[arg-type]
    with block_work() as work:
        check_same_model(fit_labels(drawn.scene, drawn.labels, FEATURES, plan, work), wanted)


def test_parts_of_the_labels_make_the_same_model_and_nothing_else_is_read(drawn: Drawn) -> None:
    whole = drawn.labels.snapshot
    corners = [(row, col) for row in range(0, ROWS, 128) for col in range(0, COLS, 128)]
    windows = [Window(row=row, col=col, rows=128, cols=128) for row, col in corners]

    class Sparse:
        asked: list[Window] = []  # noqa: RUF012

        def read(self, window: Window, /) -> NDArray[np.uint8]:
            self.asked.append(window)
            return whole.read(window)

        def boxes(self) -> list[Window]:
            return [window for window in windows if whole.read(window).any()]

    sparse = Sparse()
    with block_work() as work:
        first = fit_labels(drawn.scene, drawn.labels, FEATURES, PLAN, work)
        check_same_model(fit_labels(drawn.scene, BoardLabels(snapshot=sparse), FEATURES, PLAN, work), first)
    assert 0 < len(sparse.asked) < len(windows) / 2
    assert all(whole.read(window).any() for window in sparse.asked)


def test_names_and_colors_of_classes_are_in_the_model(drawn: Drawn) -> None:
    labels = BoardLabels(snapshot=drawn.labels.snapshot, names={1: "a", 2: ""}, colors={2: (1, 2, 3, 255)})
    with block_work() as work:
        model = fit_labels(drawn.scene, labels, FEATURES, without_validation(PLAN), work).model
    assert model.lut.names == ("a", "", "")
    assert model.lut.colors[1] == (1, 2, 3, 255)


def test_strokes_on_a_board_make_the_model_of_their_pixels(drawn: Drawn) -> None:
    board = LabelBoard((ROWS, COLS))
    for code, col in ((1, 20.0), (2, 240.0), (3, 400.0)):
        board.draw(Stroke(code, 5, ((col, 20.5), (col + 40, 60.5))))
    array = BoardLabels(snapshot=ArraySnapshot(board.read(WHOLE)))
    with block_work() as work:
        wanted = fit_labels(drawn.scene, array, FEATURES, PLAN, work)
        check_same_model(fit_labels(drawn.scene, BoardLabels(snapshot=board.snapshot()), FEATURES, PLAN, work), wanted)


def test_no_labels_are_refused(drawn: Drawn) -> None:
    empty = BoardLabels(snapshot=ArraySnapshot(np.zeros((ROWS, COLS), np.uint8), parts=()))
    with block_work() as work, pytest.raises(DataError, match="labels no pixel"):
        fit_labels(drawn.scene, empty, FEATURES, PLAN, work)


def test_tiles_are_those_of_predict(drawn: Drawn, tmp_path: Path, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, (slice(-50, ROWS + 50), slice(0, COLS)))
    diary.wait()
    assert live.training is not None
    truth = predict(live.training.model, drawn.source, tmp_path)
    shares = {name: np.rint(np.nan_to_num(truth[name]) * np.float32(255)) for name in ("probabilities", "uncertainty")}
    everything = (slice(0, ROWS), slice(0, COLS))
    np.testing.assert_array_equal(live.compose("segmentation", everything), truth["segmentation"])
    np.testing.assert_array_equal(live.compose("probability", everything), shares["probabilities"])
    np.testing.assert_array_equal(live.compose("uncertainty", everything), shares["uncertainty"])
    for box, found in diary.list_of("tile"):
        np.testing.assert_array_equal(found["segmentation"], truth["segmentation"][box])


def test_the_segmentation_alone_is_the_same(drawn: Drawn, stack: ExitStack) -> None:
    found = []
    for wanted in ((), ("uncertainty",)):
        diary = Diary()
        live = start(stack, drawn.scene, diary, wanted=wanted)
        live.request(drawn.labels, FEATURES, PLAN, VIEW)
        diary.wait()
        found.append(live.compose("segmentation", VIEW))
        assert (live.compose("uncertainty", VIEW) is not None) == bool(wanted)
    assert found[0] is not None
    np.testing.assert_array_equal(found[0], found[1])


def test_what_is_seen_comes_first_then_the_ring_then_the_accuracy(drawn: Drawn, stack: ExitStack) -> None:
    diary, view = Diary(), (slice(10, 100), slice(10, 100))
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, view)
    diary.wait()
    assert diary.list_names() == ["model", "tile", "tile", "tile", "tile", "validation", "idle"]
    (first, _), *_ = diary.list_of("tile")
    assert first == (slice(0, 256), slice(0, 256))
    (validated,) = diary.list_of("validation")[0]
    (bare,) = diary.list_of("model")[0]
    assert bare.confusion is None
    assert validated.confusion is not None
    assert live.training is validated
    first_trees, trees = (one.model.classifier.to_arrays()["threshold"] for one in diary_models(diary))
    np.testing.assert_array_equal(first_trees, trees)


def test_a_newer_stroke_cancels_older_tiles(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    more = BoardLabels(snapshot=ArraySnapshot(np.roll(drawn.labels.snapshot.read(WHOLE), 2, axis=1)))
    everything = (slice(0, ROWS), slice(0, COLS))

    def stroke(name: str, _: Any) -> None:
        if name == "tile" and len(diary.list_of("model")) == 1:
            live.request(more, FEATURES, PLAN, everything)

    diary.react = stroke
    live.request(drawn.labels, FEATURES, PLAN, everything)
    diary.wait()
    assert diary.list_names()[:3] == ["model", "tile", "model"]
    assert len(diary.list_of("tile")) == 1 + 9
    assert len(diary.list_of("validation")) == 1


def test_only_the_newest_of_many_requests_is_trained(drawn: Drawn, stack: ExitStack) -> None:
    diary, gate = Diary(), threading.Event()

    class Slow(ArraySnapshot):
        def read(self, window: Window, /) -> NDArray[np.uint8]:
            assert gate.wait(SOON)
            return super().read(window)

    live = start(stack, drawn.scene, diary)
    slow = BoardLabels(snapshot=Slow(drawn.labels.snapshot.read(WHOLE)))
    live.request(slow, FEATURES, PLAN, VIEW)
    while live._pending is not None:
        threading.Event().wait(0.001)
    for trees in (5, 6, 7):
        live.request(drawn.labels, FEATURES, replace(PLAN, trees=trees), VIEW)
    gate.set()
    diary.wait()
    assert [len(what[0].model.classifier.to_arrays()["roots"]) for what in diary.list_of("model")] == [PLAN.trees, 7]


def test_a_moved_view_computes_only_what_is_missing(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, (slice(0, 100), slice(0, 100)))
    diary.wait()
    live.look((slice(0, ROWS), slice(0, COLS)))
    diary.wait()
    corners = [(box[0].start, box[1].start) for box, _ in diary.list_of("tile")]
    assert len(corners) == len(set(corners)) == 9
    live.look((slice(0, 100), slice(0, 100)))
    diary.wait()
    assert len(diary.list_of("tile")) == 9


def test_a_view_beyond_what_is_kept_ends(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary, most_bytes=700_000)
    live.request(drawn.labels, FEATURES, PLAN, (slice(0, ROWS), slice(0, COLS)))
    diary.wait()
    assert len(diary.list_of("tile")) == 9


def test_an_error_is_a_sentence_and_the_next_stroke_works(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    codes = np.zeros((ROWS, COLS), np.uint8)
    codes[5:9, 5:9] = 2
    live.request(BoardLabels(snapshot=ArraySnapshot(codes)), FEATURES, PLAN, VIEW)
    diary.wait()
    ((sentence,),) = diary.list_of("error")
    assert "all labels are of class 2; label pixels of at least two classes" in sentence
    live.suggest_features()
    diary.wait()
    assert "nothing is trained yet" in diary.list_of("error")[1][0]
    live.request(drawn.labels, FEATURES, PLAN, VIEW)
    diary.wait()
    assert live.training is not None


def test_a_listener_that_fails_stops_nothing(drawn: Drawn, stack: ExitStack, caplog: pytest.LogCaptureFixture) -> None:
    diary = Diary()

    def fail(name: str, _: Any) -> None:
        if name == "tile":
            raise RuntimeError("the page has gone")

    diary.react = fail
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, VIEW)
    diary.wait()
    assert len(diary.list_of("tile")) == 9
    assert "the page has gone" in caplog.text


def test_features_are_suggested_on_request(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, VIEW)
    diary.wait()
    live.suggest_features()
    diary.wait()
    ((suggestion,),) = diary.list_of("suggestion")
    assert set(parse_features(str(suggestion.recommended)).choices) <= set(FEATURES.choices)
    assert len(diary.list_of("model")) == 1


def test_uncertain_places_are_new_and_away_from_labels(drawn: Drawn, stack: ExitStack) -> None:
    diary = Diary()
    live = start(stack, drawn.scene, diary)
    live.request(drawn.labels, FEATURES, PLAN, VIEW)
    diary.wait()
    places = []
    while (place := live.next_uncertain()) is not None:
        places.append((place.row, place.col))
    codes = drawn.labels.snapshot.read(WHOLE)
    assert len(places) > 10
    for i, (row, col) in enumerate(places):
        assert not codes[max(0, row - 20) : row + 21, max(0, col - 20) : col + 21].any()
        assert all(np.hypot(row - r, col - c) >= 20 for r, c in places[:i])
    again = live.next_uncertain()
    assert again is not None
    assert (again.row, again.col) == places[0]
    inside = live.next_uncertain((slice(256, 512), slice(256, 512)))
    assert inside is not None
    assert 256 <= inside.row < 512


def test_tiles_are_ordered_from_the_middle() -> None:
    tiles = order_tiles((slice(300, 1000), slice(300, 1200)), (8000, 8000))
    middles = [(box[0].start + 128 - 650, box[1].start + 128 - 750) for box in tiles]
    distances = [row**2 + col**2 for row, col in middles]
    assert distances == sorted(distances)
    assert len(tiles) == 3 * 4
    assert len(order_tiles((slice(300, 1000), slice(300, 1200)), (8000, 8000), around=1)) == 5 * 6
    assert order_tiles((slice(-90, -10), slice(0, 50)), (100, 100)) == []


def test_a_store_keeps_what_was_used_last() -> None:
    store, tile = TileStore(most_bytes=2500), {"segmentation": np.ones((10, 100), np.uint8)}
    boxes: list[Box] = [(slice(0, 10), slice(100 * i, 100 * i + 100)) for i in range(3)]
    for box in boxes[:2]:
        store.put(box, tile)
    assert store.find(boxes[0]) is not None
    store.put(boxes[2], tile)
    assert [store.find(box) is not None for box in boxes] == [True, False, True]
    composed = store.compose("segmentation", (slice(5, 12), slice(50, 250)))
    assert composed is not None
    assert composed.sum() == 5 * 100
    store.clear()
    assert store.compose("segmentation", boxes[0]) is None


def test_unknown_results_are_refused(drawn: Drawn) -> None:
    with pytest.raises(UsageError, match="unknown result 'sharpness'"):
        LiveTraining(drawn.scene, wanted=("sharpness",))


@pytest.mark.parametrize("bands", [1, 3])
def test_warming_up_needs_no_picture(bands: int) -> None:
    warm_up(bands)
