"""Whether the bands of a picture are those that a model was trained with: their names, and what their values are."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from tsraster.errors import DataError, TsrasterWarning
from tsraster.learning.model import Model
from tsraster.pipeline.learning.scenes import Scene
from tsraster.pipeline.sourcing.landsatscene import is_scene
from tsraster.pipeline.sourcing.valueunits import describe_unit, differ


def say_other_bands(scene: Scene, bands: Sequence[str], *, are_named: bool = False) -> None:
    """Warn where bands of a scene have other names than those that a model was trained with; those without a name fit any.

    Where the user has said which bands they are (`are_named`), only the same names in another order are worth a warning.

    Warns
    -----
    TsrasterWarning
        Some have.
    """
    # Gray is what GDAL calls the first band of anything.
    found, wanted = (
        ["" if name == "gray" else name.strip().lower() for name in names] for names in (scene.band_names, bands)
    )
    if not any(one and other and one != other for one, other in zip(found, wanted, strict=True)):
        return
    if are_named and sorted(found) != sorted(wanted):
        return
    advice = (
        "let --bands name them in that order" if are_named else "if they do not see the same, name others with --bands"
    )
    warnings.warn(
        f"the model was trained with the bands {_list_names(bands)}, and {scene.name} has {_list_names(scene.band_names)}; "
        f"{advice}",
        TsrasterWarning,
        stacklevel=2,
    )


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(name or f"band {i}" for i, name in enumerate(names, start=1))


def check_units(scene: Scene, model: Model) -> None:
    """Refuse a scene whose values are known to be others than those that a model was trained with.

    Raises
    ------
    DataError
        They are in another unit, or stored numbers against physical values.

    Warns
    -----
    TsrasterWarning
        The model does not say what it was trained with, and values were made of the numbers of a raster.
    """
    if not model.units:
        if scene.notes and not is_scene(scene.name):
            warnings.warn(
                f"the model does not say what its bands are measured in, and {scene.name} is read in physical values; if it was "
                "trained with stored numbers, give --raw",
                TsrasterWarning,
                stacklevel=2,
            )
        return
    found = find_other_unit(model.units, scene.units)
    if found is not None:
        raise DataError(
            f"the model was trained with {describe_unit(model.units[found])} in {_name(model.bands, found)}, and {scene.name} "
            f"has {describe_unit(scene.units[found])} there; read it as the model was trained: with or without --raw, a scene "
            "by its MTL file, and with --bands in that order"
        )


def find_other_unit(wanted: Sequence[str], units: Sequence[str]) -> int | None:
    """Return the first place, from 0, at which two lists of units differ where both are known; None where none does."""
    pairs = zip(wanted, units, strict=True)
    return next((i for i, (one, other) in enumerate(pairs) if differ(one, other)), None)


def _name(bands: Sequence[str], i: int) -> str:
    return bands[i] or f"band {i + 1}"
