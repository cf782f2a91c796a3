"""The pane "Train": features and a classifier that learns from the labels, live, with overlays of what it predicts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tsraster.app.bench import Bench
from tsraster.app.subjects import Subject
from tsraster.app.training.featureadvice import FeatureAdvice
from tsraster.app.training.featuregrid import choose_first, list_all
from tsraster.app.training.livefitting import BoardLabels
from tsraster.app.training.livelisteners import Listeners
from tsraster.app.training.livetiles import Results
from tsraster.app.training.placefinder import PlaceFinder
from tsraster.app.training.predictionlayer import PredictionLayer
from tsraster.app.training.predictionpicture import NOWHERE, PredictionPicture
from tsraster.app.training.trainform import TrainForm
from tsraster.app.training.trainingnotes import describe_training
from tsraster.app.training.trainmemory import keep_choice, recall_choice
from tsraster.app.training.trainsession import TrainSettings, find_trouble, open_session, save_as
from tsraster.errors import TsrasterError
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.scenes import Box

TITLE = "Train"
_FEW = "Draw labels of two classes at least (pane Scribble)."


class TrainPane:
    """Training with the labels of the source in front.

    Parameters
    ----------
    bench : Bench
        The page.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._trained_with: BoardLabels | None = None
        self._key = object()
        """Of the source in front: what is told of another one is not heard."""
        self._lock = threading.Lock()
        self._is_open = self._is_opening = self._wants_once = self._is_warm = False
        self.form = TrainForm(self._choose_features)
        self.panel = self.form.panel
        self.layer = PredictionLayer(bench, self.form)
        self.places = PlaceFinder(bench, self.layer)
        self._advice = FeatureAdvice(bench, self.form, self.layer)
        self._connect()

    def _connect(self) -> None:
        bench, form = self._bench, self.form
        for topic, callback in (
            ("subject", self._begin), ("tab", self._open_tab), ("labels", self._take_labels), ("close", self._leave),
        ):  # fmt: skip
            bench.hear(topic, callback)
        for one in (form.estimator, form.recipe, form.trees, form.seed):
            one.param.watch(lambda _: self._choose_features(), "value")
        for one in (form.overlay, form.opacity, form.path):
            one.param.watch(lambda _: self._keep(), "value")
        form.is_live.param.watch(lambda event: self._switch(event.new), "value")
        form.once.on_click(lambda _: self._train())
        form.all.on_click(lambda _: form.grid.tick(list_all()))
        form.none.on_click(lambda _: form.grid.tick([]))
        form.next.on_click(lambda _: self.places.go_on())
        form.save.on_click(lambda _: self._save())

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
        return self.layer.training

    def tell(self, row: int, col: int) -> str:
        """Say which class is predicted for a pixel."""
        return self.layer.tell(row, col)

    # The source in front.

    def _begin(self) -> None:
        self._leave()
        subject, form = self._bench.subject, self.form
        with form.hold():
            form.is_live.value = False
            known = recall_choice(self._bench.gallery, subject)
            if known is None:
                form.grid.tick(choose_first(len(subject.raster.data_bands)))
                form.path.value = f"{Path(subject.title).stem}.tsmodel"
            else:
                form.restore(known)
        self.layer.begin(subject.raster.shape)
        self._advice.forget()
        form.found.object = ""
        form.save.disabled = True
        form.count_features(len(subject.raster.data_bands))
        form.offer(find_trouble(subject))
        if self._is_open:
            self._open()

    def _keep(self) -> None:
        """Keep what is chosen for a page that is loaded anew."""
        if not self.form.is_held:
            keep_choice(self._bench.gallery, self._bench.subject, self.form.choice)

    def _open_tab(self, title: str) -> None:
        if title == TITLE and not self._is_open:
            self._is_open = True
            self._open()

    def _open(self) -> None:
        """Open the source for training, in the background, and have compiled what the first stroke needs."""
        if self.form.is_live.disabled or self.layer.session is not None or self._is_opening:
            return
        self._is_opening = True
        key, subject = self._key, self._bench.subject
        picture = self.layer.picture
        work = partial(self._open_session, key, subject, picture)
        self._bench.run(work, lambda _: self._start(key), partial(self._end_opening, key))

    def _open_session(self, key: object, subject: Subject, picture: PredictionPicture) -> None:
        session = open_session(self._bench.gallery, subject, self._listen(key, picture), picture)
        with self._lock:
            if key is self._key:
                self.layer.session = session
                return
        session.close()

    def _end_opening(self, key: object) -> None:
        if key is self._key:
            self._is_opening = False
            if self.layer.session is None:
                self.form.say_state("idle")

    def _start(self, key: object) -> None:
        session = self.layer.session
        if key is not self._key or session is None:
            return
        if not self._is_warm:
            self._is_warm = True
            session.live.warm_up()
        self.layer.take_classes()
        if self._wants_once or self.form.is_live.value:
            self._request()

    def _leave(self) -> None:
        """Give up the source; what works on it is waited for elsewhere."""
        with self._lock:
            session, self._key = self.layer.leave(), object()
        self._trained_with = None
        self._is_opening = self._wants_once = self.form.is_suggesting = False
        self.form.show_busy()
        if session is not None:
            threading.Thread(target=session.close, name="tsraster-leave", daemon=True).start()

    # What is trained.

    def _switch(self, is_on: bool) -> None:
        session = self.layer.session
        if self.form.is_held:
            return
        if is_on:
            self._train()
        elif session is not None:
            self._wants_once, self.layer.view = False, NOWHERE
            session.live.look(NOWHERE)
            if not self.form.is_busy:
                self.form.say_state("idle")

    def _train(self) -> None:
        self._wants_once = True
        if self.layer.session is None:
            self.form.say_state("opening the source")
            self._open()
        else:
            self._request()

    def _choose_features(self) -> None:
        if self.form.is_held:
            return
        self.form.count_features(len(self._bench.subject.raster.data_bands))
        self._advice.check()
        self._keep()
        self._train_live()

    def _take_labels(self, *_: Any) -> None:
        self.layer.take_classes()
        self._train_live()

    def _train_live(self) -> None:
        if self.form.is_live.value and self.layer.session is not None:
            self._request()

    def _request(self) -> None:
        session = self.layer.session
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
        self.layer.wants_place = False
        self._trained_with = labels
        self.form.say_state("training", is_busy=True)
        self.layer.set_view()
        session.live.request(labels, features, plan, self.layer.view)
        session.live.look(self.layer.view, self.layer.wanted)

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
        self.layer.take_classes()
        self.layer.count_tiles()

    def _take_tile(self) -> None:
        if self.layer.take_tile():
            self.places.jump()

    def _take_error(self, sentence: str) -> None:
        self.layer.wants_place = False
        self.form.say_state("idle")
        self._bench.say(sentence, is_wrong=True)

    def _rest(self) -> None:
        self.places.jump()
        self.layer.rest()

    def _show_found(self, training: Training) -> None:
        session = self.layer.session
        if session is not None:
            classes = session.labels.classes
            self.form.found.object = describe_training(training, classes.names, classes.colors)
            self.form.save.disabled = False

    # The model.

    def _save(self) -> None:
        session, training, labels = self.layer.session, self.training, self._trained_with
        if session is None or training is None or labels is None:
            self._bench.say("there is no model yet; train first", is_wrong=True)
            return
        text, overwrite = str(self.form.path.value), bool(self.form.replace.value)
        desk = self._bench.gallery.desk
        self._bench.run(
            lambda: save_as(text, desk, training, session, labels, overwrite=overwrite),
            lambda path: self._bench.say(f"saved {path}"),
        )
