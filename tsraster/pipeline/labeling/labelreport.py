"""What is known of a set of label images: `LabelSet`, and its files ``classes.json`` and ``labels.csv``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tsraster
from tsraster.lut import Lut
from tsraster.pipeline.labeling.labelcoding import LabelCoding
from tsraster.pipeline.labeling.labelset import Layout
from tsraster.pipeline.labeling.recipe import Recipe
from tsraster.pipeline.labeling.trainingcheck import TrainingSetCheck
from tsraster.pipeline.labeling.trainingset import list_categories
from tsraster.pipeline.series import Failure
from tsraster.writing import Outputs, write_rows, write_text

KIND = "tsraster label classes"


@dataclass(frozen=True, kw_only=True)
class LabelClass:
    """What one number in the label images means."""

    id: int
    value: float
    """What stands in the label images: the id, unless a style says otherwise."""
    name: str
    color: tuple[int, int, int]
    interval: str
    """Which values it holds, as text."""


@dataclass(frozen=True, kw_only=True)
class PictureLabels:
    """How many pixels of one picture each class has: the histogram of its label image."""

    name: str
    part: str
    """Of a training set: train or test; else empty."""
    counts: tuple[int, ...]
    """Pixels of each class, in order."""
    unlabeled: int
    """Pixels without a class."""

    @property
    def pixels(self) -> int:
        """All pixels of the picture."""
        return sum(self.counts) + self.unlabeled


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """What `labels_files` found and wrote."""

    classes: tuple[LabelClass, ...]
    unlabeled: int | None
    """The id of pixels without a class; None where there is none for them."""
    n_classes: int
    """How many ids a network has to tell apart, counted from 0."""
    pictures: tuple[PictureLabels, ...]
    failures: tuple[Failure, ...]
    """Pictures of which nothing was made."""
    check: TrainingSetCheck | None
    """What a loader would refuse of the training set; None where there is no such set."""
    folder: str
    """Where all of it is."""

    @property
    def totals(self) -> tuple[int, ...]:
        """Pixels of each class in all pictures."""
        return tuple(sum(picture.counts[i] for picture in self.pictures) for i in range(len(self.classes)))

    @property
    def absent(self) -> dict[str, tuple[int, ...]]:
        """By picture, the ids of the classes that do not occur in it; without pictures that have all."""
        missing = {
            picture.name: tuple(one.id for one, count in zip(self.classes, picture.counts, strict=True) if not count)
            for picture in self.pictures
        }
        return {name: ids for name, ids in missing.items() if ids}


def list_label_classes(recipe: Recipe, coding: LabelCoding, palette: Lut) -> tuple[LabelClass, ...]:
    """Put together what is known of each class."""
    parts = zip(coding.ids, coding.values, recipe.names, palette.colors, recipe.rules, strict=True)
    return tuple(
        LabelClass(id=number, value=value, name=name, color=color[:3], interval=rule)
        for number, value, name, color, rule in parts
    )


def write_classes(
    layout: Layout, recipe: Recipe, coding: LabelCoding, classes: Sequence[LabelClass], *, overwrite: bool
) -> None:
    """Write what the numbers mean, and the lists of categories where they are wanted."""
    head = {"kind": KIND, "version": 1, "made_by": f"tsraster {tsraster.__version__}", "style": coding.style}
    void = "left out of training" if coding.is_void else "pixels without a class"
    unlabeled = None if coding.unlabeled is None else {"id": coding.unlabeled, "name": "unlabeled", "note": void}
    with Outputs([layout.classes, *layout.lists], sources=[], overwrite=overwrite) as outputs:
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        lines.append(f'  "n_classes": {coding.n_classes}')
        rows = ",\n".join(f"    {json.dumps(_describe(one), ensure_ascii=False)}" for one in classes)
        lines.append(f'  "classes": [\n{rows}\n  ]')
        lines.append(f'  "unlabeled": {json.dumps(unlabeled)}')
        lines.append(f'  "recipe": {json.dumps(recipe.describe(), ensure_ascii=False)}')
        write_text(outputs.stage(layout.classes), "{\n" + ",\n".join(lines) + "\n}\n")
        categories = list_categories([one.name or one.interval for one in classes])
        for path, text in zip(layout.lists, categories, strict=False):
            write_text(outputs.stage(path), text)


def _describe(one: LabelClass) -> dict[str, object]:
    return {
        "id": one.id,
        "value": one.value,
        "name": one.name,
        "color": "#{:02x}{:02x}{:02x}".format(*one.color),
        "interval": one.interval,
    }


def write_counts(
    layout: Layout,
    coding: LabelCoding,
    classes: Sequence[LabelClass],
    pictures: Sequence[PictureLabels],
    *,
    overwrite: bool,
) -> None:
    """Write the histogram of each label image: a row for each class, and one for pixels without a class if there are any.

    Percent are of all pixels of the picture.
    """
    header = ["image", *(["part"] if layout.export else []), "id", "value", "name", "pixels", "percent"]
    rows = (row for picture in pictures for row in _list_rows(layout, coding, classes, picture))
    with Outputs([layout.table], sources=[], overwrite=overwrite) as outputs:
        write_rows(outputs.stage(layout.table), header, rows)


def _list_rows(
    layout: Layout, coding: LabelCoding, classes: Sequence[LabelClass], picture: PictureLabels
) -> Iterator[list[object]]:
    own = [picture.name, *([picture.part] if layout.export else [])]
    numbers = [(one.id, one.value, one.name) for one in classes]
    counts = list(picture.counts)
    if picture.unlabeled:
        numbers.append((coding.unlabeled or 0, coding.unlabeled or 0, "unlabeled"))
        counts.append(picture.unlabeled)
    for number, count in zip(numbers, counts, strict=True):
        yield [*own, *number, count, round(100 * count / picture.pixels, 6)]
