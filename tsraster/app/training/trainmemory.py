"""`TrainChoice`: what was chosen in the pane "Train", kept as long as the server so that a page that is loaded anew finds it."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from tsraster.app.gallery import Gallery
from tsraster.app.subjects import Subject


@dataclass(frozen=True, kw_only=True)
class TrainChoice:
    """What was chosen for a source; not that it is trained on live, which takes all processors."""

    features: tuple[tuple[str, float], ...]
    """Filters and scales."""
    estimator: str
    recipe: str
    trees: int
    seed: int
    overlay: str
    opacity: int
    path: str
    """Of the model."""


# By the gallery, which there is one of for each server, and forgotten with it.
_KEPT: WeakKeyDictionary[Gallery, dict[str, TrainChoice]] = WeakKeyDictionary()


def keep_choice(gallery: Gallery, subject: Subject, choice: TrainChoice) -> None:
    """Keep what was chosen for a source."""
    _KEPT.setdefault(gallery, {})[subject.source] = choice


def recall_choice(gallery: Gallery, subject: Subject) -> TrainChoice | None:
    """Return what was chosen for a source last, on whichever page; None where nothing was."""
    return _KEPT.get(gallery, {}).get(subject.source)
