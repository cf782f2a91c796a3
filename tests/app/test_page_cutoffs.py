"""Cutoffs and Look in a real browser: clicks and fields do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio import Affine

from tests.app.conftest import OpenPage, Serve
from tests.app.test_page import SEEN, open_pane, read_cutoffs, wait_for
from tests.conftest import write_raster


@pytest.fixture
def bands(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 256, (7, 200, 300), dtype=np.uint8)
    transform = Affine(30, 0, 500000, 0, -30, 4100000)
    return write_raster(tmp_path / "bands.tif", values, crs="EPSG:32616", transform=transform)


def click_twice(page: Any, value: float) -> None:
    _, start, end = page.evaluate(SEEN)
    box = page.locator(".bk-Canvas").nth(1).bounding_box()
    x = box["x"] + 6 + (value - start) / (end - start) * (box["width"] - 12)
    page.mouse.dblclick(x, box["y"] + box["height"] / 3)


def test_boxes_lines_and_fields_are_used_by_hand(bands: Path, serve: Serve, open_page: OpenPage) -> None:
    served = serve(bands)
    page = open_page(served, width=1000, height=700)
    low = page.get_by_label("Darkest", exact=True)
    wait_for(lambda: low.input_value() not in ("", "0"))
    before = low.input_value()
    low.fill("")
    page.keyboard.press("Enter")
    wait_for(lambda: low.input_value() == before)
    # The status lines have their places in a small window.
    canvas = page.locator(".bk-Canvas").first.bounding_box()
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    place = page.get_by_text("EPSG:32616")
    place.wait_for()
    assert len(place.inner_text().split("|")[2].split()) == 1
    for line in (place, page.locator(".said")):
        box = line.bounding_box()
        assert box["x"] + box["width"] <= 1000
        assert box["y"] + box["height"] <= 700
    open_pane(page, "Cutoffs")
    wait_for(lambda: len(page.evaluate(SEEN)[0]) == 3)
    page.get_by_text("Log counts").click()
    assert page.get_by_label("Log counts").is_checked()
    cutoffs = read_cutoffs(page)
    click_twice(page, cutoffs[1])
    wait_for(lambda: read_cutoffs(page) == [cutoffs[0], cutoffs[2]])
    click_twice(page, 20)
    wait_for(lambda: len(read_cutoffs(page)) == 3)
    # A reload finds the classes as they were.
    found = read_cutoffs(page)
    page.reload()
    open_pane(page, "Cutoffs")
    wait_for(lambda: page.evaluate(SEEN)[0] == found)
