"""The page: panes beside the picture. Imports Panel."""

from __future__ import annotations

import panel as pn
from panel.viewable import Viewable

from tsraster.app.bench import Bench
from tsraster.app.cutoffs.cutoffpane import CutoffPane
from tsraster.app.gallery import Gallery
from tsraster.app.keyboard import listen_to_keys
from tsraster.app.labels.scribblepane import ScribblePane
from tsraster.app.picture.lookpane import LookPane
from tsraster.app.running.runpane import RunPane
from tsraster.app.statusbar import StatusBar
from tsraster.app.training.trainpane import TrainPane

_TITLES = ("Look", "Cutoffs", "Scribble", "Train", "Run")
_WITH_HISTOGRAM = ("Look", "Cutoffs")
"""Elsewhere the picture has its room."""
_SIDE = 352
"""Width of the panes."""


def build_page(gallery: Gallery) -> Viewable:
    """Return the page of one session of a browser."""
    # For each page: Panel sends the scripts of tables only to those that say so.
    pn.extension("tabulator")
    bench = Bench(gallery)
    look = LookPane(bench)
    cutoffs = CutoffPane(bench)
    scribble = ScribblePane(bench)
    train = TrainPane(bench)
    run = RunPane(bench, cutoffs, lambda: train.settings.options)
    status = StatusBar(bench, lambda: look.bands)
    for tell in (cutoffs.tell, scribble.tell, train.tell):
        status.add(tell)
    tabs = pn.Tabs(
        *zip(_TITLES, (look.panel, cutoffs.panel, scribble.panel, train.panel, run.panel), strict=True),
        dynamic=True,
        width=_SIDE,
    )
    side = pn.Column(scribble.modes, tabs, width=_SIDE, scroll="y", sizing_mode="stretch_height", margin=0)
    picture = pn.pane.Bokeh(bench.canvas.figure, sizing_mode="stretch_both", margin=0)
    histogram = pn.pane.Bokeh(cutoffs.plot.figure, sizing_mode="stretch_width", height=140, margin=0)

    def open_tab(title: str) -> None:
        histogram.visible = title in _WITH_HISTOGRAM
        bench.open_tab(title)

    tabs.param.watch(lambda event: open_tab(_TITLES[event.new]), "active")
    main = pn.Column(picture, histogram, status.panel, sizing_mode="stretch_both", margin=0)
    if pn.state.curdoc is not None:
        listen_to_keys(pn.state.curdoc, bench.canvas.figure, lambda key: bench.tell("key", key))
        pn.state.on_session_destroyed(lambda _: bench.close())
    bench.start()
    return pn.Row(side, main, sizing_mode="stretch_both", min_height=500, margin=0)
