"""`FeatureSet`: which filters are computed, at which scales, of which bands; as text, as JSON and as a list of columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsraster.errors import DataError, UsageError
from tsraster.learning.recipes import RECIPES
from tsraster.registry import suggestion

KINDS = ("smoothing", "laplacian", "gradient", "difference", "structure", "hessian")
"""In the order of their columns."""
GROUPS = {
    "color": ("smoothing",),
    "edge": ("laplacian", "gradient", "difference"),
    "texture": ("structure", "hessian"),
    "all": KINDS,
}
SCALES = (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
"""Taken where no scale is named; kinds other than smoothing from 0.7 on."""

_SMALLEST = {kind: 0.3 if kind == "smoothing" else 0.7 for kind in KINDS}
_TITLES = {
    "smoothing": "Gaussian Smoothing",
    "laplacian": "Laplacian of Gaussian",
    "gradient": "Gaussian Gradient Magnitude",
    "difference": "Difference of Gaussians",
    "structure": "Structure Tensor Eigenvalues",
    "hessian": "Hessian of Gaussian Eigenvalues",
}
_TENSORS = ("structure", "hessian")
_LARGEST = 1000.0


@dataclass(frozen=True, kw_only=True)
class FeatureChoice:
    """A filter at a scale.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    scale : float
        Standard deviation of the Gaussian in pixels, above 0 and up to 1000.
    bands : tuple of int, optional
        Counted from 1; every band when None.

    Raises
    ------
    UsageError
        There is no such filter, scale or band.
    """

    kind: str
    scale: float
    bands: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"unknown feature {self.kind!r}; {suggestion(str(self.kind), list(KINDS))}")
        if isinstance(self.scale, bool) or not 0 < self.scale <= _LARGEST:
            raise UsageError(f"{self.scale!r} is no scale; give a number of pixels above 0 and up to {_LARGEST:g}")
        object.__setattr__(self, "scale", float(self.scale))
        if self.bands is not None:
            if not self.bands or not all(isinstance(band, int) and band >= 1 for band in self.bands):
                raise UsageError(f"{self.bands!r} are no bands; they are counted from 1")
            object.__setattr__(self, "bands", tuple(sorted(set(self.bands))))

    def list_bands(self, bands: int) -> tuple[int, ...]:
        """Return the bands, counted from 0, of a picture that has so many."""
        return tuple(range(bands)) if self.bands is None else tuple(band - 1 for band in self.bands)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One number a pixel: a filter of one band at a scale, or one of its eigenvalues."""

    kind: str
    scale: float
    band: int
    """Counted from 0."""
    part: int = 0
    """Which eigenvalue, the largest first."""
    slicewise: bool = True
    """Whether rows and columns alone are filtered, as in every picture."""
    bands: int = 1
    """How many bands the picture has."""

    @property
    def parts(self) -> int:
        """How many eigenvalues the filter gives."""
        return 1 if self.kind not in _TENSORS else 2 if self.slicewise else 3

    @property
    def name(self) -> str:
        """The name that ilastik gives it; a number in brackets counts bands and their eigenvalues from 0.

        Examples
        --------
        >>> Column(kind="hessian", scale=1.6, band=0, part=1).name
        'Hessian of Gaussian Eigenvalues (σ=1.6) in 2D [1]'
        """  # noqa: RUF002 - ilastik has a Greek letter there
        title = f"{_TITLES[self.kind]} (\N{GREEK SMALL LETTER SIGMA}={self.scale}){' in 2D' if self.slicewise else ''}"
        return title if self.bands * self.parts == 1 else f"{title} [{self.band * self.parts + self.part}]"


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """Which filters are computed, at which scales, of which bands.

    Parameters
    ----------
    choices : tuple of FeatureChoice
        In any order; they are sorted by kind and scale, and those of the same kind and scale become one.
    recipe : str
        The name of a recipe in `tsraster.learning.recipes`.
    slicewise : tuple of float
        The scales at which a volume is filtered plane by plane.

    Raises
    ------
    UsageError
        Nothing is chosen, or no recipe has that name.

    Examples
    --------
    >>> features = parse_features("hessian:3.5 smoothing:0.7,1.6")
    >>> [(column.kind, column.scale, column.part) for column in features.columns(1)]
    [('smoothing', 0.7, 0), ('smoothing', 1.6, 0), ('hessian', 3.5, 0), ('hessian', 3.5, 1)]
    """

    choices: tuple[FeatureChoice, ...]
    recipe: str = "ilastik"
    slicewise: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        RECIPES[self.recipe]
        if not self.choices:
            raise UsageError(f"no feature is chosen; name some of {', '.join(KINDS)}")
        object.__setattr__(self, "choices", _merge(self.choices))
        object.__setattr__(self, "slicewise", tuple(sorted({float(scale) for scale in self.slicewise})))

    @property
    def scales(self) -> tuple[float, ...]:
        """Every scale, the smallest first."""
        return tuple(sorted({choice.scale for choice in self.choices}))

    def columns(self, bands: int, dimensions: int = 2) -> tuple[Column, ...]:
        """List the features of a picture, or a volume of 3 dimensions: by kind, scale, band and eigenvalue.

        Raises
        ------
        UsageError
            A band is chosen that the picture does not have.
        """
        return tuple(self._list_columns(bands, dimensions))

    def _list_columns(self, bands: int, dimensions: int) -> Iterator[Column]:
        for choice in self.choices:
            flat = dimensions == 2 or choice.scale in self.slicewise
            for band in choice.list_bands(bands):
                if band >= bands:
                    raise UsageError(f"{choice.kind} is wanted of band {band + 1}, and there are {bands}")
                first = Column(kind=choice.kind, scale=choice.scale, band=band, slicewise=flat, bands=bands)
                yield first
                for part in range(1, first.parts):
                    yield Column(**{**vars(first), "part": part})

    def check(self, shape: Sequence[int]) -> None:
        """Refuse scales that are too large for a picture, shape (R, C), or a volume, shape (P, R, C).

        Raises
        ------
        DataError
            A side is shorter than ``ceil(3.5 * scale) + 1`` pixels, the rule of ilastik.
        """
        for scale in self.scales:
            needed = math.ceil(3.5 * scale) + 1
            sides = shape[-2:] if scale in self.slicewise else shape
            if min(sides) < needed:
                size, most = " x ".join(map(str, shape)), math.floor((min(sides) - 1) / 0.035) / 100
                advice = f"choose scales up to {most:g}" if most > 0 else "no filter fits there"
                raise DataError(f"the scale {scale:g} needs {needed} pixels a side, and there are {size}; {advice}")

    def to_text(self) -> str:
        """Write it as `parse_features` reads it; the recipe and the slicewise scales are not in it.

        Examples
        --------
        >>> parse_features("edge:1 gradient:1.6 smoothing@2:1").to_text()
        'smoothing@2:1.0 laplacian:1.0 gradient:1.0,1.6 difference:1.0'
        """
        items: dict[str, list[str]] = {}
        for choice in self.choices:
            of = "" if choice.bands is None else "@" + ",".join(map(str, choice.bands))
            items.setdefault(choice.kind + of, []).append(str(choice.scale))
        return " ".join(f"{item}:{','.join(scales)}" for item, scales in items.items())

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"features": self.to_text(), "recipe": self.recipe, "slicewise": list(self.slicewise)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureSet:
        """Make one of what `to_json` gave.

        Raises
        ------
        UsageError
            Something in it is missing or wrong.
        """
        text, recipe, slicewise = (data.get(name) for name in ("features", "recipe", "slicewise"))
        if not isinstance(text, str) or not isinstance(recipe, str) or not isinstance(slicewise, list):
            raise UsageError(
                "features are given by a text `features`, a text `recipe` and a list `slicewise` of scales"
            )
        if not all(isinstance(scale, int | float) for scale in slicewise):
            raise UsageError(f"`slicewise` holds scales, and {slicewise!r} are no numbers")
        return cls(choices=parse_features(text).choices, recipe=recipe, slicewise=tuple(slicewise))


