"""`LiveTraining`: trains on every stroke and predicts what is seen first; a newer stroke cancels an older prediction."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.app.training import livefitting
from tsraster.app.training.livefitting import BoardLabels, fit_labels, without_validation
from tsraster.app.training.livelisteners import Listeners
from tsraster.app.training.livetiles import RESULTS, TileStore, order_tiles, shrink_results
from tsraster.errors import TsrasterError, UsageError
from tsraster.learning.featureset import FeatureSet
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.predictjob import PredictJob
from tsraster.pipeline.learning.scenes import Box, Scene, grow
from tsraster.pipeline.learning.trainreport import TrainPlan
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace

_LOG = logging.getLogger(__name__)
_THREADS = 2
_NEAR = 20
"""Pixels: places nearer than this to a label, or to a place that was shown already, are not shown as uncertain."""
_RING = 1
"""Tiles around the view that are predicted when all that is seen is done."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Request:
    labels: BoardLabels
    features: FeatureSet
    plan: TrainPlan


class LiveTraining:
    """Training and prediction in the background, for a picture that somebody looks at while drawing labels.

    One thread decides what comes next: a model of the newest labels; the tiles that are seen, the middle first; a suggestion, if
    one is wanted; the tiles around; the accuracy of the model. It asks itself again after every tile.

    Parameters
    ----------
    scene : Scene
        The picture; must stay open until `close`.
    listeners : Listeners, optional
        What is told about it.
    wanted : names of `RESULTS`
        What is predicted; the segmentation always is. Alone, it takes about half the time.
    most_bytes : int
        So much of predictions is kept.
    """

    def __init__(
        self,
        scene: Scene,
        listeners: Listeners | None = None,
        *,
        wanted: Collection[str] = RESULTS,
        most_bytes: int = 80_000_000,
    ) -> None:
        self._scene, self._listeners = scene, listeners or Listeners()
        self._store = TileStore(most_bytes=most_bytes)
        self._wanted = _check_wanted(wanted)
        self._view: Box | None = None
        self._looked = 0
        """How often the view or what is wanted has changed."""
        self._told: set[tuple[int, ...]] = set()
        """Tiles that were tried for this view and this model: one that did not stay in the store is not made again."""
        self._pending: _Request | None = None
        self._served: _Request | None = None
        self._training: Training | None = None
        self._is_unvalidated = self._wants_suggestion = self._wants_warmth = self._is_closing = False
        self._is_idle = True
        self._visited: list[UncertainPlace] = []
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="tsraster-live")
        self._thread = threading.Thread(target=self._run, name="tsraster-live", daemon=True)
        self._thread.start()

    # What the page calls; all return at once.

    def warm_up(self) -> None:
        """Load libraries and compile functions while nobody waits for them."""
        with self._changed:
            self._wants_warmth, self._is_idle = True, False
            self._changed.notify()

    def request(self, labels: BoardLabels, features: FeatureSet, plan: TrainPlan, view: Box) -> None:
        """Train with these labels and predict what is seen; what was asked for before is given up."""
        with self._changed:
            self._pending = _Request(labels=labels, features=features, plan=replace(plan, suggest=False))
            self._see(view)

    def look(self, view: Box, wanted: Collection[str] | None = None) -> None:
        """Predict what is missing in a view, rows and columns, with the present model; `wanted` as for the class."""
        with self._changed:
            if wanted is not None:
                self._wanted = _check_wanted(wanted)
            self._see(view)

    def _see(self, view: Box) -> None:
        self._view, self._looked, self._is_idle = view, self._looked + 1, False
        self._told = set()
        self._changed.notify()

    def suggest_features(self) -> None:
        """Look for fewer features that do as well on the labels of the last request."""
        with self._changed:
            self._wants_suggestion, self._is_idle = True, False
            self._changed.notify()

    @property
    def training(self) -> Training | None:
        """The present model and what is known of it; None before the first one."""
        return self._training

    def compose(self, name: str, view: Box) -> NDArray[Any] | None:
        """Return a result of the present model in a view, 0 where it is not predicted yet; None where nothing is.

        Parameters
        ----------
        name : "segmentation", "probability" or "uncertainty"
        view : box
            Rows and columns, which may reach beyond the raster.
        """
        return self._store.compose(name, view)

    def next_uncertain(self, view: Box | None = None) -> UncertainPlace | None:
        """Return where the model is least certain, in a view or in all that is predicted, and not the same place again.

        Places near labels or near those that were returned before are left out. None where no other is known; then it begins
        anew. Needs the result "uncertainty".
        """
        with self._changed:
            served = self._pending or self._served
            for place in self._store.list_uncertain(view):
                is_new = all(_is_apart(place, other) for other in self._visited)
                if is_new and (served is None or self._is_unlabeled(place, served.labels)):
                    self._visited.append(place)
                    return place
            self._visited.clear()
            return None

    def _is_unlabeled(self, place: UncertainPlace, labels: BoardLabels) -> bool:
        at = (slice(place.row, place.row + 1), slice(place.col, place.col + 1))
        return not labels.read(grow(at, _NEAR, self._scene.shape)).any()

    def close(self) -> None:
        """Give up what is being done, and wait for the threads."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown()

    # What the thread does.

    def _run(self) -> None:
        while (action := self._await_action()) is not None:
            try:
                action()
            except TsrasterError as error:
                self._tell(self._listeners.on_error, str(error))
            except Exception as error:
                _LOG.exception("live training")
                self._tell(self._listeners.on_error, f"this failed unexpectedly ({type(error).__name__}: {error})")

    def _tell(self, listener: Callable[..., None], *what: Any) -> None:
        try:
            listener(*what)
        except Exception:  # a listener that fails must not end what others wait for
            _LOG.exception("a listener of live training failed")

    def _await_action(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._is_closing:
                action = self._choose()
                if action is not None:
                    return action
                if not self._is_idle:
                    self._is_idle = True
                    return partial(self._tell, self._listeners.on_idle)
                self._changed.wait()
        return None

    def _choose(self) -> Callable[[], None] | None:
        if self._wants_warmth:
            return self._warm_up
        if self._pending is not None:
            return self._fit
        if self._training is not None and (tiles := self._list_missing(0)):
            return partial(self._predict, self._training, tiles)
        if self._wants_suggestion:
            return self._suggest
        if self._training is not None and (tiles := self._list_missing(_RING)):
            return partial(self._predict, self._training, tiles)
        # Last, as it trains once more and cannot be overtaken: the next stroke should not have to wait for it.
        return self._validate if self._is_unvalidated else None

    def _list_missing(self, around: int) -> list[Box]:
        if self._view is None:
            return []
        tiles = order_tiles(self._view, self._scene.shape, around=around)
        return [tile for tile in tiles if _corner(tile) not in self._told and not self._is_kept(tile)]

    def _is_kept(self, tile: Box) -> bool:
        known = self._store.find(tile)
        return known is not None and known.keys() >= self._wanted

    def _work(self) -> BlockWork:
        return BlockWork(executor=self._pool, workers=_THREADS)

    def _warm_up(self) -> None:
        self._wants_warmth = False
        livefitting.warm_up(len(self._scene.numbers))

    def _fit(self) -> None:
        with self._changed:
            request, self._pending = self._pending, None
            self._wants_suggestion = False
        if request is None:
            return
        training = fit_labels(
            self._scene, request.labels, request.features, without_validation(request.plan), self._work()
        )
        with self._changed:
            self._training, self._served = training, request
            self._is_unvalidated = request.plan.validation != "none"
            self._told = set()
            self._store.clear()
        self._tell(self._listeners.on_model, training)

    def _predict(self, training: Training, tiles: list[Box]) -> None:
        number, work = self._looked, self._work()
        names = {"probability": "probabilities"}
        wanted = frozenset(names.get(name, name) for name in self._wanted)
        job = PredictJob(scene=self._scene, model=training.model, wanted=wanted)
        try:
            for tile, found in work.run_each(job.work_on, tiles):
                self._told.add(_corner(tile))
                results = shrink_results(found)
                self._store.put(tile, results)
                self._tell(self._listeners.on_tile, tile, results)
                if self._is_overtaken(number):
                    return
        except BaseException:
            self._told.update(map(_corner, tiles))  # what cannot be read now is tried again when somebody looks again
            raise
        finally:
            work.stop()

    def _is_overtaken(self, number: int) -> bool:
        return self._is_closing or self._pending is not None or self._looked != number

    def _validate(self) -> None:
        self._is_unvalidated = False
        request = self._served
        if request is None:
            return
        training = fit_labels(self._scene, request.labels, request.features, request.plan, self._work())
        self._training = training
        self._tell(self._listeners.on_validation, training)

    def _suggest(self) -> None:
        self._wants_suggestion = False
        request = self._served
        if request is None:
            raise UsageError("nothing is trained yet; label pixels of at least two classes first")
        plan = replace(request.plan, suggest=True, validation="none")
        found = fit_labels(self._scene, request.labels, request.features, plan, self._work()).suggestion
        if found is not None:
            self._tell(self._listeners.on_suggestion, found)


def _check_wanted(wanted: Collection[str]) -> frozenset[str]:
    unknown = sorted(set(wanted) - set(RESULTS))
    if unknown:
        raise UsageError(f"unknown result {unknown[0]!r}; choose from {', '.join(RESULTS)}")
    return frozenset({*wanted, "segmentation"})


def _corner(tile: Box) -> tuple[int, ...]:
    return tuple(part.start for part in tile)


def _is_apart(place: UncertainPlace, other: UncertainPlace) -> bool:
    return bool(np.hypot(place.row - other.row, place.col - other.col) >= _NEAR)
