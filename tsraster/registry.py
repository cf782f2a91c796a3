"""Registry: the one plug-in point, a dictionary that refuses doubles and suggests near names."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from tsraster.errors import UnknownNameError, UsageError

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


class Registry(Generic[Thing]):
    """Things by name, in the order in which they were registered.

    Parameters
    ----------
    kind : str
        What the things are, for the error texts, such as ``"scheme"``.

    Examples
    --------
    >>> shapes = Registry("shape")
    >>> @shapes.register("square")
    ... class Square: ...
    >>> list(shapes)
    ['square']
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, Thing] = {}

    def register(self, name: str) -> Callable[[Thing], Thing]:
        """Return a decorator that adds a thing under `name`.

        Raises
        ------
        UsageError
            The name is taken.
        """
        if name in self._things:
            raise UsageError(f"the {self.kind} {name!r} is registered already; give the new one another name")

        def add(thing: Thing) -> Thing:
            self._things[name] = thing
            return thing

        return add

    def __getitem__(self, name: str) -> Thing:
        """Return the thing of that name, or raise `UnknownNameError` with the nearest name."""
        try:
            return self._things[name]
        except KeyError:
            raise UnknownNameError(f"unknown {self.kind} {name!r}; {suggestion(name, list(self._things))}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
