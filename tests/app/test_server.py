"""The server answers only those it should, and ends as it should; driven as a process of its own, and by a browser."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import OpenPage, Serve, Served

HOSTILE = "<img src=x onerror=alert(1)>.tif"


@pytest.fixture
def band(tmp_path: Path, draw_raster: Callable[..., Path]) -> Path:
    return draw_raster(tmp_path / "band.tif", np.arange(64 * 64, dtype=np.uint16).reshape(64, 64))


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Message
    text: str


def ask(served: Served, path: str, **headers: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)) as connection:
        connection.putrequest("GET", path, skip_host="Host" in fields)
        for name, value in fields.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as answer:
            # A websocket that opens goes on for ever.
            text = "" if answer.status == 101 else answer.read().decode(errors="replace")
            return Answer(status=answer.status, headers=answer.headers, text=text)


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec_WebSocket_Protocol": "bokeh, x",
}


def test_only_who_knows_the_token_gets_anything(band: Path, serve: Serve) -> None:
    served = serve(band)
    token = served.token
    assert len(token) >= 32
    for path in ("/", "/ws", "/metadata", "/autoload.js", "/nothing", "/rest/session_info", "/components/a/b/c"):
        for query in ("", "?token=", "?token=wrong", f"?token={token[:-1]}", f"?token={token}&token=x", f"?x={token}"):
            answer = ask(served, path + query)
            assert answer.status == 403, path + query
            assert "whole address that tsraster view has printed" in answer.text
    assert ask(served, f"/?token={token}").status == 200


def test_the_websocket_wants_the_token_and_the_origin_of_the_page(band: Path, serve: Serve) -> None:
    served = serve(band)
    own = f"http://127.0.0.1:{served.port}"
    for query in ("", "?token=", "?token=wrong"):
        assert ask(served, f"/ws{query}", **UPGRADE, Origin=own).status == 403
    for origin in ("http://example.org", "http://127.0.0.1:1", "null", own.replace("http", "https")):
        assert ask(served, f"/ws?token={served.token}", **UPGRADE, Origin=origin).status == 403


def test_the_websocket_opens_for_the_page(band: Path, serve: Serve, open_page: OpenPage) -> None:
    served = serve(band)
    page = open_page(served)
    page.reload()
    page.wait_for_selector(".bk-Canvas")
    assert page.title() == "tsraster"
    assert page.evaluate("document.cookie") == ""


STRANGE_HOSTS = ("evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "[::1]:{port}", "")


def test_other_names_of_the_host_are_refused(band: Path, serve: Serve) -> None:
    served = serve(band)
    path = f"/?token={served.token}"
    for host in STRANGE_HOSTS:
        for where in (path, "/static/js/bokeh.min.js"):
            assert ask(served, where, Host=host.format(port=served.port)).status in (400, 403), host
    for own in (f"localhost:{served.port}", "localhost:9000", f"127.0.0.1:{served.port}"):
        assert ask(served, path, Host=own).status == 200
        assert ask(served, path, Host=own, Origin="http://localhost:9001").status == 403


def test_static_files_are_those_of_bokeh_only(band: Path, serve: Serve) -> None:
    served = serve(band)
    assert ask(served, "/static/js/bokeh.min.js").status == 200
    for path in (
        "/static/",
        "/static/js/",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/server.py",
    ):
        assert ask(served, path).status in (403, 404), path
        assert ask(served, f"{path}?token={served.token}").status in (403, 404), path


def test_answers_say_what_a_browser_may_do(band: Path, serve: Serve) -> None:
    served = serve(band)
    first, second = (ask(served, f"/?token={served.token}") for _ in range(2))
    rules = first.headers["Content-Security-Policy"]
    assert "default-src 'self'" in rules
    assert "frame-ancestors 'none'" in rules
    assert "'unsafe-inline'" not in rules.split("script-src")[1].split(";")[0]
    assert rules != second.headers["Content-Security-Policy"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Set-Cookie"] is None
    text = first.text
    assert text.count("<script") == text.count('<script nonce="') > 3
    assert "://" not in text.replace(f"http://127.0.0.1:{served.port}", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand")
def test_the_server_listens_at_one_address_only(band: Path, serve: Serve) -> None:
    port = serve(band).port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_the_ordinary_end(band: Path, serve: Serve, number: signal.Signals) -> None:
    served = serve(band)
    served.process.send_signal(number)
    _, said = served.process.communicate(timeout=20)
    assert (served.process.returncode, said) == (0, "")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tsraster", "view", *map(str, words), "--no-browser"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_port_that_is_taken_is_said(band: Path, serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(band, "--port", port)
    assert done.returncode == 2
    assert done.stderr == (
        f"Error: --port {port} cannot be used (another program listens there); give another, or 0 for a free one\n"
    )
    assert serve(band, "--port", port).port == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_said(band: Path, port: int) -> None:
    done = run(band, "--port", port)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no port" in done.stderr


def test_sources_are_read_before_the_server_starts(tmp_path: Path, band: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0broken")
    for words, code in (((band, broken), 1), ((tmp_path / "none.tif",), 1), ((band, "--root", broken), 2)):
        done = run(*words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
        assert done.stderr.startswith("Error: ")


def test_hostile_names_are_shown_as_text(
    tmp_path: Path, draw_raster: Callable[..., Path], serve: Serve, open_page: OpenPage
) -> None:
    source = draw_raster(tmp_path / HOSTILE, np.arange(64, dtype=np.uint8).reshape(8, 8))
    page = open_page(serve(source))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.wait_for_timeout(1000)
    assert page.locator("img[src=x]").count() == 0
    assert dialogs == []
    assert page.evaluate(ALL_TEXT).count(HOSTILE) >= 1


ALL_TEXT = """() => {
    const read = node => [...node.childNodes].map(one =>
        one.nodeType === 3 ? one.data : (one.shadowRoot ? read(one.shadowRoot) : "") + read(one)).join(" ");
    return read(document.body);
}"""


def test_scripts_that_come_later_do_not_run(band: Path, serve: Serve, browser: Any) -> None:
    """The second wall: even if a name became markup, it could do nothing."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(serve(band).address)
    page.evaluate("() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">') }")
    page.evaluate(
        "() => { const s = document.createElement('script'); s.text = 'window.ran = 2'; document.body.append(s) }"
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran === undefined")
    context.close()


def test_the_first_content_comes_soon(band: Path, serve: Serve, open_page: OpenPage) -> None:
    served = serve(band)
    began = time.perf_counter()
    open_page(served)
    assert time.perf_counter() - began < 10


def test_panel_is_missing_in_one_sentence(band: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsraster.app import server
    from tsraster.errors import MissingExtraError

    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[view\]'"):
        server.view_files([band])
    with pytest.raises(MissingExtraError, match="needs Panel"):
        server.view(band)


def test_the_help_does_not_wait_for_panel() -> None:
    code = (
        "import sys, json, os; os._exit = lambda code: print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
        "sys.argv = ['tsraster', 'view', '--help']\n"
        "from tsraster.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(json.loads(done.stderr)) & {"panel", "bokeh", "tornado", "param", "playwright"}


def test_a_notebook_shows_files_rasters_and_arrays(band: Path) -> None:
    pytest.importorskip("panel")
    code = (
        "import sys, rioxarray, tsraster\n"
        "from panel.viewable import Viewable\n"
        "path = sys.argv[1]\n"
        "with tsraster.open_raster(path) as raster:\n"
        "    shown = [tsraster.view(one) for one in (path, raster, rioxarray.open_rasterio(path))]\n"
        "assert all(isinstance(one, Viewable) for one in shown)\n"
        "print(len(shown))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(band)], capture_output=True, text=True)
    assert done.stdout == "3\n", done.stderr
