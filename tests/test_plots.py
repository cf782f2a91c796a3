"""Plots are pictures in which the legend, the lines and the places say what was found."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tsraster import breaks_file, classify_file, histogram_file, plots
from tsraster.classtable import ClassTable, format_numbers
from tsraster.cli.program import program
from tsraster.errors import MissingExtraError, UsageError, WriteError
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 30)}


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


@pytest.fixture
def slope(tmp_path: Path, draw_raster: Draw) -> Path:
    """0 to 99 from west to east, in ten rows; the first row is nodata."""
    pixels = np.tile(np.arange(100, dtype=np.uint8), (10, 1))
    pixels[0] = 255
    return draw_raster(tmp_path / "slope.tif", pixels, nodata=255, band={"units": ("K",)}, **UTM)


def is_picture(path: Path) -> bool:
    """Whether a file is a PNG in which there is something on white paper."""
    with without_place_warning(), rasterio.open(path) as file:
        ink = file.read([1, 2, 3]).min(axis=0) < 250
    return bool(file.width > 800 and 0.005 < ink.mean() < 0.9)


def texts_of(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


# Histograms


def test_cutoffs_are_lines_with_their_numbers(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    cutoffs = [7, 33.5, 1234567]
    plots.plot_histogram(histogram_file(slope, cutoffs=cutoffs), tmp_path / "h.png")
    (axes,) = figures[0].axes
    assert [line.get_xdata()[0] for line in axes.lines] == cutoffs
    assert [text.get_text() for text in axes.texts] == ["7", "33.5", "1234567"]
    assert [text.xy[0] for text in axes.texts] == cutoffs
    assert axes.get_title(loc="left") == "slope.tif"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("band 1 (K)", "pixels")
    assert is_picture(tmp_path / "h.png")


def test_each_value_has_a_bar_around_it(tmp_path: Path, draw_raster: Draw, figures: list[Figure]) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[-3, -3, 0, 2]], np.int16))
    plots.plot_histogram(histogram_file(source), tmp_path / "h.png")
    counts, edges, _ = figures[0].axes[0].patches[0].get_data()
    assert counts.tolist() == [2, 0, 0, 1, 0, 1]
    assert edges.tolist() == [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5]


def test_values_with_a_fraction_have_bars_as_wide_as_their_distance(
    tmp_path: Path, draw_raster: Draw, figures: list[Figure]
) -> None:
    numbers = np.array([[3, 4, 4, 5, 9]], np.uint8)
    source = draw_raster(tmp_path / "v.tif", numbers, band={"scales": (0.25,), "offsets": (1,)})
    plots.plot_histogram(histogram_file(source), tmp_path / "h.png")
    counts, edges, _ = figures[0].axes[0].patches[0].get_data()
    bars = [(a, b, n) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True) if n]
    assert np.allclose(bars, [(1.625, 1.875, 1), (1.875, 2.125, 2), (2.125, 2.4, 1), (3.1, 3.4, 1)])


def test_bins_have_bars_between_their_edges(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    result = histogram_file(slope, bins=9)
    plots.plot_histogram(result, tmp_path / "h.png")
    axes = figures[0].axes[0]
    counts, edges, _ = axes.patches[0].get_data()
    assert counts.tolist() == result.counts.tolist()
    assert edges.tolist() == [i * 11 for i in range(10)]
    assert axes.get_ylabel() == "pixels in each of 9 bins"


@pytest.mark.parametrize("value", [0.0, 293.7, -1e30])
def test_a_single_value_is_seen(tmp_path: Path, draw_raster: Draw, figures: list[Figure], value: float) -> None:
    source = draw_raster(tmp_path / "v.tif", np.full((5, 5), value))
    plots.plot_histogram(histogram_file(source), tmp_path / "h.png")
    counts, edges, _ = figures[0].axes[0].patches[0].get_data()
    assert counts.tolist() == [25]
    assert np.mean(edges) == pytest.approx(value)
    assert is_picture(tmp_path / "h.png")


def test_of_many_cutoffs_some_are_numbered(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    plots.plot_histogram(histogram_file(slope, cutoffs=list(range(1, 99))), tmp_path / "h.png")
    axes = figures[0].axes[0]
    assert len(axes.lines) == 98
    assert [int(text.get_text()) for text in axes.texts] == list(range(1, 99, 4))


def test_one_bin_from_end_to_end(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    plots.plot_histogram(histogram_file(slope, bins=1), tmp_path / "h.png")
    counts, edges, _ = figures[0].axes[0].patches[0].get_data()
    assert (counts.tolist(), edges.tolist()) == ([900], [0, 99])


# Class maps


def test_the_legend_says_color_class_and_percent(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    result = classify_file(slope, cutoffs=[24, 89], names=["low", "", "high"], lut="thermal")
    plots.plot_classes(result, tmp_path / "m.png")
    legend = figures[0].axes[0].get_legend()
    assert texts_of(legend) == ["low  (25.0 %)", "(24, 89]  (65.0 %)", "high  (10.0 %)"]
    assert legend.get_title().get_text() == "band 1 (K)"
    assert result.lut is not None
    colors = [to_hex(np.array(color) / 255, keep_alpha=True) for color in result.lut.colors]
    assert [to_hex(patch.get_facecolor(), keep_alpha=True) for patch in legend.get_patches()] == colors
    assert is_picture(tmp_path / "m.png")


def test_the_map_shows_the_classes_where_they_lie(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    plots.plot_classes(classify_file(slope, cutoffs=[49], lut="gray"), tmp_path / "m.png")
    (axes,) = figures[0].axes
    (image,) = axes.images
    assert image.get_extent() == [500_000, 503_000, 3_999_700, 4_000_000]
    shown = image.get_array()
    assert shown.shape == (10, 100, 4)
    assert shown[5, [0, 49, 50, 99], 0].tolist() == [0, 0, 255, 255]
    assert shown[0, :, 3].tolist() == [0] * 100  # paper
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (m)", "y (m)")
    assert (axes.get_xlim(), axes.get_ylim()) == ((500_000, 503_000), (3_999_700, 4_000_000))


@pytest.mark.parametrize(("east", "south"), [(1, -1), (1, 1), (-1, -1), (-1, 1)])
def test_north_is_up_whichever_way_the_rows_run(
    tmp_path: Path, draw_raster: Draw, figures: list[Figure], east: int, south: int
) -> None:
    transform = Affine(east * 10, 0, 1000, 0, south * 10, 2000)
    source = draw_raster(tmp_path / "v.tif", np.array([[1, 2, 3], [4, 5, 6]], np.uint8), transform=transform)
    plots.plot_classes(classify_file(source, bins=6, lut="gray"), tmp_path / "m.png")
    (axes,) = figures[0].axes
    (image,) = axes.images
    left, right, bottom, top = image.get_extent()
    assert (axes.get_xlim(), axes.get_ylim()) == ((left, right), (bottom, top))
    assert left < right
    assert bottom < top
    shown = image.get_array()[..., 0]
    for row in range(2):
        for col in range(3):
            x, y = transform @ (col + 0.5, row + 0.5)
            at = shown[int((top - y) // 10), int((x - left) // 10)]
            assert at == round((row * 3 + col) * 51)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")


@pytest.mark.parametrize("place", [{}, {"transform": Affine(10, 3, 0, 2, 10, 0), "crs": UTM["crs"]}])
def test_what_has_no_bounds_is_shown_by_rows_and_columns(
    tmp_path: Path, draw_raster: Draw, figures: list[Figure], place: dict[str, Any]
) -> None:
    source = draw_raster(tmp_path / "v.tif", np.arange(12, dtype=np.uint8).reshape(3, 4), **place)
    plots.plot_classes(classify_file(source, cutoffs=[5], lut="gray"), tmp_path / "m.png")
    (axes,) = figures[0].axes
    assert axes.images[0].get_extent() == [0, 4, 3, 0]
    assert axes.images[0].get_array()[..., 0].tolist() == [[0, 0, 0, 0], [0, 0, 255, 255], [255] * 4]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")


def test_degrees_are_said(tmp_path: Path, draw_raster: Draw, figures: list[Figure]) -> None:
    place = {"crs": CRS.from_epsg(4326), "transform": from_origin(10, 50, 0.1, 0.1)}
    source = draw_raster(tmp_path / "v.tif", np.arange(12, dtype=np.uint8).reshape(3, 4), **place)
    plots.plot_classes(classify_file(source, cutoffs=[5]), tmp_path / "m.png")
    assert figures[0].axes[0].get_xlabel() == "x (\N{DEGREE SIGN})"


@pytest.mark.parametrize(("bins", "columns"), [(25, 1), (26, 2), (75, 3)])
def test_many_classes_stand_in_columns(
    slope: Path, tmp_path: Path, figures: list[Figure], bins: int, columns: int
) -> None:
    plots.plot_classes(classify_file(slope, bins=bins), tmp_path / "m.png")
    assert len(texts_of(figures[0].axes[0].get_legend())) == bins
    assert figures[0].axes[0].get_legend()._ncols == columns
    assert is_picture(tmp_path / "m.png")


@pytest.mark.parametrize("bins", [76, 256, 3000])
def test_more_classes_have_a_bar_of_colors(slope: Path, tmp_path: Path, figures: list[Figure], bins: int) -> None:
    result = classify_file(slope, bins=bins, lut="thermal")
    plots.plot_classes(result, tmp_path / "m.png")
    (bar,) = figures[0].axes[0].child_axes
    assert figures[0].axes[0].get_legend() is None
    labels = [label.get_text() for label in bar.get_yticklabels()]
    assert len(labels) == 9
    assert (labels[0], labels[-1]) == (result.table.intervals[0], result.table.intervals[-1])
    assert set(labels) <= set(result.table.intervals)
    assert bar.get_ylabel() == "band 1 (K)"
    colors = bar.collections[-1].cmap(np.linspace(0, 1, 256))
    assert result.lut is not None
    np.testing.assert_allclose(colors[[0, -1]] * 255, [result.lut.colors[0], result.lut.colors[-1]])
    assert is_picture(tmp_path / "m.png")


def test_names_are_shown_as_they_are_written(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    """No formula between dollars, and a class that begins with an underscore is not left out."""
    names = [r"$\nope$", "_hidden", r"\frac{1}{2} & < é"]
    source = slope.rename(tmp_path / "a$b$_{c.tif")
    plots.plot_classes(classify_file(source, cutoffs=[24, 89], names=names), tmp_path / "m.png")
    assert [text.rsplit("  ", 1)[0] for text in texts_of(figures[0].axes[0].get_legend())] == names
    assert figures[0].axes[0].get_title(loc="left") == "a$b$_{c.tif"


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (1, 1)])
def test_a_map_may_be_of_any_shape(tmp_path: Path, draw_raster: Draw, shape: tuple[int, int]) -> None:
    source = draw_raster(tmp_path / "v.tif", np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(shape), **UTM)
    plots.plot_classes(classify_file(source, cutoffs=[100, 200]), tmp_path / "m.png")
    with without_place_warning(), rasterio.open(tmp_path / "m.png") as file:
        assert max(file.shape) < 2500


def test_where_nothing_is_in_a_class_there_is_a_map_still(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    plots.plot_classes(classify_file(slope, table=ClassTable(codes=(1,), edges=(200, 210))), tmp_path / "m.png")
    assert texts_of(figures[0].axes[0].get_legend()) == ["[200, 210]  (nan %)"]


# Files


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_formats_and_the_same_bytes_every_time(slope: Path, tmp_path: Path, ending: str, magic: bytes) -> None:
    for draw, result in (
        (plots.plot_histogram, histogram_file(slope, cutoffs=[5])),
        (plots.plot_classes, classify_file(slope, bins=5)),
    ):
        paths = [tmp_path / f"{i}.{ending}" for i in (1, 2)]
        for path in paths:
            draw(result, path)  # type: ignore[operator]
        assert paths[0].read_bytes().startswith(magic)
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_plot_that_cannot_be_written_is_said(slope: Path, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"h.png cannot be written \(No such file or directory\)"):
        plots.plot_histogram(histogram_file(slope), tmp_path / "nowhere" / "h.png")


def test_the_style_of_the_user_is_left_alone(slope: Path, tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plots.plot_histogram(histogram_file(slope), tmp_path / "h.png")
    with pytest.raises(WriteError):
        plots.plot_histogram(histogram_file(slope), tmp_path / "nowhere" / "h.png")
    assert dict(mpl.rcParams) == before


def test_without_matplotlib_it_says_what_to_install(
    slope: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def hide(name: str, *args: Any, **options: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", hide)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    importlib.reload(plots)  # the module itself does not need it
    for draw, result in (
        (plots.plot_histogram, histogram_file(slope)),
        (plots.plot_classes, classify_file(slope, bins=2)),
    ):
        with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[plots\]'"):
            draw(result, tmp_path / "h.png")  # type: ignore[operator]
    # The command says so before anything is read or written.
    done = CliRunner().invoke(
        program, ["classify", "nowhere.tif", "c.tif", "--bins", "2", "--plot", str(tmp_path / "p.png")]
    )
    assert isinstance(done.exception, MissingExtraError)


# The option


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (["classify", "--bins", "3", "--plot", "p.jpg"], UsageError, "p.jpg has no ending that a plot can have"),
        (["classify", "--bins", "3", "--plot", "c.png", "c.png"], UsageError, "c.png is named for two outputs"),
        (
            ["classify", "--bins", "3", "--plot", "c.png", "--lut", "gray", "--color", "./c.png"],
            UsageError,
            "two outputs",
        ),
        (["classify", "--bins", "3", "--plot", "nowhere/p.png"], WriteError, "there is no folder"),
        (["histogram", "--plot", "p.svg", "--csv", "p.svg"], UsageError, "p.svg is named for two outputs"),
        (["histogram", "--plot", "old.png"], WriteError, "old.png exists already"),
    ],
)
def test_a_plot_that_cannot_be_is_refused_before_anything_is_done(
    slope: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], error: type[Exception], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.png").write_text("old")
    done = CliRunner().invoke(program, [words[0], "slope.tif", *words[1:]])
    assert isinstance(done.exception, error)
    assert text in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.png", "slope.tif"]


def test_the_command_draws_what_it_found(slope: Path, tmp_path: Path) -> None:
    words = ["histogram", str(slope), "--cutoffs", "9", "--plot", str(tmp_path / "p.png")]
    done = CliRunner().invoke(program, words)
    assert done.exception is None
    assert done.output.endswith(f"wrote {tmp_path / 'p.png'}\n")
    assert is_picture(tmp_path / "p.png")
    assert CliRunner().invoke(program, [*words, "--overwrite"]).exception is None


def test_numbers_of_cutoffs_are_those_of_the_legend() -> None:
    assert format_numbers([0.1 + 0.2, 290]) == ["0.3", "290"]


# Schemes ----------------------------------------------------------------------------------------------------------------


def test_each_scheme_has_a_strip_with_its_classes(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    found = breaks_file(slope, compare=True, classes=4)
    plots.plot_breaks(found, tmp_path / "s.png")
    fits = [fit for fit in found.fits if fit.table is not None]
    upper, lower = figures[0].axes
    assert [label.get_text() for label in lower.get_yticklabels()] == [fit.scheme for fit in fits]
    assert upper.get_title(loc="left") == "slope.tif"
    for row, fit in enumerate(fits):
        bars = [bar for bar in lower.patches if bar.get_y() < row < bar.get_y() + bar.get_height()]
        edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
        assert fit.table is not None
        assert edges == pytest.approx(fit.table.edges)
    texts = [text.get_text() for text in lower.texts]
    assert texts == [
        f"{len(fit.table or [])} classes, fit {fit.goodness:.3f}".replace("1 classes", "1 class") for fit in fits
    ]
    assert is_picture(tmp_path / "s.png")


def test_a_single_scheme_is_drawn_into_the_histogram(slope: Path, tmp_path: Path, figures: list[Figure]) -> None:
    plots.plot_breaks(breaks_file(slope, scheme="pretty", classes=5), tmp_path / "s.png")
    assert [line.get_xdata()[0] for line in figures[0].axes[0].lines] == [20, 40, 60, 80]
