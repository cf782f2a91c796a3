"""`TrainForm`: what can be chosen and is shown in the pane "Train". Imports Panel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import panel as pn

from tsraster.app.desk import escape
from tsraster.app.tickbox import TickBox
from tsraster.app.training.featuregrid import FeatureGrid, make_features
from tsraster.app.training.livetiles import RESULTS
from tsraster.app.training.overlaycolors import OPACITIES
from tsraster.app.training.trainmemory import TrainChoice
from tsraster.app.training.trainsession import TrainSettings
from tsraster.learning.estimators import ESTIMATORS
from tsraster.learning.recipes import RECIPES

_WIDTH, _HALF, _THIRD = 308, 144, 89
_SMALL = {"font-size": "12px"}
_NOTE = _SMALL | {"color": "#5f6b76"}
_SUGGEST = "Ticks the fewest features that do as well on the labels as all of them"


class TrainForm:
    """Widgets, and sentences about what is done.

    Parameters
    ----------
    on_features : callable
        Called when other features are ticked.
    """

    def __init__(self, on_features: Callable[[], None]) -> None:
        self.said = ""
        """What is being done."""
        self.is_busy = self.is_suggesting = False
        self.is_held = False
        """Whether widgets change only to show what is known already."""
        self.grid = FeatureGrid(on_features)
        self._make_features()
        self._make_overlay()
        self._make_model()
        self._lay_out()

    def _make_features(self) -> None:
        self.is_live = pn.widgets.Toggle(label="Live update", color="primary", variant="outline", width=_HALF)
        self.once = pn.widgets.Button(label="Train once", width=_HALF)
        self.state = pn.pane.HTML("", styles=_SMALL, width=_WIDTH - 30, margin=(2, 0))
        self.busy = pn.indicators.LoadingSpinner(value=False, size=18, width=20, margin=(0, 5), visible=False)
        self.all = pn.widgets.Button(label="All", width=_THIRD)
        self.none = pn.widgets.Button(label="None", width=_THIRD)
        self.suggest = pn.widgets.Button(label="Suggest", width=_THIRD, description=_SUGGEST)
        self.back = pn.widgets.Button(label="Undo: tick what was ticked before", width=_WIDTH, visible=False)
        self.count = pn.pane.HTML("", styles=_NOTE, width=_WIDTH, margin=(0, 10))
        self.estimator = pn.widgets.Select(label="Estimator", options=list(ESTIMATORS), width=_HALF)
        self.recipe = pn.widgets.Select(label="Filters as in", options=list(RECIPES), value="ilastik", width=_HALF)
        self.trees = pn.widgets.IntInput(label="Trees", value=100, start=1, end=10_000, width=_HALF)
        self.seed = pn.widgets.IntInput(label="Seed", value=0, start=0, end=2**32 - 1, width=_HALF)

    def _make_overlay(self) -> None:
        self.overlay = pn.widgets.Select(label="Overlay", options=["none", *RESULTS], value=RESULTS[0], width=_HALF)
        self.shown_class = pn.widgets.Select(label="Of the class", options={}, width=_WIDTH, visible=False)
        self.opacity = pn.widgets.IntSlider(
            label="Opacity, in %", start=0, end=100, value=OPACITIES[RESULTS[0]], width=_HALF
        )
        self.next = pn.widgets.Button(
            label="Next uncertain place (n)", width=_WIDTH, description="Jumps to where a label would help most"
        )

    def _make_model(self) -> None:
        self.found = pn.pane.HTML("", styles=_SMALL, width=_WIDTH, margin=(5, 10))
        self.path = pn.widgets.TextInput(label="File of the model: .tsmodel .ilp", width=_WIDTH)
        self.save = pn.widgets.Button(label="Save model", width=_HALF, disabled=True)
        self.replace = TickBox(label="Replace", width=_HALF, align="center")

    def _lay_out(self) -> None:
        self.card = pn.Column(
            pn.Row(self.estimator, self.recipe, margin=0),
            pn.Row(self.trees, self.seed, margin=0),
            visible=False,
            margin=0,
        )
        self.unfold = pn.widgets.Toggle(label="Estimator, trees, seed", width=_WIDTH)
        self.unfold.param.watch(lambda event: self.card.param.update(visible=event.new), "value")
        self.panel = pn.Column(
            pn.Row(self.is_live, self.once, margin=0),
            pn.Row(self.state, self.busy, margin=(0, 10)),
            self.grid.panel,
            self.count,
            pn.Row(self.all, self.none, self.suggest, margin=0),
            self.back,
            self.unfold,
            self.card,
            pn.Row(self.overlay, self.opacity, margin=0),
            self.shown_class,
            self.next,
            self.path,
            pn.Row(self.save, self.replace, margin=0),
            self.found,
            margin=0,
        )

    @property
    def settings(self) -> TrainSettings:
        """What is chosen.

        Raises
        ------
        UsageError
            No feature is ticked.
        """
        return self.describe(self.grid.read(str(self.recipe.value)).to_text())

    def describe(self, features: str) -> TrainSettings:
        """Return what is chosen, with other features."""
        return TrainSettings(
            features=features,
            recipe=str(self.recipe.value),
            estimator=str(self.estimator.value),
            trees=int(self.trees.value or 1),
            seed=int(self.seed.value or 0),
        )

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Change widgets without anybody taking it for a choice."""
        was_held, self.is_held = self.is_held, True
        try:
            yield
        finally:
            self.is_held = was_held

    @property
    def choice(self) -> TrainChoice:
        """What is chosen, for `restore`."""
        settings = self.describe("")
        return TrainChoice(
            features=tuple(self.grid.choices),
            estimator=settings.estimator,
            recipe=settings.recipe,
            trees=settings.trees,
            seed=settings.seed,
            overlay=str(self.overlay.value),
            opacity=int(self.opacity.value),
            path=str(self.path.value),
        )

    def restore(self, choice: TrainChoice) -> None:
        """Show what was chosen before."""
        self.grid.tick(list(choice.features))
        for name in ("estimator", "recipe", "trees", "seed", "overlay", "opacity", "path"):
            getattr(self, name).value = getattr(choice, name)

    def count_features(self, bands: int) -> None:
        """Say how many features of so many bands are ticked."""
        choices = self.grid.choices
        number = len(make_features(choices, "ilastik").columns(bands)) if choices else 0
        self.count.object = f"{number} features of {bands} band{'s' if bands > 1 else ''}"

    def offer(self, trouble: str) -> None:
        """Let nothing be pressed that cannot be done, and say why; all can where there is no trouble."""
        for one in (self.is_live, self.once, self.suggest, self.next):
            one.disabled = bool(trouble)
        self.say_state(trouble or "idle")

    def say_state(self, text: str, *, is_busy: bool = False) -> None:
        """Say what is being done."""
        self.said, self.is_busy = text, is_busy
        self.state.object = escape(text)
        self.show_busy()

    def show_busy(self) -> None:
        """Turn the sign of work, as long as there is some."""
        is_busy = self.is_busy or self.is_suggesting
        self.busy.param.update(value=is_busy, visible=is_busy)
        self.suggest.disabled = self.is_suggesting or self.is_live.disabled
