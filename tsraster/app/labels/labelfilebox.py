"""Export and import of labels on the page: a path and two buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import panel as pn

from tsraster.app.bench import Bench
from tsraster.app.desk import resolve_output
from tsraster.app.labels.labeldesk import LabelDesk
from tsraster.app.labels.labelfiles import export_labels
from tsraster.app.labels.labelimports import ImportedLabels, import_labels
from tsraster.app.members import find_labels
from tsraster.app.subjects import Subject
from tsraster.app.tickbox import TickBox
from tsraster.errors import UsageError


class LabelFileBox:
    """Files of labels.

    Parameters
    ----------
    bench : Bench
        The page.
    width : int
        Of the widgets, in pixels of the screen.
    """

    def __init__(self, bench: Bench, width: int) -> None:
        self._bench = bench
        self.labels: LabelDesk | None = None
        """Those of the source in front; None while they are read."""
        third = (width - 40) // 3
        self.path = pn.widgets.TextInput(label="File of labels: .tif .png .gpkg .geojson .ilp", width=width)
        self.export, self.bring = (pn.widgets.Button(label=name, width=third) for name in ("Export", "Import"))
        self.replace = TickBox(label="Replace", width=third, align="center")
        self.panel = pn.Column(self.path, pn.Row(self.export, self.bring, self.replace, margin=0), margin=0)
        self.export.on_click(lambda _: self._export())
        self.bring.on_click(lambda _: self._import())
        bench.hear("subject", self._begin)

    def _begin(self) -> None:
        self.path.value = f"{Path(self._bench.subject.title).stem}_labels.tif"

    def _export(self) -> None:
        labels, bench = self.labels, self._bench
        if labels is not None:
            work = partial(_write, labels, bench.subject, partial(resolve_output, self.path.value, bench.gallery.desk))
            bench.run(
                partial(work, overwrite=self.replace.value),
                lambda path: bench.say(f"labels were written to {path.name}"),
            )

    def _import(self) -> None:
        labels, bench = self.labels, self._bench
        if labels is not None:
            raster, find = bench.subject.raster, partial(find_labels, self.path.value, bench.gallery.desk)
            bench.run(lambda: import_labels(find(), raster, classes=labels.classes), partial(self._paste, labels))

    def _paste(self, labels: LabelDesk, found: ImportedLabels) -> None:
        text = f"{sum(found.counts.values())} pixels of labels in {len(found.counts)} classes were imported"
        work = partial(labels.paste, found.tiles, found.classes)
        self._bench.run(work, lambda _: self._bench.say(text), pool=labels.pool)


def _write(labels: LabelDesk, subject: Subject, find: Callable[[], Path], *, overwrite: bool) -> Path:
    path, (board, classes) = find(), (labels.board, labels.classes)
    if not path.suffix:
        raise UsageError(f"{path.name} has no ending; it says the format: .tif, .png, .gpkg, .geojson or .ilp")
    export_labels(board, subject.raster, classes, path, overwrite=overwrite)
    return path
