"""The page in a real browser, with the real server: what it shows is what the commands write."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from tests.app.conftest import OpenPage, Serve
from tsraster import classify_file

LONG = 30.0
LAYER = """(name) => {
  const source = Bokeh.documents[0].get_model_by_name(name);
  const image = source.data.image[0];
  if (!image) return null;
  return {values: Array.from(image), shape: image.shape,
          box: [source.data.x[0], source.data.y[0], source.data.dw[0], source.data.dh[0]]};
}"""
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


def crop(codes: np.ndarray, box: list[float], shape: tuple[int, ...]) -> np.ndarray:
    left, top = int(box[0]), int(box[1])
    return codes[top : top + shape[0], left : left + shape[1]]


def test_a_dragged_cutoff_gives_the_codes_and_counts_that_classify_writes(
    thermal: Path, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(serve(thermal, "--landsat", "temperature"))
    open_pane(page, "Cutoffs")
    wait_for(lambda: page.evaluate(SEEN)[0])
    drag_cutoff(page, 1, 296.0)
    wait_for(lambda: abs(read_cutoffs(page)[1] - 296.0) < 0.05)
    cutoffs = read_cutoffs(page)
    expected = classify_file(thermal, tmp_path / "c.tif", landsat="temperature", cutoffs=cutoffs)
    with rasterio.open(tmp_path / "c.tif") as file:
        codes = file.read(1)

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
