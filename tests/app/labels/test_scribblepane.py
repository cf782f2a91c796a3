"""The pane "Scribble": what is done by hand reaches the labels, and every page shows it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio

pytest.importorskip("panel", reason="panel is not installed")

from tests.app.conftest import OpenPage, Serve
from tests.app.numbered import LONG, make_raster
from tsraster.app.bench import Bench
from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.labels.journal import Journal
from tsraster.app.labels.labeldesk import LabelDesk
from tsraster.app.labels.labelpainting import paint_labels
from tsraster.app.labels.labeltiles import LabelTiles
from tsraster.app.labels.scribblepane import ScribblePane
from tsraster.app.picture.overview import Overview
from tsraster.app.picture.viewports import Viewport, read_view
from tsraster.raster import Window

# Panel's tables call pandas in a way that is to go.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

ROWS, COLS = 60, 80
PAGE = Path(find_spec("tsraster.app.page").origin).read_text(encoding="utf-8")  # type: ignore[union-attr,arg-type]
SQUARE = [(20.5, 20.5), (40.5, 20.5), (40.5, 40.5), (20.5, 40.5), (20.5, 20.5)]


class Sight:
    """A page without a browser."""

    def __init__(self, gallery: Gallery) -> None:
        self.bench = Bench(gallery)
        self.pane = ScribblePane(self.bench)
        self.said: list[tuple[str, bool]] = []
        self.bench.hear("status", lambda text, is_wrong: self.said.append((text, is_wrong)))
        for side in ("inner_width", "inner_height"):
            self.bench.canvas._resize(side, 400)
        self.bench.start()
        self.bench.drain()

    def do(self, *calls: Callable[[], Any]) -> None:
        for call in calls:
            call()
            self.bench.drain()

    def press(self, *keys: str) -> None:
        self.do(*(lambda key=key: self.bench.tell("key", key) for key in keys))

    def draw(self, *vertices: tuple[float, float]) -> None:
        self.do(lambda: self.bench.draw(vertices))

    def click(self, button: Any) -> None:
        button.clicks += 1
        self.bench.drain()

    @property
    def labels(self) -> LabelDesk:
        return self.bench.gallery.label(self.bench.subject)

    @property
    def counts(self) -> dict[int, int]:
        return self.labels.board.counts()

    @property
    def layer(self) -> Any:
        return self.bench.canvas._sources["labels"].data["image"][0]


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    for name in ("a.tif", "b.tif"):
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", width=COLS, height=ROWS, count=1, dtype="uint8", crs="EPSG:32632",
            transform=rasterio.Affine(10, 0, 500000, 0, -10, 5200000),
        ) as file:  # fmt: skip
            file.write(np.arange(ROWS * COLS, dtype=np.uint8).reshape(1, ROWS, COLS))
    found = Gallery(Desk(sources=(str(tmp_path / "a.tif"), str(tmp_path / "b.tif")), root=tmp_path))
    yield found
    found.close()


@pytest.fixture
def sight(gallery: Gallery) -> Iterator[Sight]:
    page = Sight(gallery)
    yield page
    page.bench.close()


@pytest.mark.parametrize(("key", "mode"), [("m", "move"), ("d", "draw"), ("e", "erase"), ("f", "fill"), ("l", "level")])
def test_a_key_chooses_the_mode(sight: Sight, key: str, mode: str) -> None:
    sight.press("d", key)
    assert sight.pane.modes.value == mode
    assert sight.bench.canvas._mode == mode


def test_strokes_of_two_classes_and_the_eraser_change_labels_and_picture(sight: Sight) -> None:
    sight.press("d", "]")
    sight.draw((10.5, 10.5))
    sight.press("2")
    sight.draw(*SQUARE)
    before = sight.counts
    assert set(before) == {1, 2}
    assert list(sight.pane.table.value["pixels"]) == [before[1], before[2]]
    assert {code: int((sight.layer == code).sum()) for code in (1, 2)} == before
    sight.press("e")
    sight.draw((10.5, 10.5))
    assert set(sight.counts) == {2}
    assert sight.pane.table.value["pixels"][0] == 0


def test_a_fill_takes_the_region_around_a_place(sight: Sight) -> None:
    sight.press("d")
    sight.pane.width.value = 1
    sight.draw(*SQUARE)
    sight.press("2", "f")
    sight.do(lambda: sight.bench.fill((30.0, 30.0)))
    assert sight.counts[2] == 19 * 19
    sight.do(lambda: sight.bench.fill((5.0, 5.0)))
    assert sight.said[-1][1], "a region that is open is refused in a sentence"


def test_keys_undo_and_redo(sight: Sight) -> None:
    sight.press("d")
    sight.draw((10.5, 10.5))
    sight.draw((30.5, 30.5))
    full = sight.counts
    for undo, redo in (("z", "shift+z"), ("ctrl+z", "ctrl+y"), ("z", "ctrl+shift+z")):
        sight.press(undo)
        assert sight.counts[1] == full[1] // 2
        assert not sight.layer[30:].any()
        sight.press(redo)
        assert sight.counts == full


def test_brackets_change_the_brush_within_its_limits(sight: Sight) -> None:
    sight.pane.width.value = 1
    widths = []
    for _ in range(40):
        sight.press("]")
        widths.append(sight.pane.width.value)
    assert widths[:4] == [2, 3, 4, 5]
    assert widths == sorted(widths)
    assert widths[-1] == 200
    for _ in range(60):
        sight.press("[")
    assert sight.pane.width.value == 1


def test_classes_are_added_recolored_locked_and_removed_and_undo_brings_them_back(sight: Sight) -> None:
    pane = sight.pane
    sight.press("d")
    sight.click(pane.add)
    assert pane.table.selection == [2]
    sight.draw((10.5, 10.5))
    pane.color.value = "#0a0b0c"
    sight.bench.drain()
    assert sight.labels.classes.colors[3] == (10, 11, 12, 255)
    assert sight.bench.canvas._mappers["labels"].palette[3] == "#0a0b0cb2"
    sight.do(lambda: pane._lock(SimpleNamespace(row=2)))
    sight.press("e")
    sight.draw((10.5, 10.5))
    assert 3 in sight.counts
    sight.do(lambda: pane._lock(SimpleNamespace(row=2)))
    sight.click(pane.remove)
    assert list(pane.table.value["name"]) == ["class 1", "class 2"]
    assert not sight.counts
    sight.press("z")
    assert list(pane.table.value["color"])[2] == "#0a0b0c"
    assert 3 in sight.counts


def test_a_lock_is_a_word_in_the_table(sight: Sight) -> None:
    sight.do(lambda: sight.pane._lock(SimpleNamespace(row=1)))
    assert list(sight.pane.table.value["lock"]) == ["open", "locked"]


def test_the_pointer_tells_the_label(sight: Sight) -> None:
    sight.do(lambda: sight.pane._rename(SimpleNamespace(row=1, value="sand")))
    sight.press("d", "2")
    sight.draw((10.5, 20.5))
    assert sight.pane.tell(20, 10) == "labeled 2 sand"
    assert sight.pane.tell(50, 70) == ""


def test_it_is_said_where_labels_are_kept(sight: Sight) -> None:
    assert sight.pane.kept.object == "kept in a.tif.labels.jsonl"
    sight.do(lambda: sight.bench.choose(1))
    assert sight.pane.kept.object == "kept in b.tif.labels.jsonl"


def test_without_a_class_nothing_is_drawn_and_it_is_said(sight: Sight) -> None:
    sight.press("d")
    sight.click(sight.pane.remove)
    sight.click(sight.pane.remove)
    sight.draw((10.5, 10.5))
    assert not sight.counts
    assert sight.said[-1] == ("there is no class to draw with; add one first", True)


def test_hostile_names_are_text(sight: Sight) -> None:
    name = "<img src=x onerror=alert(1)>"
    sight.do(lambda: sight.pane._rename(SimpleNamespace(row=0, value=name)))
    assert sight.pane.table.value["name"][0] == name
    assert sight.pane.table.formatters["name"] == "plaintext"


def test_a_name_that_is_refused_goes_from_the_table(sight: Sight) -> None:
    table = sight.pane.table
    table.value.loc[0, "name"] = "class 2"
    sight.do(lambda: sight.pane._rename(SimpleNamespace(row=0, value="class 2")))
    assert list(table.value["name"]) == ["class 1", "class 2"]
    assert "another class" in sight.said[-1][0]


def test_a_stroke_that_changes_nothing_is_painted_too(sight: Sight) -> None:
    sight.press("e")
    painted: list[Any] = []
    sight.bench.canvas._sources["labels"].on_change("data", lambda attr, old, new: painted.append(new))
    sight.draw((10.5, 10.5))
    assert painted, "else the line drawn by hand would stay"


def test_pages_show_what_another_page_draws_and_a_closed_one_hears_nothing(sight: Sight, gallery: Gallery) -> None:
    other, gone = Sight(gallery), Sight(gallery)
    gone.bench.close()
    told: list[None] = []
    other.bench.hear("labels", lambda: told.append(None))
    sight.press("d")
    sight.draw((10.5, 10.5))
    other.bench.drain()
    assert told
    assert (other.layer == sight.layer).all()
    assert other.pane.table.value["pixels"][0] == sight.counts[1]
    assert len(sight.labels.listeners) == 2
    other.bench.close()


def test_a_new_page_finds_the_labels_and_another_source_has_its_own(sight: Sight, gallery: Gallery) -> None:
    sight.press("d")
    sight.draw((10.5, 10.5))
    first = sight.labels
    sight.do(lambda: sight.bench.choose(1))
    assert not sight.counts
    assert not sight.layer.any()
    assert not first.listeners
    again = Sight(gallery)
    assert again.layer.any()
    assert again.pane.desk_of(again.bench.subject)[0].counts() == first.board.counts()
    again.bench.close()


def test_many_strokes_are_written_in_the_order_in_which_they_were_drawn(sight: Sight, tmp_path: Path) -> None:
    sight.press("d")
    for col in range(30):
        sight.bench.draw([(col + 0.5, 5.5)])
    sight.bench.drain()
    lines = (tmp_path / "a.tif.labels.jsonl").read_text().splitlines()
    changes = [json.loads(line) for line in lines[1:]]
    drawn = [change["vertices"][0][0] for change in changes if change["op"] == "stroke"]
    assert drawn == [col + 0.5 for col in range(30)]


@pytest.mark.parametrize("ending", [".tif", ".png", ".gpkg", ".geojson", ".ilp"])
def test_labels_that_are_exported_come_back_by_an_import(sight: Sight, tmp_path: Path, ending: str) -> None:
    if ending in (".gpkg", ".geojson"):
        pytest.importorskip("pyogrio")
    if ending == ".ilp":
        pytest.importorskip("h5py")
    sight.press("d")
    sight.draw((10.5, 10.5))
    sight.press("2")
    sight.draw(*SQUARE)
    before = sight.counts
    sight.pane.files.path.value = f"out{ending}"
    sight.click(sight.pane.files.export)
    assert sight.said[-1] == (f"labels were written to out{ending}", False)
    sight.click(sight.pane.clear)
    assert not sight.counts
    sight.click(sight.pane.files.bring)
    assert sight.counts == before
    assert sight.said[-1] == (f"{sum(before.values())} pixels of labels in 2 classes were imported", False)


def test_a_file_is_replaced_only_where_that_is_ticked(sight: Sight) -> None:
    sight.press("d")
    sight.draw((10.5, 10.5))
    for is_ticked in (False, False, True):
        sight.pane.files.replace.value = is_ticked
        sight.click(sight.pane.files.export)
    assert [is_wrong for _, is_wrong in sight.said[-3:]] == [False, True, False]


@pytest.mark.parametrize("path", ["../out.tif", "out", "out.txt", "", "a.tif", "missing/out.tif"])
@pytest.mark.parametrize("button", ["export", "bring"])
def test_a_path_that_cannot_be_is_refused_in_a_sentence(sight: Sight, path: str, button: str) -> None:
    if (path, button) == ("a.tif", "bring"):
        path = "b.tif.nothing"
    sight.press("d")
    sight.draw((10.5, 10.5))
    sight.pane.files.path.value = path
    sight.click(getattr(sight.pane.files, button))
    assert sight.said[-1][1]
    assert "terminal" not in sight.said[-1][0]


def test_what_was_found_in_the_file_is_said(tmp_path: Path, gallery: Gallery) -> None:
    (tmp_path / "a.tif.labels.jsonl").write_text("something else\n")
    page = Sight(gallery)
    assert "kept only until the server stops" in page.said[-1][0]
    assert "kept only until the server stops" in page.pane.kept.object
    page.press("d")
    page.draw((10.5, 10.5))
    assert page.counts
    page.bench.close()


@pytest.mark.parametrize("zoom", [0.3, 1, 2.7, 6, 31])
def test_cells_of_labels_lie_on_those_of_the_picture(zoom: float) -> None:
    raster, _ = make_raster((1000, 1500))
    codes = np.zeros((256, 256), np.uint8)
    codes[100:180, 60:99] = 7
    viewport = Viewport(left=13.7, top=-50, right=13.7 + 400 * zoom, bottom=-50 + 300 * zoom, width=400, height=300)
    seen = viewport.clip(raster.shape)
    assert seen is not None
    overview = Overview(raster)
    overview.wait(60)
    view = read_view(raster, overview, viewport)
    overview.close()
    name, painted, box = paint_labels(LabelTiles(shape=raster.shape, tiles={(0, 1): codes}), seen, viewport.step)
    assert view is not None
    assert (name, painted.shape, box) == ("labels", view.pixels.valid.shape, tuple(view.box))
    step = view.step
    whole = np.zeros((1000 + step, 1500 + step), np.uint8)
    whole[: len(codes), 256:512] = codes
    top, left = (int(box[side]) for side in (1, 0))
    rows, cols = painted.shape
    blocks = np.zeros((rows * step, cols * step), np.uint8)
    part = whole[top : top + rows * step, left : left + cols * step]
    blocks[: part.shape[0], : part.shape[1]] = part
    assert (painted == blocks.reshape(rows, step, cols, step).max(axis=(1, 3))).all()


def test_nothing_outside_of_the_raster_is_read() -> None:
    tiles = LabelTiles(shape=(10, 13), tiles={(0, 0): np.full((10, 13), 3, np.uint8)})
    _, painted, box = paint_labels(tiles, Window(row=5, col=3, rows=5, cols=10), 4)
    assert painted.shape == (2, 4)
    assert box == (0.0, 4.0, 16.0, 12.0)


@pytest.mark.skipif("ScribblePane" not in PAGE, reason="the page has no pane to scribble")
def test_strokes_in_a_browser_are_found_after_a_reload_and_after_a_kill(
    serve: Serve, open_page: OpenPage, gallery: Gallery, tmp_path: Path
) -> None:
    del gallery  # its files are shown
    path, journal = tmp_path / "a.tif", tmp_path / "a.tif.labels.jsonl"
    served = serve(path)
    page = open_page(served)
    wait_for(lambda: page.locator(".bk-Canvas").first.bounding_box()["width"] > 300)
    page.get_by_text("Scribble", exact=True).click()
    page.get_by_role("button", name="Add class").click()
    page.locator(".tabulator-row").nth(2).wait_for()
    page.keyboard.press("d")
    page.wait_for_function("""() => Bokeh.documents[0].get_model_by_name("hand").data.mode[0] === "draw" """)
    for number in range(3):
        page.keyboard.press(str(number + 1))
        drag(page, 0.35 + 0.12 * number)
        wait_for(partial(has_strokes, journal, number + 1))
    counts = page.locator(".tabulator-cell[tabulator-field=pixels]")
    wait_for(lambda: all(int(text.replace(" ", "") or 0) for text in counts.all_inner_texts()))
    texts = page.locator(".tabulator-row").all_inner_texts()
    page.reload()
    page.get_by_text("Scribble", exact=True).click()
    wait_for(lambda: page.locator(".tabulator-row").all_inner_texts() == texts)
    page.close()
    with served.process:  # closes its pipes and waits
        served.process.kill()
    with Journal(journal, (ROWS, COLS)) as found:
        assert set(found.board.counts()) == {1, 2, 3}


def drag(page: Any, share: float) -> None:
    box = page.locator(".bk-Canvas").first.bounding_box()
    x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(x, y + step * 5)
    page.mouse.up()


def read_ops(journal: Path) -> list[str]:
    lines = journal.read_bytes().split(b"\n")[1:-1] if journal.exists() else []
    return [json.loads(line)["op"] for line in lines]


def has_strokes(journal: Path, count: int) -> bool:
    return read_ops(journal).count("stroke") == count


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)
