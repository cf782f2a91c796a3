"""The pane "Run": carries out on whole rasters what the page shows, and says how to do it without the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import panel as pn

from tsraster.app.bench import Bench
from tsraster.app.cutoffs.classlist import WIDTH
from tsraster.app.cutoffs.cutoffpane import CutoffPane
from tsraster.app.desk import escape, resolve_output
from tsraster.app.labels.labelfiles import export_labels
from tsraster.app.running.copying import make_copy_button, mark_words
from tsraster.app.running.runs import Run, find_absolute, plan_classes_run, plan_model_run
from tsraster.app.tickbox import TickBox
from tsraster.errors import TsrasterError, UsageError

_CODE = {
    "font-family": "monospace", "font-size": "12px", "white-space": "pre-wrap", "overflow-wrap": "anywhere",
    "background": "#f1f3f5", "padding": "6px", "border-radius": "4px", "user-select": "all",
}  # fmt: skip
_HEAD = 220
"""Width of a line beside which a button stands."""
TITLE = "Run"
CUTOFFS, MODEL = "Classes by cutoffs", "Classes by example"


class RunPane:
    """Runs on one source or on all, with their progress."""

    def __init__(self, bench: Bench, cutoffs: CutoffPane, settings: Callable[[], Mapping[str, Any]]) -> None:
        self._bench, self._cutoffs, self._settings = bench, cutoffs, settings
        self._stop = threading.Event()
        self._saved: set[Path] = set()
        """What this page has saved for runs, which it may replace."""
        self.job = pn.widgets.RadioButtonGroup(label="What", options=[CUTOFFS, MODEL], width=WIDTH)
        self.destination = pn.widgets.TextInput(label="Class map to write (.tif or .png)", width=WIDTH)
        self.is_batch = TickBox(label="All images of the list, each to its own file", width=WIDTH)
        self.with_picture = TickBox(label="With a color picture (.png)", width=WIDTH)
        self.with_table = TickBox(label="With the class table (.json), for tsraster classify --table", width=WIDTH)
        self.replace = TickBox(label="Replace files that exist", width=WIDTH)
        self.start = pn.widgets.Button(label="Run", color="primary", width=156)
        self.cancel = pn.widgets.Button(label="Cancel", width=156, disabled=True)
        self.progress = pn.indicators.Progress(value=0, max=1000, width=WIDTH, visible=False)
        self.command = pn.pane.HTML("", styles=_CODE, width=WIDTH)
        self.python = pn.pane.HTML("", styles=_CODE, width=WIDTH)
        self.copy_command, self.copy_python = make_copy_button("command"), make_copy_button("python")
        self.panel = pn.Column(
            self.job, self.destination, self.is_batch, self.with_picture, self.with_table, self.replace,
            pn.Row(self.start, self.cancel, margin=0), self.progress,
            pn.Row(_head("The same on the command line"), self.copy_command, margin=0), self.command,
            pn.Row(_head("and in Python"), self.copy_python, margin=0), self.python,
            margin=0,
        )  # fmt: skip
        self._connect()

    def _connect(self) -> None:
        bench = self._bench
        bench.hear("subject", self._begin)
        bench.hear("close", self._stop.set)
        for topic in ("classes", "labels", "model", "tab"):
            bench.hear(topic, lambda *_: self.refresh())
        for one in (self.job, self.destination, self.is_batch, self.with_picture, self.with_table, self.replace):
            one.param.watch(lambda _: self.refresh(), "value")
        self.start.on_click(lambda _: self._run())
        self.cancel.on_click(lambda _: self._stop.set())
        for button in (self.copy_command, self.copy_python):
            button.on_click(lambda _: self._save())

    def _begin(self) -> None:
        self.destination.value = f"{Path(self._bench.subject.source).stem or 'raster'}_classes.tif"

    def plan(self) -> Run:
        """Return what would be run.

        Raises
        ------
        TsrasterError
            Something is missing, or must not be written.
        """
        bench = self._bench
        if bench.subject.planes > 1:
            raise UsageError("a plane of a volume is only shown; run tsraster pores on the volume")
        sources = list(bench.gallery.sources) if self.is_batch.value else [bench.subject.source]
        destinations = [self._name(source) for source in sources]
        sources, labeled = [find_absolute(source) for source in sources], find_absolute(bench.subject.source)
        if len(set(destinations)) < len(destinations):
            raise UsageError("two images have one name, and their class maps would be one file; run them one by one")
        if self.job.value == MODEL:
            return plan_model_run(
                sources,
                destinations,
                self._settings(),
                labeled=labeled,
                export=self._export,
                overwrite=bool(self.replace.value),
            )
        if self._cutoffs.draft is None:
            raise UsageError(self._cutoffs.problem)
        return plan_classes_run(
            sources,
            destinations,
            self._cutoffs.draft.state,
            bench.gallery.desk.plan,
            band=self._cutoffs.band,
            smooth=self._cutoffs.smoothing,
            with_picture=bool(self.with_picture.value),
            with_table=bool(self.with_table.value),
            overwrite=bool(self.replace.value),
        )

    def _export(self, path: Path, is_replaced: bool) -> None:
        subject = self._bench.subject
        labels = self._bench.gallery.label(subject)
        export_labels(labels.board, subject.raster, labels.classes, path, overwrite=is_replaced)

    def _name(self, source: str) -> Path:
        """Return the output of a source: the one that is typed, for others with their own names beside it."""
        typed = resolve_output(str(self.destination.value), self._bench.gallery.desk)
        if source == self._bench.subject.source:
            return typed
        return resolve_output(
            str(typed.with_name(f"{Path(source).stem}_classes{typed.suffix}")), self._bench.gallery.desk
        )

    def refresh(self) -> None:
        """Spell what would be run."""
        self.with_picture.visible = self.with_table.visible = self.job.value == CUTOFFS
        try:
            run = self.plan()
            command, python = run.command, run.python
        except TsrasterError as error:
            command = python = str(error)
        self.command.object = f'<span class="command">{mark_words(command)}</span>'
        self.python.object = f'<span class="python">{escape_lines(python)}</span>'

    def _run(self) -> None:
        try:
            run = self.plan()
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
            return
        self._stop.clear()
        self._show_busy(is_busy=True)
        self._bench.run(
            lambda: run.do(self._tell, self._stop, self._saved), self._finish, lambda: self._show_busy(is_busy=False)
        )

    def _save(self) -> None:
        """Save what the text that was copied reads, so that it does what it says."""
        try:
            run = self.plan()
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
            return
        names = ", ".join(need.path.name for need in run.needs)
        text = f"copied; {names} was saved for it" if names else "copied"
        self._bench.run(lambda: run.save(self._saved), lambda _: self._bench.say(text))

    def _show_busy(self, *, is_busy: bool) -> None:
        self.start.disabled, self.cancel.disabled = is_busy, not is_busy
        self.progress.param.update(visible=is_busy, value=0)

    def _tell(self, share: float) -> None:
        self._bench.latest(
            "progress", lambda: round(1000 * share), lambda value: self.progress.param.update(value=value)
        )

    def _finish(self, written: tuple[str, ...]) -> None:
        self._bench.say(f"wrote {', '.join(Path(path).name for path in written)}")


def escape_lines(text: str) -> str:
    """Return a text of several lines as HTML that shows it."""
    return "\n".join(escape(line) for line in text.splitlines())


def _head(text: str) -> pn.pane.HTML:
    return pn.pane.HTML(f"<b>{text}</b>", margin=(8, 10, 0, 10), width=_HEAD)
