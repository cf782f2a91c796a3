"""Plots of mean spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from matplotlib.axes._secondary_axes import SecondaryAxis
from matplotlib.figure import Figure

from tsraster.learning.clusters import Clusters
from tsraster.lut import Lut
from tsraster.pipeline.clustering.cluster import Clustering
from tsraster.pipeline.clustering.spectra import ClassSpectrum, SpectralBand
from tsraster.plots import plot_spectra
from tsraster.plots.spectra import draw_spectra, group_bands

NAN = float("nan")


def make(lengths: Sequence[float | None], units: Sequence[str] = ()) -> Clustering:
    parts = zip(lengths, units or [""] * len(lengths), strict=True)
    bands = tuple(
        SpectralBand(number=i, name=f"b{i}", wavelength=length, unit=unit)
        for i, (length, unit) in enumerate(parts, start=1)
    )
    count = len(bands)
    rows = [(1, "water", 30, 10.0), (2, "", 70, 50.0), (3, "none", 0, NAN)]
    spectra = tuple(
        ClassSpectrum(
            code=code,
            name=name,
            pixels=pixels,
            percent=float(pixels),
            area_m2=None,
            means=(mean,) * count,
            stds=(1.0,) * count,
        )
        for code, name, pixels, mean in rows
    )
    lut = Lut(name="x", kind="classes", keys=(1, 2, 3), colors=((0, 0, 200, 255), (250, 250, 250, 255), (9, 9, 9, 255)))
    clusters = Clusters(means=[0.0] * count, stds=[1.0] * count, centers=[[0.0] * count] * 3)
    return Clustering(clusters=clusters, bands=bands, spectra=spectra, scenes=(), lut=lut, written=())


def test_bands_stand_at_their_wavelengths_in_order() -> None:
    axes = Figure().add_subplot()
    draw_spectra(axes, make([2.2, 0.48, 0.86]))
    lines = axes.get_lines()
    assert [list(map(float, line.get_xdata())) for line in lines] == [[0.48, 0.86, 2.2]] * 2  # type: ignore[arg-type]
    assert "wavelength" in axes.get_xlabel()


@pytest.mark.parametrize("lengths", [[0.5, None, 0.7], [0.5, 0.5, 0.7]])
def test_bands_stand_side_by_side_where_wavelengths_do_not_tell_them_apart(lengths: list[float | None]) -> None:
    axes = Figure().add_subplot()
    draw_spectra(axes, make(lengths))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["b1", "b2", "b3"]
    assert list(axes.get_lines()[0].get_xdata()) == [0, 1, 2]  # type: ignore[arg-type]


def test_names_of_bands_stand_above_their_wavelengths() -> None:
    axes = Figure().add_subplot()
    draw_spectra(axes, make([2.2, 0.48, 0.86]))
    above = [child for child in axes.get_children() if isinstance(child, SecondaryAxis)]
    assert [text.get_text() for text in above[0].get_xticklabels()] == ["b1", "b2", "b3"]
    many = Figure().add_subplot()
    draw_spectra(many, make([i / 100 for i in range(40, 70)]))
    assert not any(isinstance(child, SecondaryAxis) for child in many.get_children())


@pytest.mark.parametrize(
    ("lengths", "units", "groups"),
    [
        ([0.5, 0.6, 10.9, 0.7], ["", "", "K", ""], [(0, 1, 3), (2,)]),
        ([None, None, None], ["", "K", "K"], [(1, 2), (0,)]),
        ([0.5, 0.6, 11.4], ["", "", ""], [(0, 1), (2,)]),
        ([0.5, None, 0.7], ["", "", ""], [(0, 1, 2)]),
    ],
)
def test_temperatures_do_not_share_axes_with_reflectances(
    lengths: list[float | None], units: list[str], groups: list[tuple[int, ...]], tmp_path: Path
) -> None:
    clustering = make(lengths, units)
    assert group_bands(clustering.bands) == groups
    plot_spectra(clustering, tmp_path / "s.png")
    axes = Figure().add_subplot()
    draw_spectra(axes, clustering, groups[0])
    unit = units[groups[0][0]]
    assert (f"({unit})" in axes.get_ylabel()) == bool(unit)


def test_the_legend_lists_classes_that_have_pixels() -> None:
    axes = Figure().add_subplot()
    draw_spectra(axes, make([None, None, None]))
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["1 water  (30.0 %)", "2  (70.0 %)"]


def test_light_colors_are_drawn_darker() -> None:
    axes = Figure().add_subplot()
    draw_spectra(axes, make([None, None, None]))
    assert max(axes.get_lines()[1].get_color()) < 0.8  # type: ignore[type-var]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_number_of_bands_makes_a_plot(tmp_path: Path, count: int) -> None:
    plot_spectra(replace(make([None] * count)), tmp_path / "s.png")
    assert (tmp_path / "s.png").stat().st_size > 5000
