"""Colormaps by name, against the libraries themselves; those that are not installed are skipped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tsraster import read_lut
from tsraster.errors import MissingExtraError, UnknownNameError
from tsraster.lut import TRANSPARENT, Lut
from tsraster.lutfiles.colormaps import find_colormap, list_colormaps

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def find(name: str) -> Lut:
    found = find_colormap(name)
    assert found is not None
    assert found.name == name
    return found


def paint(lut: Lut, at: Any) -> np.ndarray:
    """Return the colors of a ramp at percentages, unrounded, shape (N, 4)."""
    return np.stack([np.interp(at, lut.keys, channel) for channel in lut.array.T], axis=1)


@pytest.fixture
def own_colormap() -> Iterator[Any]:
    """Give a function that adds a colormap to matplotlib; take it away behind the test."""
    added = []

    def add(colormap: Any) -> None:
        matplotlib.colormaps.register(colormap)
        added.append(colormap.name)

    yield add
    for name in added:
        matplotlib.colormaps.unregister(name)


# matplotlib --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["viridis", "magma_r", "jet", "twilight", "Greys", "hsv_r", "flag", "CMRmap"])
def test_a_continuous_colormap_is_a_ramp_through_its_own_colors(name: str) -> None:
    lut, own = find(name), matplotlib.colormaps[name]
    assert (lut.kind, lut.percent, lut.keys[0], lut.keys[-1], len(lut)) == ("ramp", True, 0, 100, own.N)
    assert lut.array.tolist() == np.rint(own(range(own.N)) * 255).tolist()
    assert (lut.below, lut.above, lut.nodata) == (None, None, TRANSPARENT)


@pytest.mark.parametrize("name", ["viridis", "jet", "twilight_shifted", "gist_ncar"])
def test_between_its_stops_a_ramp_differs_by_less_than_a_step_from_matplotlib(name: str) -> None:
    lut, own = find(name), matplotlib.colormaps[name]
    shares = np.random.default_rng(3).uniform(0, 1, 5000)
    step = np.abs(np.diff(lut.array.astype(int), axis=0)).max(axis=0)
    assert (np.abs(paint(lut, shares * 100) - own(shares) * 255) <= step + 0.5 + 1e-6).all()


@pytest.mark.parametrize(("name", "classes"), [("tab10", 10), ("Set1_r", 9), ("tab20b", 20), ("Pastel2", 8)])
def test_a_list_of_few_colors_is_a_table_of_classes(name: str, classes: int) -> None:
    lut = find(name)
    assert (lut.kind, lut.keys) == ("classes", tuple(range(1, classes + 1)))
    to_hex = matplotlib.colors.to_hex
    assert ["#" + bytes(color[:3]).hex() for color in lut.colors] == [
        to_hex(c) for c in matplotlib.colormaps[name].colors
    ]


def test_a_name_in_reverse_is_the_colors_in_reverse() -> None:
    assert find("plasma_r").colors == find("plasma").colors[::-1]


def test_every_colormap_of_matplotlib_is_a_table() -> None:
    assert {find(f"matplotlib:{name}").kind for name in matplotlib.colormaps} == {"ramp", "classes"}


def test_colors_that_are_set_for_values_outside_are_kept(own_colormap: Any) -> None:
    colors = [(i / 299, 0.5, 1, 0.25) for i in range(300)]
    colormap = matplotlib.colors.ListedColormap(colors, name="tsraster own")
    own_colormap(colormap.with_extremes(under="black", over=(1, 1, 1, 0), bad="red"))
    lut = find("tsraster own")
    assert (lut.below, lut.above, lut.nodata) == ((0, 0, 0, 255), (255, 255, 255, 0), (255, 0, 0, 255))
    assert (lut.colors[0], len(lut)) == ((0, 128, 255, 64), 300)


# Names -------------------------------------------------------------------------------------------------------------------


def test_a_library_may_stand_before_the_name() -> None:
    assert find("matplotlib:viridis").colors == find("viridis").colors


@pytest.mark.parametrize(
    "name", ["", ":", ":viridis", "no such", "viridis:", "Viridis\n", "matplotlib", "x:y:z", "ä", "_r"]
)
def test_a_name_that_no_library_has_is_none(name: str) -> None:
    assert find_colormap(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("matplotlib:virids", "matplotlib has no colormap 'virids'; did you mean viridis"),
        ("matplotlib:", r"matplotlib has no colormap ''; it has \d+, such as Accent, Accent_r, Blues$"),
        ("matplotlib:matplotlib:viridis", "matplotlib has no colormap 'matplotlib:viridis'; "),
        ("matplotlib:\x00", r"matplotlib has no colormap '\\x00'; it has"),
    ],
)
def test_an_unknown_name_of_a_library_is_said_with_a_near_one(name: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        find_colormap(name)


@pytest.mark.parametrize("library", ["matplotlib", "colorcet", "cmap"])
def test_a_library_that_is_not_installed_is_said(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    words = rf"the colormap '{library}:fire' needs {library}, which is not installed; run: pip install 'tsraster\[colormaps\]'"
    with pytest.raises(MissingExtraError, match=words):
        find_colormap(f"{library}:fire")


def test_without_any_library_there_are_no_colormaps(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("matplotlib", "colorcet", "cmap"):
        monkeypatch.setitem(sys.modules, library, None)
    assert find_colormap("viridis") is None
    assert list_colormaps() == []


def test_names_are_listed_soon_and_each_once() -> None:
    list_colormaps()
    start = time.monotonic()
    names = list_colormaps()
    assert time.monotonic() - start < 1
    assert {"viridis", "tab10"} <= set(names)
    assert len(set(names)) == len(names)
    assert not any(name.endswith("_r") for name in names)


def test_a_colormap_is_read_like_any_other_table() -> None:
    assert read_lut("viridis") == find("viridis")
    assert read_lut("matplotlib:tab10") == find("matplotlib:tab10")


def test_a_misspelled_colormap_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="unknown color table 'cividiss'; did you mean cividis"):
        read_lut("cividiss")


# colorcet ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def colorcet() -> Any:
    return pytest.importorskip("colorcet", reason="colorcet is not installed")


@pytest.mark.parametrize("name", ["fire", "bmy", "CET_L2", "CET_C5"])
def test_a_colormap_of_colorcet_is_a_ramp_through_its_colors(name: str, colorcet: Any) -> None:
    lut = find(f"colorcet:{name}")
    assert (lut.kind, lut.percent, lut.keys[0], lut.keys[-1]) == ("ramp", True, 0, 100)
    assert ["#" + bytes(color[:3]).hex() for color in lut.colors] == list(colorcet.palette[name])
    assert find(f"colorcet:{name}_r").colors == lut.colors[::-1]
    assert find(f"cet_{name}").colors == find(f"colorcet:cet_{name}").colors == lut.colors


def test_colors_of_colorcet_that_differ_are_classes(colorcet: Any) -> None:
    names = [name for name in colorcet.palette if "glasbey" in name]
    assert len(names) > 3
    for name in names:
        lut = find(f"colorcet:{name}")
        assert (lut.kind, lut.keys) == ("classes", tuple(range(1, len(colorcet.palette[name]) + 1)))
        assert find(f"matplotlib:cet_{name}").kind == "classes"


def test_every_colormap_of_colorcet_is_a_table(colorcet: Any) -> None:
    assert {find(f"colorcet:{name}").kind for name in colorcet.palette} == {"ramp", "classes"}


def test_a_name_of_colorcet_needs_no_library_before_it(colorcet: Any) -> None:
    assert find("bkr").colors == find("colorcet:bkr").colors
    with pytest.raises(UnknownNameError, match="colorcet has no colormap 'fiire'; did you mean fire"):
        find_colormap("colorcet:fiire")


# cmap --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cmap() -> Any:
    return pytest.importorskip("cmap", reason="cmap is not installed")


@pytest.mark.parametrize("name", ["crameri:batlow", "cmocean:thermal_r", "matlab:jet", "cubehelix:cubehelix", "BATLOW"])
def test_a_colormap_of_cmap_is_a_ramp_that_is_as_it_draws_it(name: str, cmap: Any) -> None:
    lut, own = find(f"cmap:{name}"), cmap.Colormap(name)
    assert (lut.kind, lut.percent, lut.keys[0], lut.keys[-1]) == ("ramp", True, 0, 100)
    shares = np.linspace(0, 1, 4096)
    # cmap draws 4096 colors where it is asked for them, and stops are rounded here
    assert np.abs(paint(lut, shares * 100) - np.asarray(own(shares, N=4096)) * 255).max() < 1


@pytest.mark.parametrize(
    ("name", "classes"), [("tol:bright", 7), ("colorbrewer:set1_r", 9), ("glasbey:glasbey", 256), ("RdBu_3", 3)]
)
def test_separate_colors_of_cmap_are_classes(name: str, classes: int, cmap: Any) -> None:
    lut = find(f"cmap:{name}")
    assert (lut.kind, lut.keys) == ("classes", tuple(range(1, classes + 1)))
    assert [bytes(color[:3]).hex() for color in lut.colors] == [
        s.color.hex[1:7].lower() for s in cmap.Colormap(name).color_stops
    ]


def test_colors_that_cmap_sets_for_values_outside_are_kept(cmap: Any) -> None:
    lut = find("cmap:napari:HiLo")
    assert (lut.below, lut.above) == ((0, 0, 255, 255), (255, 0, 0, 255))
    assert find("cmap:napari:nan").nodata == (255, 0, 0, 255)


def test_every_colormap_of_cmap_is_a_table(cmap: Any) -> None:
    assert {find(f"cmap:{name}").kind for name in cmap.Catalog().unique_keys()} == {"ramp", "classes"}


def test_a_name_of_cmap_needs_no_library_before_it(cmap: Any) -> None:
    assert find("crameri:batlow").colors == find("cmap:batlow").colors
    with pytest.raises(UnknownNameError, match="cmap has no colormap 'crameri:batlo'; did you mean"):
        find_colormap("cmap:crameri:batlo")
    with pytest.raises(UnknownNameError, match="cmap has no colormap ''; it has"):
        find_colormap("cmap:")
