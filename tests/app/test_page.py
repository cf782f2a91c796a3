"""The page in a real browser, with the real server: what it shows is what the commands write."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner

from tests.app.conftest import OpenPage, Serve
from tests.conftest import write_raster
from tsraster import classify_file, predict_files
from tsraster.cli.program import program
from tsraster.raster import Window
from tsraster.reading import open_raster

LONG = 90.0
LAYER = """(name) => {
  const source = Bokeh.documents[0].get_model_by_name(name);
  const image = source.data.image[0];
  if (!image) return null;
  return {values: Array.from(image), shape: image.shape,
          box: [source.data.x[0], source.data.y[0], source.data.dw[0], source.data.dh[0]]};
}"""
MODE = """() => Bokeh.documents[0].get_model_by_name("hand").data.mode[0]"""
SEEN = """() => {
  const page = Bokeh.documents[0];
  return [Array.from(page.get_model_by_name("cutoffs").data.x), page.get_model_by_name("histogram").x_range.start,
          page.get_model_by_name("histogram").x_range.end];
}"""


@pytest.fixture
def thermal(shared_data: Path, tmp_path: Path) -> Path:
    """A band beside its MTL file, in a folder that may be written to."""
    for path in (shared_data / "landsat" / "LT05").glob("*_B6.TIF"):
        shutil.copy(path, tmp_path)
    for path in (shared_data / "landsat" / "LT05").glob("*_MTL.txt"):
        shutil.copy(path, tmp_path)
    return next(tmp_path.glob("*_B6.TIF"))


def wait_for(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + LONG
    while not (result := found()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)
    return result


def read_layer(page: Any, name: str) -> tuple[np.ndarray, list[float]] | None:
    found = page.evaluate(LAYER, name)
    if found is None:
        return None
    return np.array(found["values"]).reshape(found["shape"]), found["box"]


def open_pane(page: Any, title: str) -> None:
    page.get_by_text(title, exact=True).first.click()


def drag_cutoff(page: Any, number: int, value: float) -> None:
    """Drag a cutoff to a value, by hand."""
    lines, start, end = page.evaluate(SEEN)
    box = page.locator(".bk-Canvas").nth(1).bounding_box()
    left, width = box["x"] + 6, box["width"] - 12

    def find(at: float) -> float:
        return float(left + (at - start) / (end - start) * width)

    y = box["y"] + box["height"] / 3
    page.mouse.move(find(lines[number]), y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(find(lines[number]) + (find(value) - find(lines[number])) * step / 10, y)
    page.mouse.up()


def read_cutoffs(page: Any) -> list[float]:
    return [float(part) for part in page.get_by_label("Cutoffs, separated by commas").input_value().split(",")]


def read_counts(page: Any) -> list[int]:
    texts = page.locator(".tabulator-cell[tabulator-field=pixels]").all_inner_texts()
    return [int(text.replace(" ", "")) for text in texts]


def read_codes(path: Path) -> np.ndarray:
    with open_raster(path) as raster:
        return raster.read().data[0]


def crop(codes: np.ndarray, box: list[float], shape: tuple[int, ...]) -> np.ndarray:
    left, top = int(box[0]), int(box[1])
    return codes[top : top + shape[0], left : left + shape[1]]


def test_a_dragged_cutoff_gives_the_codes_and_counts_that_classify_writes(
    thermal: Path, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(serve(thermal, "--landsat", "temperature"))
    open_pane(page, "Cutoffs")
    wait_for(lambda: page.evaluate(SEEN)[0])
    page.locator(".tabulator-row").first.wait_for()
    drag_cutoff(page, 2, 298.0)
    wait_for(lambda: abs(read_cutoffs(page)[2] - 298.0) < 0.05)
    cutoffs = read_cutoffs(page)
    expected = classify_file(thermal, tmp_path / "c.tif", landsat="temperature", cutoffs=cutoffs)
    codes = read_codes(tmp_path / "c.tif")

    def is_shown() -> bool:
        found = read_layer(page, "classes")
        return found is not None and np.array_equal(found[0], crop(codes, found[1], found[0].shape))

    wait_for(is_shown)
    wait_for(lambda: read_counts(page) == [share.pixels for share in expected.shares])
    # Typed, undone and done again.
    page.get_by_label("Cutoffs, separated by commas").fill("294, 296, 298")
    page.keyboard.press("Enter")
    pixels = [19, 51612, 33521, 3818]
    wait_for(lambda: read_counts(page) == pixels)
    page.get_by_role("button", name="Undo").click()
    wait_for(lambda: read_cutoffs(page) == cutoffs)


def test_the_page_runs_what_it_spells(thermal: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(thermal, "--landsat", "temperature"))
    open_pane(page, "Cutoffs")
    wait_for(lambda: page.evaluate(SEEN)[0])
    page.locator(".tabulator-row").first.wait_for()
    page.get_by_label("Cutoffs, separated by commas").fill("294, 296, 298")
    page.keyboard.press("Enter")
    open_pane(page, "Run")
    command = page.locator(".command")
    wait_for(lambda: "294,296,298" in command.inner_text())
    assert "--landsat temperature" in command.inner_text()
    page.get_by_role("button", name="Run", exact=True).click()
    written = thermal.with_name(f"{thermal.stem}_classes.tif")
    wait_for(written.exists)
    with rasterio.open(written) as file, rasterio.open(thermal) as source:
        assert np.bincount(file.read(1).ravel())[1:].tolist() == [19, 51612, 33521, 3818]
        assert file.transform == source.transform
    # Once more is refused, and said.
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for(lambda: "exists already" in page.locator(".said").inner_text())


@pytest.fixture
def section(shared_data: Path, tmp_path: Path) -> Path:
    """A part of a thin section, small enough to train on while somebody waits."""
    with open_raster(shared_data / "thinsection" / "bardelli" / "7a_ppl.jpg") as photo:
        pixels = photo.read(Window(row=0, col=0, rows=600, cols=800)).data
    return write_raster(tmp_path / "part.png", pixels, driver="PNG")


def draw(page: Any, start: tuple[float, float], end: tuple[float, float], *, is_finished: bool = True) -> None:
    """Draw a line by hand, between places in shares of the picture."""
    box = page.locator(".bk-Canvas").first.bounding_box()

    def find(share: float) -> tuple[float, float]:
        x, y = (one + (other - one) * share for one, other in zip(start, end, strict=True))
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*find(0))
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(*find(step / 10))
    if is_finished:
        page.mouse.up()


def read_strokes(journal: Path) -> int:
    if not journal.exists():
        return 0
    lines = journal.read_bytes().split(b"\n")[1:-1]
    return sum(json.loads(line)["op"] == "stroke" for line in lines)


STROKES = {
    "1": [((0.30, 0.12), (0.36, 0.15))],
    "2": [((0.45, 0.30), (0.70, 0.35))],
    "3": [((0.10, 0.80), (0.12, 0.88))],
}


def scribble(page: Any, journal: Path) -> None:
    open_pane(page, "Scribble")
    page.get_by_role("button", name="Add class").click()
    page.locator(".tabulator-row").nth(2).wait_for()
    page.keyboard.press("d")
    wait_for(lambda: page.evaluate(MODE) == "draw")
    drawn = 0
    for key, lines in STROKES.items():
        page.keyboard.press(key)
        for start, end in lines:
            draw(page, start, end)
            drawn += 1
            wait_for(lambda drawn=drawn: read_strokes(journal) == drawn)


def test_scribbles_train_a_model_whose_codes_predict_writes(
    section: Path, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    journal = tmp_path / "part.png.labels.jsonl"
    page = open_page(serve(section))
    wait_for(lambda: read_layer(page, "color"))
    scribble(page, journal)
    open_pane(page, "Train")
    page.get_by_role("button", name="Live update").click()
    page.get_by_text("all that is seen is predicted").wait_for(timeout=1000 * LONG)
    page.get_by_role("button", name="Save model").click()
    model = tmp_path / "part.tsmodel"
    wait_for(model.exists)
    predict_files(model, [section], tmp_path / "p.tif")
    codes = read_codes(tmp_path / "p.tif")
    assert set(np.unique(codes)) == {1, 2, 3}
    found = read_layer(page, "prediction")
    assert found is not None
    np.testing.assert_array_equal(found[0], crop(codes, found[1], found[0].shape))
    # The labels, exported, train the same model by the command line.
    open_pane(page, "Scribble")
    page.get_by_role("button", name="Export").click()
    labels = tmp_path / "part_labels.tif"
    wait_for(labels.exists)
    open_pane(page, "Run")
    page.get_by_text("Classes by example").click()
    command = page.locator(".command")
    wait_for(lambda: "tsraster train" in command.inner_text())
    lines = command.inner_text().splitlines()
    words = shlex.split(next(line for line in lines if not line.startswith("#")))
    words[2:5] = [str(tmp_path / "again.tsmodel"), str(section), str(labels)]
    done = CliRunner().invoke(program, words[1:])
    assert done.exit_code == 0, done.output
    predict_files(tmp_path / "again.tsmodel", [section], tmp_path / "again.tif")
    np.testing.assert_array_equal(read_codes(tmp_path / "again.tif"), codes)


def test_a_server_that_is_killed_in_a_stroke_keeps_all_that_were_finished(
    section: Path, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    journal = tmp_path / "part.png.labels.jsonl"
    served = serve(section)
    page = open_page(served)
    wait_for(lambda: read_layer(page, "color"))
    scribble(page, journal)
    wait_for(lambda: read_layer(page, "labels"))
    page.keyboard.press("z")
    wait_for(lambda: '"undo"' in journal.read_text(encoding="utf-8"))
    page.keyboard.press("1")
    draw(page, (0.6, 0.6), (0.8, 0.7), is_finished=False)
    with served.process:
        served.process.kill()
    page.context.close()
    page = open_page(serve(section))
    open_pane(page, "Scribble")
    wait_for(lambda: len(read_counts(page)) == 3)
    counts = read_counts(page)
    assert counts[0] > 0
    assert counts[1] > 0
    assert counts[2] == 0  # undone before
