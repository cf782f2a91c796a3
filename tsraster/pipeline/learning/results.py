"""What is written of a prediction: which results there are, and what each is as an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.model import Model
from tsraster.pipeline.learning.naming import RESULT_TYPES
from tsraster.raster import Georef, Tags
from tsraster.registry import suggestion
from tsraster.writing import Image
from tsraster.writing.arrayfiles import check_result
from tsraster.writing.rescaling import DTYPES, Range, check_ranges, rescale

EXPORTS = tuple(RESULT_TYPES)
CODED = ("segmentation", "labels")
"""Results that are class codes."""
_UNIT = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class NumberForm:
    """In which type and range probabilities, uncertainty and features are written.

    Parameters
    ----------
    dtype : str, optional
        float32 by default.
    in_range : (low, high), optional
        What is brought into `out_range`; 0 to 1 by default.
    out_range : (low, high), optional
        By default 0 to the largest number, where `dtype` is one of whole numbers; else nothing is changed.

    Raises
    ------
    UsageError
        There is no such type, or it has no room for the range.
    """

    dtype: str | None = None
    in_range: Sequence[float] | None = None
    out_range: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.dtype is not None and self.dtype not in DTYPES:
            raise UsageError(f"--dtype {self.dtype} is unknown; choose from {', '.join(DTYPES)}")
        for name, ends in (("--in-range", self.in_range), ("--out-range", self.out_range)):
            if ends is not None and len(ends) != 2:
                raise UsageError(f"{name} has {len(ends)} numbers; give low,high")
        if self.ranges is not None:
            check_ranges(*self.ranges, self.type)

    @property
    def type(self) -> str:
        """The type of the numbers."""
        return self.dtype or "float32"

    @property
    def is_whole(self) -> bool:
        """Whether the numbers are whole."""
        return np.dtype(self.type).kind in "iu"

    @property
    def ranges(self) -> tuple[Range, Range] | None:
        """From which range to which; None where values stay."""
        if self.in_range is None and self.out_range is None and not self.is_whole:
            return None
        low, high = self.in_range or _UNIT
        if self.out_range is not None:
            return (low, high), (self.out_range[0], self.out_range[1])
        top = float(np.iinfo(self.type).max) if self.is_whole else 1.0
        return (low, high), (0.0, top)

    def convert(self, values: NDArray[np.float32]) -> NDArray[np.generic]:
        """Return values as they are written."""
        if self.ranges is None:
            return values.astype(self.type, copy=False)
        return rescale(values, *self.ranges, self.type)


def check_exports(exports: Sequence[str]) -> tuple[str, ...]:
    """Return the results that are wanted, each once.

    Raises
    ------
    UsageError
        There are none, or one is unknown.
    """
    for name in exports:
        if name not in EXPORTS:
            raise UsageError(f"--export {name} is unknown; {suggestion(name, list(EXPORTS))}")
    if not exports:
        raise UsageError(f"--export is empty; choose from {', '.join(EXPORTS)}")
    return tuple(dict.fromkeys(exports))


def describe_result(
    export: str, model: Model, form: NumberForm, *, shape: tuple[int, int], georef: Georef, tags: Tags
) -> Image:
    """Return what a result is as an image."""
    if export in CODED:
        return Image(
            shape=shape,
            dtype=model.dtype.name,
            bands=1,
            georef=georef,
            tags=tags,
            codes=model.codes,
            labels=model.names,
            lut=model.lut,
        )
    names = list_names(export, model)
    return Image(
        shape=shape,
        dtype=form.type,
        bands=len(names),
        names=names if len(names) > 1 or export != "uncertainty" else (),
        georef=georef,
        tags=tags,
        nodata=None if form.is_whole else float("nan"),
    )


def check_targets(targets: Sequence[Mapping[str, Path]], model: Model, form: NumberForm) -> None:
    """Refuse files that cannot hold their result, such as fractions in a JPEG, before any work.

    Raises
    ------
    UsageError
        A format does not hold that many bands or that type of numbers.
    """
    for own in targets:
        for export, path in own.items():
            check_result(path, describe_result(export, model, form, shape=(1, 1), georef=Georef(), tags={}))


def list_names(export: str, model: Model) -> tuple[str, ...]:
    """Return the names of the bands of a result that holds numbers."""
    if export == "probabilities":
        return model.names
    if export == "features":
        return tuple(column.name for column in model.columns)
    return ("uncertainty",)
