"""`Example`: a picture or a volume with its labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError
from tsraster.lut import RGBA
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.bandcheck import find_other_unit
from tsraster.pipeline.learning.labelsources import LabelRules, LabelSource, ShapeLabels, open_labels
from tsraster.pipeline.learning.scenes import Box, Scene, open_scene
from tsraster.pipeline.sourcing.valueunits import describe_unit


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """A scene and its labels."""

    scene: Scene
    labels: LabelSource
    renumber: dict[int, int] = field(default_factory=dict)
    """From codes of the file to codes of the model, where they differ."""

    def read_labels(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes of the model in a box, 0 where there is no label."""
        codes = self.labels.read(box)
        if not self.renumber:
            return codes
        table = np.arange(2**16, dtype=np.uint16)
        table[list(self.renumber)] = list(self.renumber.values())
        return table[codes]

    def read_valid(self, box: Box) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
        """Return the codes in a box, and where there is data; the latter only if there are labels."""
        codes = self.read_labels(box)
        if not codes.any():
            return codes, np.ones(codes.shape, np.bool_)
        return codes, self.scene.read(box).valid


@contextmanager
def open_example(
    source: PathLike,
    labels: PathLike,
    rules: LabelRules,
    *,
    bands: Sequence[int] | None = None,
    volume: bool = False,
    raw: bool = False,
) -> Iterator[Example]:
    """Open a source and its labels; see `open_scene` and `open_labels` for what is raised."""
    with ExitStack() as stack:
        scene = stack.enter_context(open_scene(source, bands=bands, volume=volume, raw=raw))
        yield Example(scene=scene, labels=stack.enter_context(open_labels(labels, scene, rules)))


def check_alike(examples: Sequence[Example]) -> None:
    """Refuse examples that one model cannot be trained with.

    Raises
    ------
    BandError
        They have different numbers of bands.
    DataError
        Some are pictures and some volumes; or values of a band are in different units, or stored numbers in one of them.
    """
    first = examples[0].scene
    for example in examples[1:]:
        scene = example.scene
        if len(scene.shape) != len(first.shape):
            raise DataError(
                f"{scene.name} and {first.name} are not both pictures or both volumes; train a model for each"
            )
        if len(scene.numbers) != len(first.numbers):
            raise BandError(
                f"{scene.name} and {first.name} have different numbers of bands, {len(scene.numbers)} and {len(first.numbers)}; "
                "choose as many with --bands"
            )
        other = find_other_unit(first.units, scene.units)
        if other is not None:
            raise DataError(
                f"band {first.numbers[other]} of {first.name} holds {describe_unit(first.units[other])}, and band "
                f"{scene.numbers[other]} of {scene.name} {describe_unit(scene.units[other])}; train with values of "
                "one kind, such as stored numbers with --raw"
            )


def unite(examples: Sequence[Example]) -> list[Example]:
    """Give classes that are known by name only, as in vector files, the same code in all examples."""
    codes: dict[str, int] = {}
    taken: set[int] = set()
    united = []
    for example in examples:
        names = example.labels.categories.names
        renumber: dict[int, int] = {}
        if isinstance(example.labels, ShapeLabels):
            for code, name in sorted(names.items()):
                wanted = codes.get(name, code if code not in taken else max(taken) + 1)
                taken.add(wanted)
                if wanted != code:
                    renumber[code] = wanted
        for code, name in names.items():
            codes.setdefault(name, renumber.get(code, code))
            taken.add(renumber.get(code, code))
        united.append(replace(example, renumber=renumber))
    return united


def join_categories(examples: Sequence[Example], codes: Sequence[int]) -> tuple[Mapping[int, str], Mapping[int, RGBA]]:
    """Return names and colors of codes, of the first example that says any.

    Raises
    ------
    DataError
        Two call a code differently.
    """
    names: dict[int, str] = {}
    colors: dict[int, RGBA] = {}
    for example in examples:
        known = example.labels.categories
        for own in {*known.names, *known.colors}:
            code, name = example.renumber.get(own, own), known.names.get(own, "")
            if code not in codes:
                continue
            if name and names.setdefault(code, name) != name:
                raise DataError(
                    f"the labels call class {code} {names[code]!r} in one file and {name!r} in another; map one with --mapping"
                )
            if own in known.colors:
                colors.setdefault(code, known.colors[own])
    return names, colors
