"""`OpenedSource`: a raster as it was asked for, and what its values are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tsraster.pipeline.sourcing.valueunits import NO_UNIT, STORED, find_unit
from tsraster.preparing.preparation import Preparation
from tsraster.raster import Raster


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedSource:
    """A raster as it was asked for."""

    raster: Raster
    notes: tuple[str, ...] = ()
    """What was done to its numbers, in a sentence each."""
    is_masked: bool = False
    """Whether pixels are left out by a mask or by shapes."""
    stored: tuple[int, ...] = ()
    """Numbers of the bands that hold stored numbers although values were made of those of others."""
    unit: str | None = None
    """Of its one band where that is computed of others: `NO_UNIT` of a spectral index, and nothing of a formula of one's own."""

    def describe(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Return the notes, and which of the bands that are used hold stored numbers nevertheless."""
        return (*self.notes, *say_stored(self.raster, set(self.stored) & set(numbers)))

    def find_units(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Return what the values of bands are, as `find_unit` does."""
        if self.unit is not None:
            return (self.unit,) * len(numbers)
        return tuple(
            find_unit(self.raster.band(number), is_converted=bool(self.notes), is_stored=number in self.stored)
            for number in numbers
        )

    def find_value_unit(self, preparation: Preparation) -> str:
        """Return what the values are that are made of its bands; the gray of a picture has no unit."""
        if len(preparation.bands) != 1 or preparation.grays:
            return NO_UNIT
        return self.find_units(preparation.bands)[0]


def list_stored(raster: Raster, scaled: Collection[int]) -> tuple[int, ...]:
    """Return the numbers of the bands of whole numbers without a scale and a unit, where others are `scaled`."""
    others = [band for band in raster.data_bands if scaled and band.number not in scaled]
    return tuple(band.number for band in others if find_unit(band, is_converted=False) == STORED)


def say_stored(raster: Raster, numbers: Collection[int]) -> list[str]:
    """Say which bands hold stored numbers, in a sentence; nothing where none does."""
    names = [raster.band(number).name or f"band {number}" for number in sorted(numbers)]
    verb = "holds" if len(names) == 1 else "hold"
    return [f"{', '.join(names)} {verb} stored numbers: nothing says their scale"] if names else []
