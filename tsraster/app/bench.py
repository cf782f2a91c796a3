"""`Bench`: one page, its canvas, and what is in front on it; panes hear from it what changes, and paint by it."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import panel as pn
from numpy.typing import NDArray

from tsraster.app.connection import watch_connection
from tsraster.app.gallery import Gallery
from tsraster.app.picture.canvas import Canvas
from tsraster.app.picture.viewports import PieceCache, Viewport
from tsraster.app.subjects import Subject
from tsraster.errors import TsrasterError

_LOG = logging.getLogger(__name__)

Painting = tuple[str, NDArray[Any], tuple[float, float, float, float]]
"""The name of a layer, its codes or colors, and left, top, right, bottom of them."""
_PATIENCE = 5.0
"""Seconds."""
Task = tuple[Callable[[], Any], Callable[[Any], None]]
Painter = Callable[[Viewport], Painting | None]
"""Makes what a layer shows; None where it shows nothing. Called in a thread of its own."""


class Bench:
    """What panes share.

    Parameters
    ----------
    gallery : Gallery
        What the server shows, shared by all pages.

    Notes
    -----
    Panes register painters, and callbacks of topics: "subject" (another source is in front), "pointer", "view", "values"
    (another band or filter), "classes", "labels", "model", "status", "close". A painter that is wanted again while it works is
    called once more when it is done, so that the newest state is always painted and none is queued.
    """

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.canvas = Canvas(self, self.later)
        self.pieces = PieceCache()
        self.number = 0
        self.subject: Subject = gallery.open(0)
        self.tab = ""
        """The title of the pane in front."""
        self._document = pn.state.curdoc
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="page")
        self._heard: dict[str, list[Callable[..., None]]] = defaultdict(list)
        self._painters: dict[str, Painter] = {}
        self._busy: dict[str, Task | None] = {}
        self._jobs: set[Future[None]] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_seen = threading.Event()
        watch_connection(self._document)

    def hear(self, topic: str, callback: Callable[..., None]) -> None:
        """Have a callback called when something changes."""
        self._heard[topic].append(callback)

    def tell(self, topic: str, *known: Any) -> None:
        """Call all callbacks of a topic."""
        for callback in self._heard[topic]:
            callback(*known)

    def open_tab(self, title: str) -> None:
        """Tell which pane is in front."""
        self.tab = title
        self.tell("tab", title)

    def say(self, text: str, *, is_wrong: bool = False) -> None:
        """Show a sentence in the status line."""
        self.tell("status", text.replace("give --overwrite", "tick Replace"), is_wrong)

    def choose(self, number: int, plane: int | None = None) -> None:
        """Bring another source, or another plane of a volume, to the front."""
        if number == self.number and plane in (None, self.subject.plane):
            return

        def show(subject: Subject) -> None:
            self._unlisten()
            self.number, self.subject = number, subject
            self.start()

        self.latest("choose", partial(self.gallery.open, number, plane), show)

    def start(self) -> None:
        """Show the source in front from the beginning."""
        self.subject.listeners.append(self._fill)
        self.canvas.show_raster(self.subject.raster.shape)
        self.tell("subject")
        self.repaint()

    def paint_by(self, name: str, painter: Painter) -> None:
        """Have a painter called whenever another part is seen."""
        self._painters[name] = painter

    def repaint(self, *names: str) -> None:
        """Have painters called, all when none is named."""
        if not self.canvas.is_laid_out:
            return
        subject, viewport = self.subject, self.canvas.viewport
        for name in names or tuple(self._painters):
            self.latest(
                f"paint {name}",
                partial(self._painters[name], viewport),
                partial(self._show, name, subject),
            )

    def _show(self, name: str, subject: Subject, painting: Painting | None) -> None:
        if subject is not self.subject:
            return
        if painting is None:
            self.canvas.hide(name)
        else:
            self.canvas.paint(*painting)
            self._is_seen.set()

    def wait_for_picture(self) -> None:
        """Wait in a thread until something is seen, so that work that takes all processors does not delay that."""
        if self._document is not None and self._document.session_context is not None:
            self._is_seen.wait(_PATIENCE)

    def latest(self, key: str, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do some work in a thread; of what is asked meanwhile under the same key, only the last is done afterwards."""
        with self._lock:
            if key in self._busy:
                self._busy[key] = work, then
                return
            self._busy[key] = None
        self._start(key, work, then)

    def _start(self, key: str, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        def go_on() -> None:
            with self._lock:
                waiting = self._busy.pop(key)
                if waiting is not None:
                    self._busy[key] = None
            if waiting is not None:
                self._start(key, *waiting)

        self.run(work, then, go_on)

    def run(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        finally_: Callable[[], None] = lambda: None,
        *,
        pool: Executor | None = None,
    ) -> None:
        """Do some work in a thread, then something with its result on the page, and last what is to be done in any case.

        A pool of one thread does all work that it is given in this order.
        """

        def do() -> None:
            try:
                result = work()
            except TsrasterError as error:
                message = str(error)
                self.later(lambda: self.say(message, is_wrong=True))
            except Exception as error:
                _LOG.exception("the page could not do its work")
                message = f"this did not work ({type(error).__name__}); the terminal says more"
                self.later(lambda: self.say(message, is_wrong=True))
            else:
                self.later(lambda: then(result))
            self.later(finally_)

        if not self._is_closed:
            job = (pool or self._pool).submit(do)
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    def drain(self, seconds: float = 60.0) -> None:
        """Wait until no work is left; for tests, which have no page that could go on meanwhile."""
        while self._jobs:
            for job in list(self._jobs):
                job.result(seconds)

    def later(self, function: Callable[[], None]) -> None:
        """Do something on the page, from any thread."""
        if self._is_closed:
            return
        if self._document is None or self._document.session_context is None:
            function()
        else:
            self._document.add_next_tick_callback(function)

    def close(self) -> None:
        """Stop working, and let go of what was kept for the page: it is gone."""
        self._is_closed = True
        self._unlisten()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.tell("close")
        self._heard.clear()
        self._painters.clear()
        self.pieces = PieceCache()

    def _fill(self) -> None:
        """Paint again, as more of the source can be seen."""
        self.later(self.repaint)

    def _unlisten(self) -> None:
        if self._fill in self.subject.listeners:
            self.subject.listeners.remove(self._fill)

    def see(self, viewport: Viewport) -> None:
        """Paint what is seen now."""
        self.tell("view", viewport)
        self.repaint()

    def point(self, place: tuple[float, float] | None) -> None:
        """Tell what is under the pointer."""
        self.tell("pointer", place)

    def draw(self, vertices: Sequence[tuple[float, float]]) -> None:
        """Tell of a line that was drawn."""
        self.tell("draw", vertices)

    def fill(self, place: tuple[float, float]) -> None:
        """Tell of a place that was clicked to be filled."""
        self.tell("fill", place)

    def level(self, phase: str, right: float, down: float) -> None:
        """Tell how far the limits of the gray were dragged."""
        self.tell("level", phase, right, down)
