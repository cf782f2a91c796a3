"""`PredictionLayer`: what is predicted of the source in front, as a layer of the picture, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from tsraster.app.bench import Bench, Painting
from tsraster.app.picture.viewports import Viewport
from tsraster.app.training.livetiles import RESULTS
from tsraster.app.training.overlaycolors import OPACITIES, color_overlay
from tsraster.app.training.predictionpicture import NOWHERE, PredictionPicture
from tsraster.app.training.trainform import TrainForm
from tsraster.app.training.trainsession import TrainSession
from tsraster.lut import RGBA
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.scenes import Box

NAME = "prediction"
"""Of the layer."""
ALL_SEEN = "idle: all that is seen is predicted"
_FAR = "Zoom in to see the prediction: this is more than 16 million pixels."
_PAUSE = 0.3
"""Seconds between two pictures of a prediction that goes on."""


class PredictionLayer:
    """Which part is predicted, how far that is, and in which colors it is shown.

    Parameters
    ----------
    bench : Bench
        The page.
    form : TrainForm
        Where the overlay is chosen.
    """

    def __init__(self, bench: Bench, form: TrainForm) -> None:
        self._bench, self._form = bench, form
        self.session: TrainSession | None = None
        """Of the source in front; None until it is open."""
        self.picture = PredictionPicture((1, 1))
        self.view: Box = NOWHERE
        """What is to be predicted."""
        self.wants_place = False
        """Whether uncertainty is wanted too, to find a place by it."""
        self._opacities = dict(OPACITIES)
        self._painted = 0.0
        self._is_complete = False
        """Whether all that is seen was predicted and painted."""
        bench.hear("view", self.look)
        bench.paint_by(NAME, self.paint)
        for one in (form.overlay, form.shown_class):
            one.param.watch(lambda _: self._choose(), "value")
        form.opacity.param.watch(lambda event: self._set_opacity(event.new), "value")

    @property
    def training(self) -> Training | None:
        """The present model, and what is known of it."""
        return None if self.session is None else self.session.live.training

    @property
    def wanted(self) -> frozenset[str]:
        """What is predicted: only what is shown, as the rest takes as long again."""
        more = {"uncertainty"} if self.wants_place else set()
        return frozenset({"segmentation", *more, *({str(self._form.overlay.value)} & set(RESULTS))})

    def begin(self, shape: tuple[int, int]) -> None:
        """Begin with another source, of that many rows and columns."""
        self.picture = PredictionPicture(shape)
        form = self._form
        form.shown_class.visible = form.overlay.value == "probability"
        self._opacities[str(form.overlay.value)] = int(form.opacity.value)
        with form.hold():
            form.shown_class.options = {}

    def leave(self) -> TrainSession | None:
        """Let go of the source, and return what is to be closed."""
        session, self.session = self.session, None
        self.view, self.wants_place = NOWHERE, False
        return session

    # What is predicted.

    def set_view(self) -> None:
        """Find out which part is to be predicted."""
        bench = self._bench
        if not bench.canvas.is_laid_out or (self._form.overlay.value == "none" and not self.wants_place):
            self.view = NOWHERE
            return
        seen = self.picture.find_view(bench.canvas.viewport)
        self.view = NOWHERE if seen is None else seen
        if seen is None:
            self._form.say_state(_FAR)

    def look(self, *_: Any) -> None:
        """Predict what is seen now; without live update only if that is asked for."""
        session, form = self.session, self._form
        if session is None:
            return
        if not (form.is_live.value or self.wants_place):
            if form.said == ALL_SEEN:
                form.say_state("idle")
            return
        if session.live.training is None and not form.is_busy:
            return
        self._predict(session)

    def _predict(self, session: TrainSession) -> None:
        self.set_view()
        session.live.look(self.view, self.wanted)
        self.count_tiles()

    def take_tile(self) -> bool:
        """Show another tile, perhaps with those that follow, and return whether all that is seen is done."""
        self.count_tiles()
        done, number = self.count()
        # Each picture is as large as the view: not every tile is worth one, but the last of those that are seen is. Tiles around
        # the view come after it, and are painted when all is done.
        is_last = done == number and not self._is_complete
        if is_last or (done < number and time.monotonic() - self._painted > _PAUSE):
            self._painted = time.monotonic()
            self._bench.repaint(NAME)
        self._is_complete = done == number
        return self._is_complete

    def count(self) -> tuple[int, int]:
        """Return how many tiles of what is seen are done, and how many there are."""
        return self.picture.count(self.view, self.wanted)

    def count_tiles(self) -> None:
        """Say how far the prediction is."""
        done, number = self.count()
        if self.view == NOWHERE and self._form.said == _FAR:
            return
        if done < number:
            self._form.say_state(f"predicting: {done} of {number} tiles", is_busy=True)
        elif number:
            self._form.say_state(f"predicted: {number} of {number} tiles")

    def rest(self) -> None:
        """Show what is done, and say that there is no more to do."""
        self._bench.repaint(NAME)
        if self._form.said == "training" or self._form.said.startswith("predict"):
            self._form.say_state(ALL_SEEN if self.view != NOWHERE else "idle")
        self._form.show_busy()

    # How it is shown.

    def take_classes(self) -> None:
        """Show names and colors of classes as they are now."""
        if self.session is None:
            return
        shown, names = self._form.shown_class, self.session.labels.classes.names
        options = {f"{code} {name}": code for code, name in names.items()}
        if options != shown.options:
            value = shown.value if shown.value in names else next(iter(options.values()), None)
            with self._form.hold():
                shown.param.update(options=options, value=value)
        self._color()

    def _choose(self) -> None:
        form, session = self._form, self.session
        if form.is_held:
            return
        overlay = str(form.overlay.value)
        form.shown_class.visible = overlay == "probability"
        self._bench.canvas.hide(NAME)  # its codes would be seen in the colors of the next
        with form.hold():
            form.opacity.value = self._opacities[overlay]
        self._color()
        if session is not None and session.live.training is not None:
            # What was trained is shown in the way that is asked for, be it live or not.
            self._predict(session)
        self._bench.repaint(NAME)

    def _set_opacity(self, opacity: int) -> None:
        if not self._form.is_held:
            self._opacities[str(self._form.overlay.value)] = opacity
            self._color()

    def _color(self) -> None:
        overlay, shown = str(self._form.overlay.value), self._form.shown_class.value
        colors = color_overlay(overlay, self._list_colors(), shown)
        self._bench.canvas.color(NAME, colors, float(self._form.opacity.value) / 100)

    def _list_colors(self) -> Mapping[int, RGBA]:
        if self.session is None:
            return {}
        model = None if self.training is None else self.training.model
        known = {} if model is None else dict(zip(model.codes, model.lut.colors, strict=True))
        return known | dict(self.session.labels.classes.colors)

    def paint(self, viewport: Viewport) -> Painting | None:
        """Return the layer; None where nothing is to be shown."""
        session, name = self.session, str(self._form.overlay.value)
        training = None if session is None else session.live.training
        if session is None or training is None or name not in RESULTS:
            return None
        place = None
        if name == "probability":
            codes = training.model.codes
            if self._form.shown_class.value not in codes:
                return None
            place = codes.index(self._form.shown_class.value)
        found = session.picture.compose(session.live, viewport, name, place)
        return None if found is None else (NAME, *found)

    def tell(self, row: int, col: int) -> str:
        """Say which class is predicted for a pixel, and how probable it is where that is known."""
        session, training = self.session, self.training
        if session is None or training is None:
            return ""
        look = partial(session.live.compose, view=(slice(row, row + 1), slice(col, col + 1)))
        found = look("segmentation")
        code, codes = (0 if found is None else int(found[0, 0])), training.model.codes
        if code not in codes:  # not predicted yet, or by a model that is older
            return ""
        text = f"predicted {code} {session.labels.classes.names.get(code, '')}".rstrip()
        shares = look("probability")
        share = 0 if shares is None or len(shares) != len(codes) else int(shares[codes.index(code), 0, 0])
        return f"{text} ({100 * share / 255:.0f} %)" if share else text
