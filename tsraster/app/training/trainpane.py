"""The pane "Train": features and a classifier that learns from the labels, live, with overlays of what it predicts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tsraster.app.bench import Bench, Painting
from tsraster.app.desk import resolve_output
from tsraster.app.picture.viewports import Viewport
from tsraster.app.subjects import Subject
from tsraster.app.training.featuregrid import choose_first, list_all, make_features
from tsraster.app.training.livefitting import BoardLabels
from tsraster.app.training.livelisteners import Listeners
from tsraster.app.training.livetiles import RESULTS, Results
from tsraster.app.training.predictionpicture import NOWHERE, PredictionPicture
from tsraster.app.training.trainform import TrainForm
from tsraster.app.training.trainingnotes import describe_training
from tsraster.app.training.trainsession import (
    TrainSession,
    TrainSettings,
    check_extra,
    open_session,
    save_model,
    suggest,
)
from tsraster.coloring import bind_lut
from tsraster.errors import DataError, TsrasterError
from tsraster.learning.suggestion import Suggestion
from tsraster.lut import RGBA
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.scenes import Box
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace
from tsraster.pipeline.luts import load_lut

TITLE = "Train"
_RAMP = "thermal"
_GRAY: RGBA = (128, 128, 128, 255)
_NO_VOLUMES = "Planes of a volume are not trained on here; use the command: tsraster train --volume"
_FEW = "Draw labels of two classes at least (pane Scribble)."
_PAUSE = 0.3
"""Seconds between two pictures of a prediction that goes on."""
_ALL_SEEN = "idle: all that is seen is predicted"
_FAR = "Zoom in to see the prediction: this is more than 16 million pixels."


class TrainPane:
    """Training with the labels of the source in front.

    Parameters
    ----------
    bench : Bench
        The page.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session: TrainSession | None = None
        self._trained_with: BoardLabels | None = None
        self._key = object()
        """Of the source in front: what is told of another one is not heard."""
        self._lock = threading.Lock()
        self._picture = PredictionPicture((1, 1))
        self._is_open = self._is_opening = self._wants_once = self._wants_place = self._is_asked = False
        self._is_warm = False
        self._painted = 0.0
        self._is_complete = False
        """Whether all that is seen was predicted and painted."""
        self._view: Box = NOWHERE
        self.form = TrainForm(self._choose_features)
        self.panel = self.form.panel
        self._connect()

    def _connect(self) -> None:
        bench = self._bench
        for topic, callback in (
            ("subject", self._begin), ("tab", self._open_tab), ("labels", self._take_labels), ("view", self._look),
            ("key", lambda key: self._go_on() if key == "n" else None), ("close", self._leave),
        ):  # fmt: skip
            bench.hear(topic, callback)
        bench.paint_by("prediction", self._paint)
        for one in (self.form.estimator, self.form.recipe, self.form.trees, self.form.seed):
            one.param.watch(lambda _: self._choose_features(), "value")
        for one in (self.form.overlay, self.form.shown_class):
            one.param.watch(lambda _: self._choose_overlay(), "value")
        self.form.opacity.param.watch(lambda _: self._color(), "value")
        self.form.is_live.param.watch(lambda event: self._switch(event.new), "value")
        self.form.once.on_click(lambda _: self._train())
        self.form.all.on_click(lambda _: self.form.grid.tick(list_all()))
        self.form.none.on_click(lambda _: self.form.grid.tick([]))
        self.form.suggest.on_click(lambda _: self._suggest())
        self.form.next.on_click(lambda _: self._go_on())
        self.form.save.on_click(lambda _: self._save())

    # What other panes ask.

    @property
    def settings(self) -> TrainSettings:
        """What is chosen, such that the command line can be spelled.

        Raises
        ------
        UsageError
            No feature is ticked.
        """
        return self.form.settings

    @property
    def training(self) -> Training | None:
        """The present model, and what is known of it."""
        return None if self._session is None else self._session.live.training

    # The source in front.

    def _begin(self) -> None:
        self._leave()
        subject = self._bench.subject
        self._picture = PredictionPicture(subject.raster.shape)
        self._is_asked = True
        self.form.is_live.value = False
        self.form.grid.tick(choose_first(len(subject.raster.data_bands)))
        self.form.path.value = f"{Path(subject.title).stem}.tsmodel"
        self.form.shown_class.options = {}
        self._is_asked = False
        self.form.found.object = ""
        self.form.save.disabled = True
        self.form.count_features(len(self._bench.subject.raster.data_bands))
        self._offer()
        if self._is_open:
            self._open()

    def _offer(self) -> None:
        """Let nothing be pressed that cannot be done."""
        trouble = _NO_VOLUMES if self._bench.subject.planes > 1 else ""
        try:
            check_extra()
        except TsrasterError as error:
            trouble = str(error)
        self.form.enable(not trouble)
        self.form.say_state(trouble or "idle")

    def _open_tab(self, title: str) -> None:
        if title == TITLE and not self._is_open:
            self._is_open = True
            self._open()

    def _open(self) -> None:
        """Open the source for training, in the background, and have compiled what the first stroke needs."""
        if self.form.is_live.disabled or self._session is not None or self._is_opening:
            return
        self._is_opening = True
        key, subject = self._key, self._bench.subject
        picture = self._picture
        work = partial(self._open_session, key, subject, picture)
        self._bench.run(work, lambda _: self._start(key), partial(self._end_opening, key))

    def _open_session(self, key: object, subject: Subject, picture: PredictionPicture) -> None:
        session = open_session(self._bench.gallery, subject, self._listen(key, picture), picture)
        with self._lock:
            if key is self._key:
                self._session = session
                return
        session.close()

    def _end_opening(self, key: object) -> None:
        if key is self._key:
            self._is_opening = False
            if self._session is None:
                self.form.say_state("idle")

    def _start(self, key: object) -> None:
        if key is not self._key or self._session is None:
            return
        if not self._is_warm:
            self._is_warm = True
            self._session.live.warm_up()
        self._take_classes()
        if self._wants_once or self.form.is_live.value:
            self._request()

    def _leave(self) -> None:
        """Give up the source; what works on it is waited for elsewhere."""
        with self._lock:
            session, self._session, self._key = self._session, None, object()
        self._trained_with, self._view = None, NOWHERE
        self._is_opening = self._wants_once = self._wants_place = self.form.is_suggesting = False
        self.form.show_busy()
        if session is not None:
            threading.Thread(target=session.close, name="tsraster-leave", daemon=True).start()

    # What is trained.

    def _switch(self, is_on: bool) -> None:
        if self._is_asked:
            return
        if is_on:
            self._train()
        elif self._session is not None:
            self._wants_once, self._view = False, NOWHERE
            self._session.live.look(NOWHERE)
            if not self.form.is_busy:
                self.form.say_state("idle")

    def _train(self) -> None:
        self._wants_once = True
        if self._session is None:
            self.form.say_state("opening the source")
            self._open()
        else:
            self._request()

    def _choose_features(self) -> None:
        if self._is_asked:
            return
        self.form.count_features(len(self._bench.subject.raster.data_bands))
        self._train_live()

    def _take_labels(self, *_: Any) -> None:
        self._take_classes()
        self._train_live()

    def _train_live(self) -> None:
        if self.form.is_live.value and self._session is not None:
            self._request()

    def _request(self) -> None:
        session = self._session
        if session is None:
            return
        was_asked, self._wants_once = self._wants_once, False
        labels = session.look()
        if len(session.labels.board.counts()) < 2:
            self.form.say_state(_FEW)
            if was_asked and not self.form.is_live.value:
                self._bench.say(_FEW, is_wrong=True)
            return
        try:
            settings = self.settings
            features, plan = self.form.grid.read(settings.recipe), settings.plan
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
            return
        self._wants_place = False
        self._trained_with = labels
        self.form.say_state("training", is_busy=True)
        self._set_view()
        session.live.request(labels, features, plan, self._view)
        session.live.look(self._view, self._wanted)

    @property
    def _wanted(self) -> frozenset[str]:
        """What is predicted: only what is shown, as the rest takes as long again."""
        more = {"uncertainty"} if self._wants_place else set()
        return frozenset({"segmentation", *more, *({str(self.form.overlay.value)} & set(RESULTS))})

    def _set_view(self) -> None:
        """Find out which part is to be predicted."""
        bench = self._bench
        if not bench.canvas.is_laid_out or (self.form.overlay.value == "none" and not self._wants_place):
            self._view = NOWHERE
            return
        seen = self._picture.find_view(bench.canvas.viewport)
        self._view = NOWHERE if seen is None else seen
        if seen is None:
            self.form.say_state(_FAR)

    def _look(self, *_: Any) -> None:
        """Predict what is seen now; without live update only if that is asked for."""
        session = self._session
        if session is None:
            return
        if not (self.form.is_live.value or self._wants_place):
            if self.form.said == _ALL_SEEN:
                self.form.say_state("idle")
            return
        if session.live.training is None and not self.form.is_busy:
            return
        self._set_view()
        session.live.look(self._view, self._wanted)
        self._count_tiles()

    def _suggest(self) -> None:
        if self._session is None or self.form.is_suggesting:
            return
        session, key = self._session, self._key
        largest = (min(session.scene.shape) - 1) / 3.5
        features = make_features([one for one in list_all() if one[1] <= largest], str(self.form.recipe.value))
        try:
            plan = self.form.describe(features.to_text()).plan
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
            return
        self.form.is_suggesting = True
        self.form.show_busy()
        self._bench.say("looking for the fewest features that do as well on the labels")

        def take(found: Suggestion | None) -> None:
            if found is not None and key is self._key:
                share = 100 * found.recommended.accuracy
                self._bench.say(
                    f"suggested: {found.recommended}, out of bag right for {share:.1f} % of labeled pixels; "
                    "coarse scales are favored where strokes are few"
                )
                self.form.grid.tick(list(found.recommended.choices))

        def end() -> None:
            if key is self._key:
                self.form.is_suggesting = False
                self.form.show_busy()

        self._bench.run(partial(suggest, session.source, session.look(), features, plan), take, end)

    # What is told from the thread that works.

    def _listen(self, key: object, picture: PredictionPicture) -> Listeners:
        def pass_on(function: Callable[..., None]) -> Callable[..., None]:
            def listen(*what: Any) -> None:
                self._bench.later(lambda: function(*what) if key is self._key else None)

            return listen

        take_model, take_tile = pass_on(self._take_model), pass_on(self._take_tile)

        def note_model(training: Training) -> None:
            picture.note_model()
            take_model(training)

        def note_tile(box: Box, results: Results) -> None:
            picture.note_tile(box, results.keys())
            take_tile()

        return Listeners(
            on_model=note_model,
            on_tile=note_tile,
            on_validation=pass_on(self._show_found),
            on_error=pass_on(self._take_error),
            on_idle=pass_on(self._rest),
        )

    def _take_model(self, training: Training) -> None:
        self._show_found(training)
        self._take_classes()
        self._count_tiles()

    def _take_tile(self) -> None:
        self._count_tiles()
        done, number = self._picture.count(self._view, self._wanted)
        # Each picture is as large as the view: not every tile is worth one, but the last of those that are seen is. Tiles around
        # the view come after it, and are painted when all is done.
        is_last = done == number and not self._is_complete
        if is_last or (done < number and time.monotonic() - self._painted > _PAUSE):
            self._painted = time.monotonic()
            self._bench.repaint("prediction")
        self._is_complete = done == number
        if self._wants_place and done == number:
            self._jump()

    def _count_tiles(self) -> None:
        done, number = self._picture.count(self._view, self._wanted)
        if self._view == NOWHERE and self.form.said == _FAR:
            return
        if done < number:
            self.form.say_state(f"predicting: {done} of {number} tiles", is_busy=True)
        elif number:
            self.form.say_state(f"predicted: {number} of {number} tiles")

    def _take_error(self, sentence: str) -> None:
        self._wants_place = False
        self.form.say_state("idle")
        self._bench.say(sentence, is_wrong=True)

    def _rest(self) -> None:
        if self._wants_place:
            self._jump()
        self._bench.repaint("prediction")
        if self.form.said == "training" or self.form.said.startswith("predict"):
            self.form.say_state(_ALL_SEEN if self._view != NOWHERE else "idle")
        self.form.show_busy()

    def _show_found(self, training: Training) -> None:
        classes = self._session.labels.classes if self._session is not None else None
        if classes is not None:
            self.form.found.object = describe_training(training, classes.names, classes.colors)
            self.form.save.disabled = False

    # Overlays.

    def _take_classes(self) -> None:
        if self._session is None:
            return
        names = self._session.labels.classes.names
        options = {f"{code} {name}": code for code, name in names.items()}
        if options != self.form.shown_class.options:
            chosen = self.form.shown_class.value
            self._is_asked = True
            self.form.shown_class.param.update(
                options=options, value=chosen if chosen in names else next(iter(options.values()), None)
            )
            self._is_asked = False
        self._color()

    def _choose_overlay(self) -> None:
        if self._is_asked:
            return
        self.form.shown_class.visible = self.form.overlay.value == "probability"
        self._bench.canvas.hide("prediction")  # its codes would be seen in the colors of the next
        self._color()
        session = self._session
        if session is not None and (session.live.training is not None):
            # What was trained is shown in the way that is asked for, be it live or not.
            self._set_view()
            session.live.look(self._view, self._wanted)
            self._count_tiles()
        self._bench.repaint("prediction")

    def _color(self) -> None:
        opacity = float(self.form.opacity.value) / 100
        self._bench.canvas.color("prediction", self._list_colors(str(self.form.overlay.value)), opacity)

    def _list_colors(self, overlay: str) -> dict[int, RGBA]:
        """Return the colors of codes: of classes, or of shares, the smaller the more transparent."""
        known: dict[int, RGBA] = {}
        if self._session is not None:
            model = None if self.training is None else self.training.model
            known = {} if model is None else dict(zip(model.codes, model.lut.colors, strict=True))
            known |= self._session.labels.classes.colors
        if overlay == "probability":
            red, green, blue, _ = known.get(self.form.shown_class.value, _GRAY)
            return {share: (red, green, blue, share) for share in range(1, 256)}
        if overlay == "uncertainty":
            bound = bind_lut(load_lut(_RAMP), tuple(range(1, 256)))
            return {int(key): (*color[:3], int(key)) for key, color in zip(bound.keys, bound.colors, strict=True)}
        return known

    def _paint(self, viewport: Viewport) -> Painting | None:
        session, name = self._session, str(self.form.overlay.value)
        training = None if session is None else session.live.training
        if session is None or training is None or name not in RESULTS:
            return None
        place = None
        if name == "probability":
            codes = training.model.codes
            if self.form.shown_class.value not in codes:
                return None
            place = codes.index(self.form.shown_class.value)
        found = session.picture.compose(session.live, viewport, name, place)
        return None if found is None else ("prediction", *found)

    # The next place.

    def _go_on(self) -> None:
        session, key = self._session, self._key
        if session is None or session.live.training is None:
            self._bench.say("nothing is trained yet; draw labels of two classes and press Train once", is_wrong=True)
            return
        self._bench.run(
            session.live.next_uncertain, lambda place: self._show_place(place) if key is self._key else None
        )

    def _show_place(self, place: UncertainPlace | None) -> None:
        """Go to a place, or predict what is seen with its uncertainty first."""
        if place is not None:
            self._visit(place)
            return
        self._wants_place = True
        self._look()
        done, number = self._picture.count(self._view, self._wanted)
        if done == number:
            self._jump()

    def _jump(self) -> None:
        session = self._session
        if session is None:
            return
        self._wants_place = False
        place = session.live.next_uncertain()
        if place is None:
            self._bench.say("no uncertain place is seen that is away from labels; move on, or zoom out")
        else:
            self._visit(place)

    def _visit(self, place: UncertainPlace) -> None:
        canvas = self._bench.canvas
        canvas.look_at(place.col + 0.5, place.row + 0.5, min(1.0, canvas.scale))
        self._bench.say(f"uncertain by {100 * place.uncertainty:.0f} %: col {place.col}, row {place.row}")

    # The model.

    def _save(self) -> None:
        session, training, labels = self._session, self.training, self._trained_with
        if session is None or training is None or labels is None:
            self._bench.say("there is no model yet; train first", is_wrong=True)
            return
        text, overwrite = str(self.form.path.value), bool(self.form.replace.value)

        def work() -> Path:
            path = resolve_output(text, self._bench.gallery.desk)
            if path.suffix.lower() not in (".tsmodel", ".ilp"):
                raise DataError(f"{path.name} is no name of a model; let it end in .tsmodel or .ilp")
            save_model(path, training, session, labels, overwrite=overwrite)
            return path

        self._bench.run(work, lambda path: self._bench.say(f"saved {path}"))
