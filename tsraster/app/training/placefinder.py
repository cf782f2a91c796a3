"""`PlaceFinder`: goes to where the model is least certain, and marks the place."""

from __future__ import annotations

from tsraster.app.bench import Bench
from tsraster.app.training.predictionlayer import PredictionLayer
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace

_UNTRAINED = "nothing is trained yet; draw labels of two classes and press Train once"
_NO_PLACE = "no uncertain place is seen that is away from labels; move on, or zoom out"


class PlaceFinder:
    """The next uncertain place, and the one after it.

    Parameters
    ----------
    bench : Bench
        The page.
    layer : PredictionLayer
        What is predicted on it.
    """

    def __init__(self, bench: Bench, layer: PredictionLayer) -> None:
        self._bench, self._layer = bench, layer
        bench.hear("key", lambda key: self.go_on() if key == "n" else None)
        bench.hear("draw", lambda _: bench.canvas.mark(None))
        bench.hear("subject", lambda: bench.canvas.mark(None))

    def go_on(self) -> None:
        """Go to the next place."""
        session = self._layer.session
        if session is None or session.live.training is None:
            self._bench.say(_UNTRAINED, is_wrong=True)
            return

        def show(place: UncertainPlace | None) -> None:
            if session is self._layer.session:
                self._show(place)

        self._bench.run(session.live.next_uncertain, show)

    def _show(self, place: UncertainPlace | None) -> None:
        """Go to a place, or predict what is seen with its uncertainty first."""
        if place is not None:
            self._visit(place)
            return
        self._layer.wants_place = True
        self._layer.look()
        done, number = self._layer.count()
        if done == number:
            self.jump()

    def jump(self) -> None:
        """Go to the place that was waited for, if one was."""
        session = self._layer.session
        if session is None or not self._layer.wants_place:
            return
        self._layer.wants_place = False
        place = session.live.next_uncertain()
        if place is None:
            self._bench.canvas.mark(None)
            self._bench.say(_NO_PLACE)
        else:
            self._visit(place)

    def _visit(self, place: UncertainPlace) -> None:
        canvas, (rows, cols) = self._bench.canvas, self._bench.subject.raster.shape
        x, y, scale = place.col + 0.5, place.row + 0.5, min(1.0, canvas.scale)
        middle = keep_inside(x, canvas.width * scale, cols), keep_inside(y, canvas.height * scale, rows)
        canvas.look_at(*middle, scale)
        canvas.mark((x, y))
        self._bench.say(f"uncertain by {100 * place.uncertainty:.0f} %: col {place.col}, row {place.row}")


def keep_inside(middle: float, seen: float, size: int) -> float:
    """Return the middle of what is seen such that it does not reach beyond the picture.

    Parameters
    ----------
    middle : float
        As it is wanted, in pixels of the picture, along one axis.
    seen : float
        So many pixels are seen.
    size : int
        So many there are; if fewer than are seen, they lie in the middle.

    Examples
    --------
    >>> keep_inside(3, 400, 1000), keep_inside(990, 400, 1000), keep_inside(3, 400, 300)
    (200.0, 800.0, 150.0)
    """
    return size / 2 if seen >= size else min(max(middle, seen / 2), size - seen / 2)
