"""`Listeners`: what is told while models are trained and tiles predicted in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tsraster.app.training.livetiles import Results
from tsraster.learning.suggestion import Suggestion
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.scenes import Box


def _ignore(*_: Any) -> None:
    """Do nothing with what is reported."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Listeners:
    """What is called from the thread that works; each should only take note and return."""

    on_model: Callable[[Training], None] = _ignore
    """A model was trained; its accuracy is not known yet."""
    on_tile: Callable[[Box, Results], None] = _ignore
    """A tile was predicted: rows and columns, and the results by name as `RESULTS` lists them."""
    on_validation: Callable[[Training], None] = _ignore
    """The accuracy of that model is known: the same model, with its whole report."""
    on_suggestion: Callable[[Suggestion], None] = _ignore
    """Features were suggested."""
    on_error: Callable[[str], None] = _ignore
    """Something failed; a sentence."""
    on_idle: Callable[[], None] = _ignore
    """All that was asked for is done."""
