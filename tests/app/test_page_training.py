"""The panes "Scribble" and "Train" in a real browser, on a small window: what is pressed is seen, and a reload keeps choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import OpenPage, Serve
from tests.app.test_page import LONG, draw, open_pane, read_counts, read_layer, read_strokes, wait_for
from tests.conftest import write_raster

MARK = "() => Array.from(Bokeh.documents[0].get_model_by_name('mark').data.x)"


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """A picture of two noisy halves."""
    pixels = np.random.default_rng(0).integers(1, 90, (3, 200, 300))
    pixels[:, :, 150:] += 60
    return write_raster(tmp_path / "halves.png", pixels.astype(np.uint8), driver="PNG")


def click_lock(page: Any, row: int) -> None:
    page.locator(".tabulator-cell[tabulator-field=lock]").nth(row).click()


def read_locks(page: Any) -> list[str]:
    found: list[str] = page.locator(".tabulator-cell[tabulator-field=lock]").all_inner_texts()
    return found


def test_locks_are_words_and_the_place_of_the_labels_is_said(halves: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve(halves), width=1000, height=700)
    open_pane(page, "Scribble")
    wait_for(lambda: read_locks(page) == ["open", "open"])
    page.get_by_text("kept in halves.png.labels.jsonl").wait_for()
    page.keyboard.press("d")
    page.wait_for_function("""() => Bokeh.documents[0].get_model_by_name("hand").data.mode[0] === "draw" """)
    draw(page, (0.2, 0.4), (0.25, 0.5))
    wait_for(lambda: read_counts(page)[0] > 0)
    click_lock(page, 1)
    wait_for(lambda: read_locks(page) == ["open", "locked"])
    click_lock(page, 1)
    wait_for(lambda: read_locks(page) == ["open", "open"])


def test_next_marks_a_place_models_are_saved_in_sight_and_a_reload_keeps_what_was_chosen(
    halves: Path, serve: Serve, open_page: OpenPage
) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    journal = halves.with_name(f"{halves.name}.labels.jsonl")
    page = open_page(serve(halves), width=1000, height=700)
    wait_for(lambda: read_layer(page, "color"))
    page.keyboard.press("d")
    page.wait_for_function("""() => Bokeh.documents[0].get_model_by_name("hand").data.mode[0] === "draw" """)
    for number, share in enumerate((0.2, 0.7), start=1):
        page.keyboard.press(str(number))
        draw(page, (share, 0.4), (share + 0.05, 0.5))
        wait_for(lambda number=number: read_strokes(journal) == number)
    open_pane(page, "Train")
    box = page.get_by_role("button", name="Save model").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 700
    page.get_by_role("button", name="None").click()
    page.get_by_text("0 features of 3 bands").wait_for()
    page.get_by_label("smoothing 1.6").check()
    page.get_by_text("3 features of 3 bands").wait_for()
    page.get_by_role("button", name="Live update").click()
    page.get_by_text("all that is seen is predicted").wait_for(timeout=1000 * LONG)
    page.get_by_role("button", name="Next uncertain place").click()
    wait_for(lambda: page.evaluate(MARK))
    assert 0 < page.evaluate(MARK)[0] < 300
    page.reload()
    page.wait_for_selector(".bk-Canvas")
    open_pane(page, "Train")
    page.get_by_text("3 features of 3 bands").wait_for()
    assert page.get_by_label("smoothing 1.6").is_checked()
