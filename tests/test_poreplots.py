"""The picture of a pore space says in its four axes what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from matplotlib.figure import Figure

from tsraster.errors import WriteError
from tsraster.measuring.lognormal import LognormalFit, fit_lognormal
from tsraster.measuring.porespace import make_profiles
from tsraster.measuring.representative import count_cells, find_representative, make_cells
from tsraster.measuring.sizedistribution import SizeDistribution, measure_sizes
from tsraster.plots.poreplots import plot_pores
from tsraster.raster import without_place_warning
from tsraster.samples.medium import draw_medium


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is saved."""
    saved: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *args: Any, **options: Any) -> None:
        saved.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def measure(shape: tuple[int, int, int]) -> dict[str, Any]:
    mask = draw_medium(shape, 0.2) == 0
    counts = make_cells(shape, 2)
    count_cells(mask, 0, 2, counts)
    return {
        "profiles": make_profiles(*(mask.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1)))),
        "representative": find_representative(counts, 2),
    }


def draw_sizes() -> tuple[SizeDistribution, LognormalFit | None]:
    voxels = np.rint(np.random.default_rng(0).lognormal(4, 1, 300)).astype(np.int64)
    voxels = np.append(voxels[voxels >= 10], 100_000)
    kept = voxels < 1000
    fit, _ = fit_lognormal(voxels, 8.0, min_size=10, kept=kept, draws=0)
    return measure_sizes(voxels, 8.0, kept=kept), fit


def texts_of(axes: Any) -> str:
    return "\n".join(text.get_text() for text in axes.get_legend().get_texts())


def is_picture(path: Path) -> bool:
    """Whether a file is a PNG in which there is something on white paper."""
    with without_place_warning(), rasterio.open(path) as file:
        ink = file.read([1, 2, 3]).min(axis=0) < 250
    return bool(file.width > 800 and 0.005 < ink.mean() < 0.9)


def test_sizes_the_fit_slices_and_cubes_are_seen(tmp_path: Path, figures: list[Figure]) -> None:
    sizes, fit = draw_sizes()
    assert fit is not None
    found = measure((40, 30, 36))
    plot_pores(tmp_path / "p.png", sizes=sizes, fit=fit, title="rock.raw", unit="um", **found)
    assert is_picture(tmp_path / "p.png")
    number, volume, slices, cubes = figures[0].axes
    assert number.get_title(loc="left") == "rock.raw"
    assert volume.get_xlabel() == "equivalent diameter (µm)"
    bars = [patch.get_data().values.tolist() for patch in number.patches]
    assert bars[0] == sizes.by_number.tolist()
    assert bars[1] == pytest.approx(100 * sizes.kept / sizes.pores.sum())
    assert volume.patches[0].get_data().values.tolist() == sizes.by_volume.tolist()
    line, cut = number.lines
    assert np.sum(line.get_ydata()) == pytest.approx(100 * fit.pores / sizes.pores.sum(), abs=0.5)
    assert cut.get_xdata()[0] == pytest.approx(np.cbrt(6 / np.pi * 9.5 * 8))
    assert f"lognormal of {fit.pores} pores" in texts_of(number)
    assert "seen from 10 voxels on" in texts_of(number)
    assert [len(line.get_xdata()) for line in slices.lines[:3]] == [40, 30, 36]
    assert "along z: " in texts_of(slices)
    np.testing.assert_array_equal(cubes.lines[0].get_ydata(), found["representative"].mean)
    np.testing.assert_array_equal(cubes.lines[1].get_ydata(), found["representative"].centered)


def test_the_side_from_which_on_cubes_are_alike_is_marked(tmp_path: Path, figures: list[Figure]) -> None:
    found = measure((24, 24, 24))
    even = np.full((16, 16, 16), 4)
    even[0, 0, 0] = 5
    found["representative"] = find_representative(even, 2)
    plot_pores(tmp_path / "p.svg", sizes=draw_sizes()[0], **found)
    cubes = figures[0].axes[3]
    assert cubes.lines[2].get_xdata()[0] == 2
    assert "from 2 voxels on" in texts_of(cubes)


def test_without_a_fit_all_pores_are_one_color(tmp_path: Path, figures: list[Figure]) -> None:
    plot_pores(tmp_path / "p.png", sizes=measure_sizes(np.array([5, 7, 90]), 1.0), **measure((16, 16, 16)))
    assert len(figures[0].axes[0].patches) == 1
    assert len(figures[0].axes[0].lines) == 0


def test_a_volume_without_pores_and_with_a_single_cell_is_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    found = measure((16, 16, 16))
    found["representative"] = find_representative(np.array([[[3]]]), 2)
    plot_pores(tmp_path / "p.png", sizes=measure_sizes(np.zeros(0, np.int64), 1.0), **found)
    assert [text.get_text() for text in figures[0].axes[0].texts] == ["no pores"]
    assert is_picture(tmp_path / "p.png")


def test_a_volume_too_small_for_cubes_is_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    found = measure((16, 16, 16)) | {"representative": None}
    plot_pores(tmp_path / "p.png", sizes=draw_sizes()[0], **found)
    assert [text.get_text() for text in figures[0].axes[3].texts] == ["too small for cubes"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written"):
        plot_pores(tmp_path / "no" / "p.png", sizes=draw_sizes()[0], **measure((16, 16, 16)))
