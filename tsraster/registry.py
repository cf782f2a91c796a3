"""Registry: the one plug-in point, a dictionary that refuses doubles and suggests near names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from tsraster.errors import MissingExtraError, UnknownNameError, UsageError

Thing = TypeVar("Thing")


def suggestion(name: str, known: list[str]) -> str:
    """Say which name was probably meant, else list the known ones.

    Examples
    --------
    >>> suggestion("therml", ["gray", "thermal"])
    'did you mean thermal?'
    >>> suggestion("x", ["gray", "thermal"])
    'choose from gray, thermal'
    """
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"


@dataclass(frozen=True)
class _Place:
    """Where a thing is that is not imported yet."""

    module: str
    attribute: str
    package: str = ""

    def load(self) -> Any:
        found = import_module(self.module)
        for name in self.attribute.split("."):
            found = getattr(found, name)
        return found


class Registry(Generic[Thing]):
    """Things by name, in the order in which they were registered; those of other packages come last.

    Parameters
    ----------
    kind : str
        What the things are, for the error texts, such as ``"scheme"``.
    entry_points : str, optional
        The group of entry points by which other packages add things. They are looked up where a name is not known, or all
        are listed.
    adopt : callable, optional
        What makes a thing of what another package gives.

    Examples
    --------
    >>> shapes = Registry("shape")
    >>> @shapes.register("square")
    ... class Square: ...
    >>> list(shapes)
    ['square']
    """

    def __init__(
        self, kind: str, *, entry_points: str | None = None, adopt: Callable[[Any], Thing] | None = None
    ) -> None:
        self.kind = kind
        self._group, self._adopt = entry_points, adopt
        self._things: dict[str, Thing | _Place] = {}

    def register(self, name: str) -> Callable[[Thing], Thing]:
        """Return a decorator that adds a thing under `name`.

        Raises
        ------
        UsageError
            The name is taken.
        """

        def add(thing: Thing) -> Thing:
            self._add(name, thing)
            return thing

        return add

    def register_place(self, name: str, place: str) -> None:
        """Add what stands in a module, as in ``package.module:attribute``, and is imported when it is first used.

        Raises
        ------
        UsageError
            The name is taken.
        """
        self._add(name, _Place(*place.split(":")))

    def _add(self, name: str, thing: Thing | _Place) -> None:
        if name in self._things:
            raise UsageError(f"the {self.kind} {name!r} is registered already; give the new one another name")
        self._things[name] = thing

    def _find_others(self) -> None:
        """Look up, once, what other packages add."""
        if self._group is None:
            return
        from importlib.metadata import entry_points

        found, self._group = entry_points(group=self._group), None
        for point in found:
            package = point.dist.name if point.dist else point.module
            if point.name in self._things:
                raise UsageError(
                    f"the package {package} adds a {self.kind} {point.name!r}, which is registered already; "
                    "uninstall it, or ask its authors for another name"
                )
            self._things[point.name] = _Place(point.module, point.attr, package)

    def __getitem__(self, name: str) -> Thing:
        """Return the thing of that name, or raise `UnknownNameError` with the nearest name.

        Raises
        ------
        MissingExtraError
            The package that adds it cannot be imported.
        """
        if name not in self:
            raise UnknownNameError(f"unknown {self.kind} {name!r}; {suggestion(name, list(self))}")
        thing = self._things[name]
        if isinstance(thing, _Place):
            thing = self._things[name] = self._load(name, thing)
        return thing

    def _load(self, name: str, place: _Place) -> Thing:
        if not place.package:
            return cast(Thing, place.load())
        try:
            found = place.load()
        except (ImportError, AttributeError) as error:
            raise MissingExtraError(
                f"the {self.kind} {name!r} of {place.package} cannot be loaded ({error})"
            ) from error
        return cast(Thing, found if self._adopt is None else self._adopt(found))

    def __contains__(self, name: object) -> bool:
        if name not in self._things:
            self._find_others()
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        self._find_others()
        return iter(self._things)

    def __len__(self) -> int:
        self._find_others()
        return len(self._things)
