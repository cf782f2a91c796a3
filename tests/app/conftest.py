"""A real browser, and the real server as a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True, kw_only=True, eq=False)
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    address: str
    """As it was printed, with the token."""

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.address).query)["token"][0]

    def interrupt(self) -> tuple[int, str]:
        """Stop it as Ctrl-C does; return the exit code and what it has printed on stderr."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the page try again: on a busy machine, clicks and threads may come before a page has heard of the last one."""
    for item in items:
        if item.nodeid.startswith("tests/app/"):
            item.add_marker(pytest.mark.flaky(reruns=2))


Serve = Callable[..., Served]
OpenPage = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a browser without windows; skip where there is none, or nothing to drive it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("TSRASTER_CHROMIUM")
    program = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None or not Path(program).exists():
        pytest.skip("no browser: install Debian's chromium, or name one in TSRASTER_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, as which containers run.
        is_root = hasattr(os, "getuid") and os.getuid() == 0
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if is_root else [])
        yield chromium
        chromium.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that starts the server with words of the command line; all end with the test.

    The test fails where a server has said anything on stderr but a note.
    """
    pytest.importorskip("panel", reason="panel is not installed")
    started: list[Served] = []

    def start(*words: object) -> Served:
        command = [sys.executable, "-m", "tsraster", "view", *map(str, words), "--no-browser"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate()[1])
        started.append(Served(process=process, address=line.split()[-1]))
        return started[-1]

    yield start
    said = [stop(served) for served in started]
    assert not [line for text in said for line in text.splitlines() if not line.startswith("Note: ")]


def stop(served: Served) -> str:
    """End a server, if it still runs, and return what it has said on stderr."""
    if served.process.returncode is not None:
        return ""
    served.process.terminate()
    return served.process.communicate(timeout=20)[1]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Give a function that opens a page of a server at a size; the test fails on any error of a console or page, and on any
    request to another host."""
    troubles: list[str] = []
    contexts = []

    def note_message(message: Any) -> None:
        if message.type in ("error", "warning"):
            troubles.append(f"console: {message.text}")

    def note_request(request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname not in ("127.0.0.1", "localhost"):
            troubles.append(f"request: {request.url}")

    def open_one(served: Served, *, width: int = 1400, height: int = 900) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.on("console", note_message)
        page.on("pageerror", lambda error: troubles.append(f"page: {error}"))
        page.on("request", note_request)
        page.on("websocket", note_request)
        page.goto(served.address)
        page.wait_for_selector(".bk-Canvas, .alert-danger")
        # Panel shows an error of the server as an alert.
        troubles.extend(f"server: {text}" for text in page.locator(".alert-danger").all_inner_texts())
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not troubles
