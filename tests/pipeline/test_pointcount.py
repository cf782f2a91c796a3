"""`pointcount_file` counts points on a class map, and says how sure their percentages are."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tsraster import pointcount_file
from tsraster.cli.program import program
from tsraster.errors import BandError, DataError, DestinationExistsError, UsageError
from tsraster.measuring.pointcounts import counting_error, lay_grid, wilson_interval
from tsraster.pipeline.pointcount import PointCount
from tsraster.plots import plot_points
from tsraster.raster import without_place_warning
from tsraster.samples import draw_thin_section

Draw = Callable[..., Path]
PALETTE = {1: (200, 0, 0, 255), 2: (0, 200, 0, 255), 3: (0, 0, 200, 255)}
UTM = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500_000, 0, -30, 4_000_000)}


def draw_codes(shape: tuple[int, int] = (120, 170)) -> NDArray[np.uint8]:
    """Draw grains of 5 x 5 pixels of three classes, and a strip without a class."""
    rng = np.random.default_rng(0)
    grains = rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1], size=(-(-shape[0] // 5), -(-shape[1] // 5)))
    codes = np.kron(grains, np.ones((5, 5), dtype=int))[: shape[0], : shape[1]].astype(np.uint8)
    codes[:, 60:80] = 0
    return codes


@pytest.fixture
def class_map(tmp_path: Path, draw_raster: Draw) -> Path:
    return draw_raster(tmp_path / "classes.tif", draw_codes(), nodata=0, palette=PALETTE, **UTM)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same(first: PointCount, second: PointCount) -> bool:
    arrays = all(np.array_equal(getattr(first, n), getattr(second, n)) for n in ("rows", "columns", "codes", "preview"))
    return arrays and first.classes == second.classes and first.missed == second.missed


@pytest.mark.parametrize("grid", ["random", "regular"])
def test_points_are_what_the_pixels_under_them_are(class_map: Path, grid: Any) -> None:
    codes = draw_codes()
    result = pointcount_file(class_map, points=200, grid=grid)
    np.testing.assert_array_equal(result.codes, codes[result.rows, result.columns])
    assert (result.codes > 0).all()
    assert len(set(zip(result.rows.tolist(), result.columns.tolist(), strict=True))) == len(result.codes)
    assert [share.code for share in result.classes] == [1, 2, 3]
    for share in result.classes:
        assert share.points == int((result.codes == share.code).sum())
        assert share.percent == pytest.approx(100 * share.points / len(result.codes))
        assert (share.low, share.high) == wilson_interval(share.points, len(result.codes))
        assert share.two_sigma == counting_error(share.percent, len(result.codes))
        assert share.pixels == int((codes == share.code).sum())
        assert share.area_percent == pytest.approx(100 * (codes == share.code).sum() / (codes > 0).sum())
        assert share.area_low < share.area_percent < share.area_high
    assert result.without_class == 120 * 20


def test_random_points_are_as_many_as_asked(class_map: Path) -> None:
    for points in (1, 300, 120 * 150):
        result = pointcount_file(class_map, points=points)
        assert (len(result.codes), result.missed) == (points, 0)
    # All of them are all pixels, and the percentages those of the areas.
    assert [share.points for share in result.classes] == [share.pixels for share in result.classes]


def test_a_regular_grid_passes_over_what_has_no_class(class_map: Path) -> None:
    result = pointcount_file(class_map, points=300, grid="regular", seed=3)
    assert result.spacing == pytest.approx(math.sqrt(120 * 150 / 300))
    steps = np.diff(np.unique(result.rows))
    assert set(steps) <= {math.floor(result.spacing), math.ceil(result.spacing)}
    assert len(result.codes) == pytest.approx(300, rel=0.1)
    assert result.missed == pytest.approx(len(result.codes) * 20 / 150, rel=0.5)
    assert not np.isin(result.columns, range(60, 80)).any()


@settings(derandomize=True, deadline=None, database=None, max_examples=25)
@given(block_size=st.integers(7, 200), workers=st.integers(1, 3), grid=st.sampled_from(["random", "regular"]))
def test_blocks_and_workers_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw, block_size: int, workers: int, grid: Any
) -> None:
    source = draw_raster(tmp_path_factory.getbasetemp() / "p.tif", draw_codes(), nodata=0)
    whole = pointcount_file(source, grid=grid, seed=5)
    assert same(pointcount_file(source, grid=grid, seed=5, block_size=block_size, workers=workers), whole)


def test_processes_count_the_same(class_map: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert same(pointcount_file(class_map, executor=executor, block_size=70), pointcount_file(class_map))


def test_a_seed_is_a_set_of_points(class_map: Path) -> None:
    first, again, other = (pointcount_file(class_map, seed=seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not np.array_equal(first.rows, other.rows)


@pytest.mark.parametrize(("grid", "points"), [("random", 300), ("regular", 250)])
def test_counts_of_the_drawn_section_hold_its_truth(tmp_path: Path, draw_raster: Draw, grid: Any, points: int) -> None:
    section = draw_thin_section()
    source = draw_raster(tmp_path / "truth.tif", section.truth)
    pore = section.names.index("pore")
    held = 0
    for seed in range(40):
        share = pointcount_file(source, points=points, grid=grid, seed=seed).classes[pore]
        assert share.area_percent == pytest.approx(100 * section.porosity, abs=1e-9)
        held += share.low <= 100 * section.porosity <= share.high
    # 38 of 40 in the mean; four standard deviations of chance are 5.5.
    assert held >= 33


def test_a_grid_in_step_with_the_grains_misleads() -> None:
    """The rows of grains of the drawn section lie 40 pixels apart, as the points of a grid of 300 do."""
    section = draw_thin_section()
    pore = section.truth == 1 + section.names.index("pore")
    held = {40.0: 0, 43.8: 0}
    for spacing in held:
        for seed in range(200):
            hits = pore[np.ix_(*lay_grid(section.truth.shape, spacing, np.random.default_rng(seed)))]
            low, high = wilson_interval(int(hits.sum()), hits.size)
            held[spacing] += low <= 100 * section.porosity <= high
    assert held[40.0] < 0.75 * 200
    assert held[43.8] > 0.9 * 200


def test_tables_name_points_and_classes(tmp_path: Path, class_map: Path) -> None:
    (tmp_path / "classes.tif.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><CategoryNames><Category/><Category>quartz</Category><Category>mica, dark"
        "</Category><Category>pore</Category></CategoryNames></PAMRasterBand></PAMDataset>"
    )
    result = pointcount_file(class_map, csv=tmp_path / "points.csv", stats=tmp_path / "classes.csv")
    names = {1: "quartz", 2: "mica, dark", 3: "pore"}
    points = rows_of(tmp_path / "points.csv")
    assert list(points[0]) == ["column", "row", "x", "y", "code", "name"]
    assert [int(point["row"]) for point in points] == result.rows.tolist()
    with rasterio.open(class_map) as file:
        for point in points:
            assert file.index(float(point["x"]), float(point["y"])) == (int(point["row"]), int(point["column"]))
            assert (float(point["x"]) - 500_015) % 30 == 0
            assert names[int(point["code"])] == point["name"]
    classes = rows_of(tmp_path / "classes.csv")
    assert [row["name"] for row in classes] == list(names.values())
    assert [float(row["area_percent"]) for row in classes] == [share.area_percent for share in result.classes]
    assert result.written == (str(tmp_path / "points.csv"), str(tmp_path / "classes.csv"))


def test_a_picture_has_no_coordinates(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "labels.png", draw_codes(), driver="PNG")
    pointcount_file(source, csv=tmp_path / "points.csv")
    assert list(rows_of(tmp_path / "points.csv")[0]) == ["column", "row", "code", "name"]


def test_zero_is_a_class_where_it_is_said_to_be_and_the_file_does_not_say_nodata(
    tmp_path: Path, draw_raster: Draw, class_map: Path
) -> None:
    plain = draw_raster(tmp_path / "ids.tif", draw_codes())
    assert [share.code for share in pointcount_file(plain).classes] == [1, 2, 3]
    result = pointcount_file(plain, with_zero=True)
    assert [share.code for share in result.classes] == [0, 1, 2, 3]
    assert result.without_class == 0
    assert [share.code for share in pointcount_file(class_map, with_zero=True).classes] == [1, 2, 3]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"points": 0}, "0 points cannot be counted"),
        ({"points": 10**6}, "1000000 points cannot be counted"),
        ({"confidence": 95}, "a confidence of 95 is none"),
        ({"seed": -1}, "cannot start from -1"),
        ({"grid": "hexagonal"}, "choose from random, regular"),
    ],
)
def test_wrong_numbers_are_refused(class_map: Path, options: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        pointcount_file(class_map, **options)


def test_what_holds_no_classes_is_refused(tmp_path: Path, draw_raster: Draw) -> None:
    def draw(pixels: Any, **options: Any) -> Path:
        return draw_raster(tmp_path / "v.tif", pixels, **options)

    with pytest.raises(DataError, match="no pixel has a class"):
        pointcount_file(draw(np.zeros((4, 4), np.uint8)))
    with pytest.raises(DataError, match="float32 and no class codes"):
        pointcount_file(draw(np.zeros((4, 4), np.float32)))
    with pytest.raises(DataError, match="negative numbers"):
        pointcount_file(draw(np.full((4, 4), -1, np.int16)))
    with pytest.raises(DataError, match="only 16 pixels have a class; 300 points"):
        pointcount_file(draw(np.ones((4, 4), np.uint8)))
    with pytest.raises(DataError, match=r"v\.tif: there are more than 1024 classes"):
        pointcount_file(draw(np.arange(1, 2001, dtype=np.uint16).reshape(40, 50)))
    with pytest.raises(BandError, match="has 3 bands"):
        pointcount_file(draw(np.ones((3, 4, 4), np.uint8)))
    with pytest.raises(DataError, match="no point of the grid hits a class"):
        pointcount_file(draw(np.ones((1, 1000), np.uint8)), grid="regular")


def test_nothing_is_overwritten_unasked_and_the_source_never(tmp_path: Path, class_map: Path) -> None:
    (tmp_path / "points.csv").write_text("old")
    with pytest.raises(DestinationExistsError):
        pointcount_file(class_map, csv=tmp_path / "points.csv")
    with pytest.raises(UsageError, match="give another one"):
        pointcount_file(class_map, csv=class_map, overwrite=True)
    with pytest.raises(DataError):
        pointcount_file(class_map, points=100_000, csv=tmp_path / "points.csv", overwrite=True)
    assert (tmp_path / "points.csv").read_text() == "old"


def test_the_percentages_of_a_real_map_are_those_of_its_pixels(shared_data: Path) -> None:
    source = shared_data / "landcover" / "nlcd2011_zion.tif"
    with rasterio.open(source) as file:
        codes, counts = np.unique(file.read(1), return_counts=True)
    result = pointcount_file(source, points=500)
    assert [share.code for share in result.classes] == codes.tolist()
    assert [share.pixels for share in result.classes] == counts.tolist()
    assert result.lut is not None
    assert sum(share.low <= share.area_percent <= share.high for share in result.classes) >= 12


# The picture and the words


def test_the_picture_shows_each_point_where_it_is(
    class_map: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **o: (figures.append(self), save(self, *a, **o)))
    result = pointcount_file(class_map, points=200)
    plot_points(result, tmp_path / "points.png")
    axes = figures[0].axes[0]
    white, black = (marks.get_offsets() for marks in axes.collections)
    np.testing.assert_array_equal(white, black)
    with rasterio.open(class_map) as file:
        shown = [file.index(x, y) for x, y in np.asarray(black).tolist()]
    assert shown == list(zip(result.rows.tolist(), result.columns.tolist(), strict=True))
    legend = axes.get_legend()
    assert legend.get_title().get_text() == "200 random points \N{PLUS-MINUS SIGN} 2 sigma (area of the map)"
    first = result.classes[0]
    assert legend.get_texts()[0].get_text() == (
        f"1: {first.percent:.1f} \N{PLUS-MINUS SIGN} {first.two_sigma:.1f} %  ({first.area_percent:.1f} %)"
    )


def test_a_class_without_a_hit_has_an_interval_in_the_picture(tmp_path: Path, draw_raster: Draw) -> None:
    codes = draw_codes()
    codes[0, 0] = 9
    result = pointcount_file(draw_raster(tmp_path / "c.tif", codes), points=20, with_zero=True)
    assert (result.lut, result.classes[-1].points) == (None, 0)
    plot_points(result, tmp_path / "points.svg")
    assert "<!-- 9: 0.0 to 16.1 %  (0.0 %) -->" in (tmp_path / "points.svg").read_text()


def test_the_command_says_what_was_counted(tmp_path: Path, class_map: Path) -> None:
    arguments = [str(class_map), "--plot", str(tmp_path / "p.png"), "--csv", str(tmp_path / "p.csv")]
    done = CliRunner().invoke(program, ["pointcount", *arguments], catch_exceptions=False)
    first, header, *lines = done.output.splitlines()
    assert first == "300 random points (seed 0)"
    assert " ".join(header.split()) == "code points percent 2 sigma Wilson 95 % area % bootstrap 95 % blocks"
    result = pointcount_file(class_map)
    assert lines[0].split()[:3] == ["1", str(result.classes[0].points), f"{result.classes[0].percent:.2f}"]
    assert lines[3:] == [
        "no class: 2400 pixels, in no percentage",
        f"wrote {tmp_path / 'p.csv'}",
        f"wrote {tmp_path / 'p.png'}",
    ]
    with without_place_warning(), rasterio.open(tmp_path / "p.png") as file:
        assert file.width > 800


def test_the_command_warns_of_large_grains(tmp_path: Path, draw_raster: Draw) -> None:
    codes = np.kron(np.random.default_rng(1).integers(1, 3, (4, 4)), np.ones((40, 40), dtype=int)).astype(np.uint8)
    source = draw_raster(tmp_path / "large.tif", codes)
    done = CliRunner().invoke(program, ["pointcount", str(source), "--grid", "regular"], catch_exceptions=False)
    assert "points of a regular grid, 9.2 pixels apart (seed 0)" in done.output
    assert "* the patches of this class are large for the map" in done.output
    assert "the distance should not be smaller than the largest grain" in done.output
