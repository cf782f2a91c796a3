"""What the page carries out: calls of the functions behind the commands, spelled as it makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tsraster.app.cutoffs.classstate import ClassState
from tsraster.app.running.spelling import class_options, spell_command, spell_python
from tsraster.errors import TsrasterError
from tsraster.pipeline.blocks import Progress
from tsraster.pipeline.classify import classify_file
from tsraster.pipeline.conversion import convert_lut_file
from tsraster.pipeline.learning.predict import predict_files
from tsraster.pipeline.learning.train import train_file
from tsraster.pipeline.sourcing.sources import SourcePlan
from tsraster.writing import Outputs, write_text

Tell = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


class StoppedError(TsrasterError):
    """Somebody stopped a run; nothing of the output that was being written is left."""


@dataclass(frozen=True, eq=False)
class Call:
    """A call of a function behind a command."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """As a command line."""
        return spell_command(self.function, *self.args, **self.options)

    @property
    def python(self) -> str:
        """As Python."""
        return spell_python(self.function, *self.args, **self.options)


@dataclass(frozen=True, eq=False)
class Run:
    """Calls that are made one after the other."""

    calls: tuple[Call, ...]
    prepare: Callable[[], None] = lambda: None
    """Saves what the calls read, such as colors."""

    @property
    def command(self) -> str:
        """As command lines."""
        return "\n".join(call.command for call in self.calls)

    @property
    def python(self) -> str:
        """As Python; what is imported stands once, at the top."""
        heads: dict[str, None] = {}
        bodies = []
        for call in self.calls:
            head, _, body = call.python.partition("\n\n")
            heads[head] = None
            bodies.append(body)
        return "\n".join([*heads, "", *bodies])

    def do(self, tell: Tell, stop: threading.Event) -> tuple[str, ...]:
        """Make the calls, and return the paths that were written.

        Raises
        ------
        StoppedError
            `stop` was set meanwhile.
        TsrasterError
            As the functions do; what earlier calls have written stays.
        """
        self.prepare()
        written: list[str] = []
        for number, call in enumerate(self.calls):
            result = call.function(*call.args, **call.options, progress=self._watch(number, tell, stop))
            # Of several pictures each says what was written of it.
            for one in getattr(result, "pictures", (result,)):
                written += one.written
        return tuple(written)

    def _watch(self, number: int, tell: Tell, stop: threading.Event) -> Progress:
        def watch(done: int, of: int) -> None:
            if stop.is_set():
                raise StoppedError("stopped; nothing was written of what was not finished")
            tell((number + done / max(1, of)) / len(self.calls))

        return watch


def plan_options(plan: SourcePlan) -> dict[str, Any]:
    """Return the options by which a source is read."""
    return {one.name: getattr(plan, one.name) for one in fields(plan) if one.name != "rules"}


def plan_classes_run(
    sources: Sequence[str],
    destinations: Sequence[Path],
    state: ClassState,
    plan: SourcePlan,
    *,
    band: int | None,
    smooth: str | None,
    with_picture: bool,
    with_table: bool,
    overwrite: bool,
) -> Run:
    """Return how sources are classified by cutoffs.

    Raises
    ------
    TsrasterError
        The classes cannot be said on a command line.
    """
    first = destinations[0]
    colors, table = first.with_name(f"{first.stem}_colors.csv"), first.with_name(f"{first.stem}_classes.json")
    own = class_options(state, table=str(table), lut=str(colors))
    given = plan_options(plan) | own | {"band": band, "smooth": smooth, "overwrite": overwrite}
    calls = []
    for source, destination in zip(sources, destinations, strict=True):
        picture = {"color": str(destination.with_name(f"{destination.stem}_picture.png"))} if with_picture else {}
        calls.append(Call(classify_file, (source, str(destination)), given | picture))
    if with_table:
        calls[0].options["save_table"] = str(first.with_name(f"{first.stem}_table.json"))

    def prepare() -> None:
        for call in calls:  # nothing is saved for a run that would be refused
            named = [call.args[1], *filter(None, map(call.options.get, ("color", "save_table")))]
            Outputs(named, sources=[call.args[0]], overwrite=overwrite)
        if own.get("lut") == str(colors):
            convert_lut_file(state.to_lut(), colors, overwrite=overwrite)
        if "table" in own:
            with Outputs([table], sources=sources, overwrite=overwrite) as outputs:
                write_text(outputs.stage(table), state.to_table().to_json())

    return Run(tuple(calls), prepare)


def plan_model_run(
    sources: Sequence[str],
    destinations: Sequence[Path],
    settings: Mapping[str, Any],
    *,
    labeled: str,
    export: Callable[[Path], None],
    overwrite: bool,
) -> Run:
    """Return how a model is trained with the labels of one source, and sources are classified by it.

    Parameters
    ----------
    sources, destinations : sequences
        What is classified, and the class maps.
    settings : mapping
        Options of `train_file`.
    labeled : str
        The source that has labels.
    export : callable
        Writes the labels to a path, as a raster.
    overwrite : bool
        Whether files that exist are replaced.
    """
    first = destinations[0]
    labels, model = first.with_name(f"{first.stem}_labels.tif"), first.with_name(f"{first.stem}.tsmodel")
    train = Call(train_file, (str(model), labeled, str(labels)), {**settings, "overwrite": overwrite})
    predict = [
        Call(predict_files, (str(model), [source], str(destination)), {"overwrite": overwrite})
        for source, destination in zip(sources, destinations, strict=True)
    ]

    def prepare() -> None:
        # Nothing is saved for a run that would be refused.
        Outputs([model, *destinations], sources=[*sources, labeled], overwrite=overwrite)
        export(labels)

    return Run((train, *predict), prepare)
