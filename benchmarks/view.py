"""Drive the page of ``tsraster view`` in a real browser, and measure how long a user waits for a picture.

Needs Chromium, or another browser named by TSRASTER_CHROMIUM, and playwright; without them it says so.
"""

import itertools
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.processes import TSRASTER
from benchmarks.scene import draw_scene

WIDTH, HEIGHT = 1560, 1000
"""Of the window, so that the picture in it has about 1200 x 800 pixels."""
_HOOK = """(names) => {
  window.times = [];
  for (const name of names) {
    const source = Bokeh.documents[0].get_model_by_name(name);
    source.properties.data.change.connect(() => {
      const image = source.data.image[0];
      let sum = 0;
      if (image) {
        // What lies beyond the screen, a tenth on each side, is nobody's picture.
        const [rows, cols] = image.shape;
        for (let row = Math.ceil(rows / 10); row < rows * 0.9; row += 3)
          for (let col = Math.ceil(cols / 10); col < cols * 0.9; col += 3) sum = (sum * 31 + image[row * cols + col]) % 1000003;
      }
      requestAnimationFrame(() => requestAnimationFrame(() => window.times.push([name, performance.now(), sum])));
    });
  }
}"""
_HAS_PICTURE = """() => {
  const page = window.Bokeh && Bokeh.documents[0];
  if (!page) return false;
  return ["gray", "color"].some((name) => {
    const source = page.get_model_by_name(name);
    return source && source.data.image.length > 0;
  });
}"""


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    program = os.environ.get("TSRASTER_CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        print("view: no browser, or no playwright")
        return
    scene = draw_scene(folder / "scene.tif", size)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with serve(scene) as (process, address):
            measure_page(browser, address, size, runs)
            print(f"memory of the server, at most: {find_peak(process.pid):.0f} MB")
        browser.close()


@contextmanager
def serve(scene: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server on a scene; give the process, and the address of the page."""
    command = [*TSRASTER, "view", str(scene), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[-1]
        process.terminate()


def measure_page(browser: Any, address: str, size: int, runs: int) -> None:
    """Open the page, and do what users do; print medians."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(_HAS_PICTURE)
    print(f"view {size} px: first picture {time.perf_counter() - start:.2f} s after the page was asked for")
    time.sleep(3)
    page.evaluate(_HOOK, ["gray", "classes", "prediction"])
    box = page.locator(".bk-Canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    print(f"picture of {box['width']:.0f} x {box['height']:.0f} pixels; median of {2 * runs} each")

    def zoom(turn: int) -> None:
        page.mouse.move(x, y)
        page.mouse.wheel(0, -240 if turn < runs else 240)

    def pan(turn: int) -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (80 if turn % 2 else -80), y + 40, steps=4)
        page.mouse.up()

    measure("zoom", page, "gray", zoom, 2 * runs)
    measure("pan", page, "gray", pan, 2 * runs)
    page.get_by_text("Cutoffs", exact=True).first.click()
    time.sleep(2)
    measure("dragged cutoff", page, "classes", find_drag(page), 2 * runs)
    page.mouse.up()
    measure_strokes(page, size, runs)


def measure_strokes(page: Any, size: int, runs: int) -> None:
    """Draw in three classes where a pixel of the raster is one of the screen; measure from a stroke to its last tile."""
    page.get_by_text("Look", exact=True).first.click()
    page.get_by_role("button", name="Pixels 1:1").click()
    page.get_by_text("Scribble", exact=True).first.click()
    page.get_by_role("button", name="Add class").click()
    time.sleep(1)
    page.keyboard.press("d")
    page.wait_for_function("""() => Bokeh.documents[0].get_model_by_name("hand").data.mode[0] === "draw" """)
    for number, line in enumerate(((0.3, 0.3), (0.5, 0.6), (0.7, 0.4)), start=1):
        page.keyboard.press(str(number))
        draw_line(page, size, *line)
        time.sleep(0.5)
    page.get_by_text("Train", exact=True).first.click()
    time.sleep(1)
    page.get_by_role("button", name="Live update").click()
    page.get_by_text("all that is seen is predicted").wait_for(timeout=120_000)
    time.sleep(5)

    def stroke(turn: int) -> None:
        page.keyboard.press(str(1 + turn % 3))
        draw_line(page, size, 0.35 + 0.03 * turn, 0.25 + 0.04 * turn)

    measure("stroke to last tile", page, "prediction", stroke, runs, rest=3.0)


def draw_line(page: Any, size: int, across: float, down: float) -> None:
    """Draw a short line from a place in what is seen of the raster, given in shares of it."""
    box = page.locator(".bk-Canvas").first.bounding_box()
    width, height = min(size, box["width"]), min(size, box["height"])
    x = box["x"] + box["width"] / 2 + (across - 0.5) * width
    y = box["y"] + box["height"] / 2 + (down - 0.5) * height
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 12, steps=6)
    page.mouse.up()


def find_drag(page: Any) -> Callable[[int], None]:
    """Return what moves the middle cutoff in the histogram, to and fro."""
    box = page.locator(".bk-Canvas").nth(1).bounding_box()
    y = box["y"] + box["height"] / 3
    places = page.evaluate(
        """() => {
          const lines = Bokeh.documents[0].get_model_by_name("cutoffs");
          const range = Bokeh.documents[0].get_model_by_name("histogram").x_range;
          return [Array.from(lines.data.x), range.start, range.end];
        }"""
    )
    lines, start, end = places
    left, width = box["x"] + 6, box["width"] - 12
    at = [left + (lines[len(lines) // 2] - start) / (end - start) * width]
    page.mouse.move(at[0], y)
    page.mouse.down()

    def drag(turn: int) -> None:
        at[0] += 15 if turn % 2 else -15
        page.mouse.move(at[0], y)

    return drag


def measure(name: str, page: Any, layer: str, act: Callable[[int], None], times: int, rest: float = 0.4) -> None:
    """Act so many times and print the median from the act to the last picture that came of it, within `rest` seconds."""
    waited = []
    for turn in range(times):
        page.evaluate("() => { window.times = []; }")
        start = page.evaluate("() => performance.now()")
        act(turn)
        page.wait_for_function("(layer) => window.times.some((one) => one[0] === layer)", arg=layer, polling=5)
        time.sleep(rest)
        waited.append(
            find_last_change([(at, sum_) for one, at, sum_ in page.evaluate("() => window.times") if one == layer])
            - start
        )
    print(f"{name:<20}{statistics.median(waited):6.0f} ms, at most {max(waited):.0f} ms")


def find_last_change(pictures: list[tuple[float, int]]) -> float:
    """Return when the picture was seen first that stayed; some are painted twice."""
    last = pictures[-1][1]
    same = list(itertools.takewhile(lambda one: one[1] == last, reversed(pictures)))
    return same[-1][0]


def find_peak(process: int) -> float:
    """Return the most memory that a process had, in 10**6 bytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
