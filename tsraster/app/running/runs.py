"""What the page carries out: calls of the functions behind the commands, spelled as it makes them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from tsraster.app.cutoffs.classstate import ClassState
from tsraster.app.running.spelling import class_options, spell_command, spell_python
from tsraster.errors import TsrasterError
from tsraster.pipeline.blocks import Progress
from tsraster.pipeline.classify import classify_file
from tsraster.pipeline.conversion import convert_lut_file
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.predict import predict_files
from tsraster.pipeline.learning.train import train_file
from tsraster.pipeline.sourcing.sources import SourcePlan
from tsraster.writing import Outputs, write_text

Tell = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""
_FILES = ("mtl", "qa", "mask_file", "clip", "stac")
"""Options by which a source is read that name files."""


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
class Need:
    """A file that calls read and that only the page can write, such as colors that were chosen by hand."""

    path: Path
    write: Callable[[bool], object]
    """Writes it; called with whether a file that exists is replaced."""


@dataclass(frozen=True, eq=False)
class Run:
    """Calls that are made one after the other."""

    calls: tuple[Call, ...]
    needs: tuple[Need, ...] = ()
    check: Callable[[], None] = lambda: None
    """Raises where an output must not be written."""
    overwrite: bool = False

    @property
    def comment(self) -> str:
        """What has to be there before the calls can be made; empty where all is."""
        paths = " and ".join(str(need.path) for need in self.needs)
        return f"# reads {paths}, saved by Run and by Copy" if paths else ""

    @property
    def command(self) -> str:
        """As command lines."""
        return "\n".join([*filter(None, [self.comment]), *(call.command for call in self.calls)])

    @property
    def python(self) -> str:
        """As Python; what is imported stands once, at the top."""
        heads: dict[str, None] = {}
        bodies = []
        for call in self.calls:
            head, _, body = call.python.partition("\n\n")
            heads[head] = None
            bodies.append(body)
        return "\n".join([*filter(None, [self.comment]), *heads, "", *bodies])

    def save(self, own: set[Path]) -> None:
        """Write what the calls read; files that the page has written before, and notes in `own`, are replaced.

        Raises
        ------
        TsrasterError
            One exists already, or cannot be written.
        """
        for need in self.needs:
            need.write(self.overwrite or need.path in own)
            own.add(need.path)

    def do(self, tell: Tell, stop: threading.Event, own: set[Path]) -> tuple[str, ...]:
        """Make the calls, and return the paths that were written.

        Raises
        ------
        StoppedError
            `stop` was set meanwhile.
        TsrasterError
            As the functions do; what earlier calls have written stays.
        """
        self.check()  # nothing is saved for a run that would be refused
        self.save(own)
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
    options = {one.name: getattr(plan, one.name) for one in fields(plan) if one.name != "rules"}
    return options | {name: find_absolute(options[name]) for name in _FILES if options[name] is not None}


def find_absolute(source: PathLike) -> str:
    """Return the absolute path of a file of this computer, and any other source as it is."""
    text = os.fspath(source)
    return os.path.abspath(text) if os.path.exists(text) else text


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

    def check() -> None:
        for call in calls:
            named = [call.args[1], *filter(None, map(call.options.get, ("color", "save_table")))]
            Outputs(named, sources=[call.args[0]], overwrite=overwrite)

    def write_table(is_replaced: bool) -> None:
        with Outputs([table], sources=sources, overwrite=is_replaced) as outputs:
            write_text(outputs.stage(table), state.to_table().to_json())

    needs = []
    if own.get("lut") == str(colors):
        needs.append(Need(colors, lambda is_replaced: convert_lut_file(state.to_lut(), colors, overwrite=is_replaced)))
    if "table" in own:
        needs.append(Need(table, write_table))
    return Run(tuple(calls), tuple(needs), check, overwrite)


def plan_model_run(
    sources: Sequence[str],
    destinations: Sequence[Path],
    settings: Mapping[str, Any],
    *,
    labeled: str,
    export: Callable[[Path, bool], None],
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
        Writes the labels to a path, as a raster; called also with whether a file that exists is replaced.
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

    def check() -> None:
        Outputs([model, *destinations], sources=[*sources, labeled], overwrite=overwrite)

    return Run((train, *predict), (Need(labels, partial(export, labels)),), check, overwrite)
