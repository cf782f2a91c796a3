"""The page in a browser: nothing of it comes from elsewhere, and it says when its server is gone."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from tests.app.conftest import OpenPage, Serve
from tests.app.test_page import open_pane, read_layer, wait_for
from tsraster.cli.program import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Response


@pytest.fixture
def band(tmp_path: Path, draw_raster: Callable[..., Path]) -> Path:
    return draw_raster(tmp_path / "band.tif", np.arange(64 * 64, dtype=np.uint16).reshape(64, 64))


def test_texts_that_change_behind_another_pane_ask_no_other_host_for_styles(
    band: Path, serve: Serve, open_page: OpenPage
) -> None:
    served = serve(band)
    page = open_page(served)
    failed: list[str] = []

    def note_failure(answer: Response) -> None:
        if answer.status >= 400:
            failed.append(answer.url)

    page.on("response", note_failure)
    for title in ("Cutoffs", "Run", "Scribble", "Cutoffs"):
        open_pane(page, title)
        page.wait_for_timeout(300)
    cutoffs = page.get_by_label("Cutoffs, separated by commas")
    for text in ("1000, 2000, 3000", "1000, 2000"):
        cutoffs.fill(text)
        page.keyboard.press("Enter")
        wait_for(lambda: page.evaluate("Bokeh.documents[0].get_model_by_name('cutoffs').data.x.length") > 1)
        page.wait_for_timeout(500)
        open_pane(page, "Run")
        page.locator(".command", has_text=text.replace(" ", "")).wait_for()
        open_pane(page, "Cutoffs")
    page.wait_for_timeout(500)
    assert failed == []


def test_a_server_that_is_gone_is_said_and_nothing_can_be_drawn(band: Path, serve: Serve, browser: Browser) -> None:
    served = serve(band)
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    page = context.new_page()
    page.goto(served.address)
    page.wait_for_selector(".bk-Canvas")
    wait_for(lambda: read_layer(page, "gray"))
    with served.process:
        served.process.kill()
    page.get_by_role("alert").wait_for(timeout=10_000)
    assert "connection to the server is lost" in page.get_by_role("alert").inner_text()
    box = page.locator(".bk-Canvas").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", [x, y]) == "gone"
    context.close()


def test_the_command_that_is_copied_works_before_the_page_has_run(
    band: Path, serve: Serve, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(band.parent)
    page = open_page(serve(band.name))
    open_pane(page, "Cutoffs")
    wait_for(lambda: page.evaluate("Bokeh.documents[0].get_model_by_name('cutoffs').data.x.length") > 1)
    open_pane(page, "Run")
    command = page.locator(".command")
    wait_for(lambda: "tsraster classify" in command.inner_text())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    text = wait_for(lambda: page.evaluate("navigator.clipboard.readText()"))
    assert text == command.text_content()
    words = shlex.split(text, comments=True)
    assert words[:3] == ["tsraster", "classify", str(band)]
    assert "categorical" in words
    done = CliRunner().invoke(program, words[1:])
    assert done.exit_code == 0, done.output
    assert not list(band.parent.glob("*.csv"))