def _merge(choices: Sequence[FeatureChoice]) -> tuple[FeatureChoice, ...]:
    """Sort choices, and make one of those of the same kind and scale."""
    merged: dict[tuple[int, float], FeatureChoice] = {}
    for choice in choices:
        key = (KINDS.index(choice.kind), choice.scale)
        bands = choice.bands
        if key in merged:
            before = merged[key].bands
            bands = None if bands is None or before is None else before + bands
        merged[key] = FeatureChoice(kind=choice.kind, scale=choice.scale, bands=bands)
    return tuple(merged[key] for key in sorted(merged))


def parse_features(text: str) -> FeatureSet:
    """Read features from a text such as ``smoothing:0.7,1.6 hessian@2,3:3.5``.

    Items have spaces between them and add up. Each is the name of a filter, or of a group of them: ``color`` (smoothing),
    ``edge`` (laplacian, gradient, difference), ``texture`` (structure, hessian) or ``all``; then, if wanted, ``@`` and bands
    counted from 1; then, if wanted, ``:`` and scales in pixels. Without scales, all of `SCALES` are taken, but 0.3 only for
    smoothing.

    Parameters
    ----------
    text : str
        The items.

    Returns
    -------
    FeatureSet
        Of the recipe "ilastik".

    Raises
    ------
    UsageError
        There is no such filter, band or scale.

    Examples
    --------
    >>> len(parse_features("all").columns(1)), len(parse_features("all").columns(1, dimensions=3))
    (49, 61)
    >>> [(column.kind, column.band) for column in parse_features("color@2:1.6 gradient:1").columns(2)]
    [('smoothing', 1), ('gradient', 0), ('gradient', 1)]
    """
    return FeatureSet(choices=tuple(choice for item in text.split() for choice in _parse_item(item)))


def _parse_item(item: str) -> Iterator[FeatureChoice]:
    head, colon, scales_text = item.partition(":")
    name, at, bands_text = head.partition("@")
    kinds = GROUPS.get(name, (name,))
    if not set(kinds) <= set(KINDS):
        raise UsageError(f"unknown feature {name!r} in {item!r}; {suggestion(name, [*KINDS, *GROUPS])}")
    bands = _parse_numbers(bands_text, item, int, "bands, such as @1,3") if at else None
    scales = _parse_numbers(scales_text, item, float, "scales, such as :0.7,1.6") if colon else None
    for kind in kinds:
        for scale in scales or [scale for scale in SCALES if scale >= _SMALLEST[kind]]:
            yield FeatureChoice(kind=kind, scale=scale, bands=bands)


def _parse_numbers(text: str, item: str, convert: Any, meaning: str) -> tuple[Any, ...]:
    try:
        return tuple(convert(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{text!r} in {item!r} are no {meaning}; write no spaces in an item") from None


def halo(columns: Sequence[Column], recipe: str = "ilastik") -> int:
    """Return how many pixels a tile must be read with on each side, so that its features are those of the whole.

    Examples
    --------
    >>> halo(parse_features("all").columns(1)), halo(parse_features("smoothing:0.3").columns(1))
    (38, 2)
    """
    plan = RECIPES[recipe]
    return max((plan(column.scale).find_halo(column.kind) for column in columns), default=0)
