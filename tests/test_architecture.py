"""The layers of the house: imports go one way, and each library has its place."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tsraster"

ROWS = (
    {"errors"},
    {"registry"},
    {"lut"},
    {"raster", "classtable", "attributetable", "volume"},
    {"reading", "preparing", "schemes", "classification", "cleaning", "coloring", "lutfiles", "writing"}
    | {"measuring", "learning", "inversion", "landsat", "samples"},
    {"volumes"},
    {"pipeline"},
    {"accessor", "plots", "app"},
    {"cli"},
)
LEVELS = {name: level for level, row in enumerate(ROWS) for name in row}
ENTRIES = {"__init__", "__main__"}

ONLY_IN = {
    "click": {"cli"},
    "matplotlib": {"plots"},
    "PIL": {"coloring"},
    "panel": {"app"},
    "bokeh": {"app"},
    "rasterio": {"raster", "reading", "writing", "cleaning"},
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> list[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not any(node.level for node in froms), f"{path.name} imports relatively"
    return names + [node.module or "" for node in froms]


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_from_low_to_high(path: Path) -> None:
    room = room_of(path)
    if room in ENTRIES:
        return
    assert room in LEVELS, f"{room} is not in the table: a new room is made on purpose"
    for module in imported_modules(path):
        first, *rest = module.split(".")
        if first == "tsraster" and rest and rest[0] != room:
            assert LEVELS[rest[0]] < LEVELS[room], f"{room} must not import {rest[0]}"
        if first in ONLY_IN:
            assert room in ONLY_IN[first], f"{first} must not be imported in {room}"


def test_public_names_are_those_that_can_be_imported() -> None:
    import tsraster

    listed = [name for names in tsraster._HOMES.values() for name in names]
    assert sorted(listed) == sorted(tsraster.__all__)
    assert all(getattr(tsraster, name) is not None for name in tsraster.__all__)
    assert set(tsraster.__all__) <= set(dir(tsraster))
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        tsraster.clasify  # noqa: B018
