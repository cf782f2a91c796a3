"""`FeatureAdvice`: ticks the fewest features that do as well, and those again that were ticked before."""

from __future__ import annotations

from functools import partial

from tsraster.app.bench import Bench
from tsraster.app.training.featuregrid import list_all, make_features
from tsraster.app.training.predictionlayer import PredictionLayer
from tsraster.app.training.trainform import TrainForm
from tsraster.app.training.trainsession import suggest
from tsraster.errors import TsrasterError
from tsraster.learning.suggestion import Suggestion

_LOOKING = "looking for the fewest features that do as well on the labels"


class FeatureAdvice:
    """What the button "Suggest" does.

    Parameters
    ----------
    bench : Bench
        The page.
    form : TrainForm
        With the features.
    layer : PredictionLayer
        With the source that is trained on.
    """

    def __init__(self, bench: Bench, form: TrainForm, layer: PredictionLayer) -> None:
        self._bench, self._form, self._layer = bench, form, layer
        self._before: list[tuple[str, float]] = []
        self._advised: list[tuple[str, float]] = []
        form.suggest.on_click(lambda _: self._suggest())
        form.back.on_click(lambda _: self._go_back())

    def _suggest(self) -> None:
        session, form = self._layer.session, self._form
        if session is None or form.is_suggesting:
            return
        largest = (min(session.scene.shape) - 1) / 3.5
        features = make_features([one for one in list_all() if one[1] <= largest], str(form.recipe.value))
        try:
            plan = form.describe(features.to_text()).plan
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
            return
        self._show_work(is_on=True)
        self._bench.say(_LOOKING)

        def take(found: Suggestion | None) -> None:
            if found is not None and session is self._layer.session:
                self._take(found)

        def end() -> None:
            if session is self._layer.session:
                self._show_work(is_on=False)

        self._bench.run(partial(suggest, session.source, session.look(), features, plan), take, end)

    def _show_work(self, *, is_on: bool) -> None:
        self._form.is_suggesting = is_on
        self._form.show_busy()

    def _take(self, found: Suggestion) -> None:
        share, grid = 100 * found.recommended.accuracy, self._form.grid
        self._bench.say(
            f"suggested: {found.recommended}, right for {share:.1f} % of labeled pixels that were not trained on"
        )
        before, self._advised = grid.choices, list(found.recommended.choices)
        grid.tick(self._advised)
        self._before = before
        self.check()

    def _go_back(self) -> None:
        self._form.grid.tick(self._before)

    def check(self) -> None:
        """Offer to go back as long as what was suggested is ticked, and nothing else."""
        ticked = set(self._form.grid.choices)
        self._form.back.visible = bool(self._before) and ticked == set(self._advised) != set(self._before)

    def forget(self) -> None:
        """Offer nothing: there is another source."""
        self._before, self._advised = [], []
        self.check()
