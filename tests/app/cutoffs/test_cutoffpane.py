"""The pane "Cutoffs": what is done by hand reaches the classes, and what cannot be done is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("panel", reason="panel is not installed")

from tests.conftest import write_raster
from tsraster.app.bench import Bench
from tsraster.app.cutoffs.cutoffpane import CutoffPane
from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.coloring import bind_lut
from tsraster.pipeline.luts import load_lut

# Panel's tables call pandas in a way that is to go.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

SHAPE = (30, 40)
NAMES = ("bands.tif", "constant.tif", "empty.tif")


class Sight:
    """A page without a browser."""

    def __init__(self, gallery: Gallery) -> None:
        self.bench = Bench(gallery)
        self.pane = CutoffPane(self.bench)
        self.said: list[tuple[str, bool]] = []
        self.bench.hear("status", lambda text, is_wrong: self.said.append((text, is_wrong)))
        for side in ("inner_width", "inner_height"):
            self.bench.canvas._resize(side, 400)
        self.bench.start()
        self.do(lambda: self.bench.open_tab("Cutoffs"))

    def do(self, *calls: Callable[[], Any]) -> None:
        for call in calls:
            call()
            self.bench.drain()

    def set(self, name: str, value: Any) -> None:
        self.do(lambda: setattr(getattr(self.pane, name), "value", value))

    def click(self, button: Any) -> None:
        button.clicks += 1
        self.bench.drain()

    def rename(self, row: int, name: str) -> None:
        self.do(lambda: self.pane._edit(lambda draft: draft.rename(row, name)))

    @property
    def draft(self) -> Any:
        assert self.pane.draft is not None
        return self.pane.draft

    @property
    def cutoffs(self) -> tuple[float, ...]:
        return tuple(self.draft.cutoffs)

    @property
    def layer(self) -> Any:
        images = self.bench.canvas._sources["classes"].data["image"]
        return images[0] if images else None

    @property
    def lines(self) -> list[float]:
        return list(self.pane.plot._lines.data["x"])


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    rng = np.random.default_rng(0)
    write_raster(tmp_path / NAMES[0], rng.integers(1, 200, (3, *SHAPE), dtype=np.uint8).astype(np.int16))
    write_raster(tmp_path / NAMES[1], np.full(SHAPE, 7, np.uint8))
    write_raster(tmp_path / NAMES[2], np.full(SHAPE, np.nan, np.float32))
    found = Gallery(Desk(sources=tuple(str(tmp_path / name) for name in NAMES), root=tmp_path))
    yield found
    found.close()


@pytest.fixture
def sight(gallery: Gallery) -> Iterator[Sight]:
    page = Sight(gallery)
    yield page
    page.bench.close()


@pytest.mark.parametrize("title", ["Look", "Scribble", "Train", "Run"])
def test_classes_lie_over_the_picture_only_in_cutoffs_and_run(sight: Sight, title: str) -> None:
    assert sight.layer is not None
    sight.do(lambda: sight.bench.open_tab(title))
    assert (sight.layer is not None) == (title == "Run")
    sight.do(lambda: sight.bench.open_tab("Cutoffs"))
    assert sight.layer is not None


@pytest.mark.parametrize(
    ("title", "is_told"), [("Look", True), ("Cutoffs", True), ("Scribble", False), ("Train", False)]
)
def test_the_class_at_the_pointer_is_told_where_no_others_are_drawn(sight: Sight, title: str, is_told: bool) -> None:
    sight.do(lambda: sight.bench.open_tab(title))
    assert bool(sight.pane.tell(3, 4)) == is_told


def test_the_first_classes_are_four_quantiles_with_colors_that_have_a_name(sight: Sight) -> None:
    assert len(sight.cutoffs) == 3
    pixels = [int(text) for text in sight.pane.table.value["pixels"]]
    assert min(pixels) > SHAPE[0] * SHAPE[1] / 5
    assert sight.draft.state.lut == "categorical"
    assert sight.draft.state.colors == bind_lut(load_lut("categorical"), (1, 2, 3, 4)).colors
    sight.set("typed", "10, 20, 30, 40, 50")
    assert sight.draft.state.lut == "categorical"
    sight.set("color", "#010203")
    assert sight.draft.state.lut == ""
    assert sight.pane.lut.value == "own"
    sight.click(sight.pane.undo)
    assert sight.pane.lut.value == "categorical"


@pytest.mark.parametrize("number", [1, 2])
def test_of_a_raster_without_two_values_no_classes_of_another_are_left(sight: Sight, number: int) -> None:
    sight.do(lambda: sight.bench.choose(number))
    assert sight.pane.draft is None
    assert sight.lines == []
    assert len(sight.pane.table.value) == 0
    assert sight.pane.typed.value == ""
    assert sight.layer is None
    assert list(sight.pane.plot._strip.data["color"]) == []
    assert sight.said[-1] == (sight.pane.problem, True)
    assert "--" not in sight.pane.problem
    assert "counted" not in sight.pane.problem


def test_a_constant_raster_takes_cutoffs_that_are_typed(sight: Sight) -> None:
    sight.do(lambda: sight.bench.choose(1))
    assert "all 1200 valid pixels have the value 7" in sight.pane.problem
    sight.set("typed", "5")
    assert sight.cutoffs == (5,)
    assert list(sight.pane.table.value["pixels"]) == ["0", "1200"]


def test_a_constant_raster_takes_a_cutoff_by_a_double_click(sight: Sight) -> None:
    sight.do(lambda: sight.bench.choose(1), lambda: sight.pane.plot._click_twice(6.6))
    assert sight.cutoffs == (7,)


def test_a_raster_without_data_takes_none_and_says_why(sight: Sight) -> None:
    sight.do(lambda: sight.bench.choose(2))
    sight.set("typed", "5")
    assert sight.pane.draft is None
    assert "no pixel is valid" in sight.said[-1][0]


def test_names_of_a_color_table_are_not_given_to_classes(sight: Sight) -> None:
    sight.set("lut", "thin-section")
    assert set(sight.draft.state.names) == {""}
    assert sight.draft.state.colors == bind_lut(load_lut("thin-section"), (1, 2, 3, 4)).colors
    # The command would give the names of the table, where it is called by its name.
    assert sight.draft.state.lut == ""
    assert sight.pane.lut.value == "thin-section"
    for row, name in enumerate("abcd"):
        sight.rename(row, name)
    assert sight.draft.state.lut == "thin-section"


def test_each_band_keeps_its_classes(sight: Sight) -> None:
    sight.set("typed", "20, 50")
    sight.rename(1, "middle")
    sight.set("color", "#010203")
    first = sight.draft.state
    sight.set("values", 2)
    assert set(sight.draft.state.names) == {""}
    sight.set("values", 1)
    assert sight.draft.state == first


def test_names_and_colors_stay_when_values_are_smoothed(sight: Sight) -> None:
    sight.rename(1, "second")
    before = sight.draft.state
    sight.set("smooth", "gaussian:1")
    assert sight.draft.state.names == before.names
    assert sight.draft.state.edges != before.edges
    sight.set("typed", "20, 50")
    sight.set("smooth", "median:3")
    assert sight.cutoffs == (20, 50)


def test_another_page_finds_the_classes(sight: Sight, gallery: Gallery) -> None:
    sight.set("values", 3)
    sight.set("scheme", "natural-breaks")
    sight.set("classes", 3)
    sight.click(sight.pane.fit)
    sight.rename(0, "low")
    sight.set("lut", "thermal")
    again = Sight(gallery)
    assert again.pane.values.value == 3
    assert again.draft.state == sight.draft.state
    assert (again.pane.scheme.value, again.pane.classes.value, again.pane.lut.value) == ("natural-breaks", 3, "thermal")
    again.bench.close()


@pytest.mark.parametrize("number", [1, 0, -3, 300, None])
def test_a_number_of_classes_that_cannot_be_is_said(sight: Sight, number: int | None) -> None:
    before = sight.draft.state
    sight.set("classes", number)
    sight.click(sight.pane.fit)
    assert sight.said[-1][1]
    assert "give a number from 2 to 255" in sight.said[-1][0]
    assert sight.draft.state == before


def test_what_a_fit_has_to_say_is_said_on_the_page(tmp_path: Path) -> None:
    values = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]], np.uint8)
    gallery = Gallery(Desk(sources=(str(write_raster(tmp_path / "few.tif", values)),)))
    page = Sight(gallery)
    for _ in range(2):  # a note that was given before is given again
        page.said.clear()
        page.set("scheme", "quantiles")
        page.set("classes", 30)
        page.click(page.pane.fit)
        assert [text for text, _ in page.said if "30" in text]
    page.bench.close()
    gallery.close()


def test_a_change_that_fails_is_said_after_the_page_shows_what_holds(sight: Sight) -> None:
    order: list[str] = []
    sight.bench.hear("classes", lambda: order.append("classes"))
    sight.bench.hear("status", lambda text, is_wrong: order.append("wrong" if is_wrong else "said"))
    sight.set("typed", "3, 2")
    assert order == ["classes", "wrong"]


def test_a_double_click_on_a_line_removes_it(sight: Sight) -> None:
    sight.set("typed", "20, 90, 150")
    sight.do(lambda: sight.pane.plot._click_twice(90.4))
    assert sight.cutoffs == (20, 150)


def test_hostile_names_are_text(sight: Sight) -> None:
    name = "<img src=x onerror=alert(1)>"
    sight.do(lambda: sight.pane.table._on_edit_callbacks[0](SimpleNamespace(row=0, value=name)))
    assert sight.pane.table.value["name"][0] == name
    assert sight.pane.table.formatters["name"] == "plaintext"
