"""Pictures back to data: drawn fields with known answers, terrain in five colormaps, a real figure, a real map, wrong options."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import tsraster
from tsraster.cli.program import program
from tsraster.errors import BandError, DataError, DestinationExistsError, LossWarning, TsrasterError, UsageError
from tsraster.inversion.recovery import Reason
from tsraster.plots import plot_inversion
from tsraster.raster import without_place_warning

Floats = NDArray[np.float64]
SHOWN = ("jet", "viridis", "turbo", "gray", "coolwarm")
BOUNDS = {"png": 0.25, "jpeg 95": 0.6, "jpeg 75": 1.3}
"""Percent of the range."""


def color_field(share: Floats, colormap: str) -> NDArray[np.uint8]:
    import matplotlib as mpl

    colors: NDArray[np.uint8] = mpl.colormaps[colormap](share, bytes=True)[..., :3]
    return colors


def save(pixels: NDArray[np.uint8], path: Path, encoding: str) -> Path:
    kind, _, quality = encoding.partition(" ")
    picture = Image.fromarray(pixels)
    if kind == "png":
        picture.save(path.with_suffix(".png"))
    else:
        # As programs write it by default: chroma is halved.
        picture.save(path.with_suffix(".jpg"), quality=int(quality))
    return path.with_suffix(f".{'png' if kind == 'png' else 'jpg'}")


def read_bands(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        return np.asarray(file.read())


@pytest.fixture(scope="module")
def share() -> Floats:
    """Give a smooth field, 0 to 1."""
    row, col = np.mgrid[0:90, 0:130]
    field = np.sin(row / 17) + np.cos(col / 23 + row / 60)
    return np.asarray((field - field.min()) / (field.max() - field.min()))


@pytest.fixture(scope="module")
def figure(share: Floats, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a picture with a white margin, a field in viridis at 10,10 and a color bar at its right."""
    pixels = np.full((110, 190, 3), 255, np.uint8)
    pixels[10:100, 10:140] = color_field(share, "viridis")
    pixels[9:101, 159:171] = 0
    pixels[10:100, 160:170] = color_field(np.linspace(1, 0, 90), "viridis")[:, None]
    return save(pixels, tmp_path_factory.mktemp("figure") / "figure", "png")


@pytest.mark.parametrize("encoding", BOUNDS)
@pytest.mark.parametrize("colormap", SHOWN)
def test_terrain_comes_back(colormap: str, encoding: str, shared_data: Path, tmp_path: Path) -> None:
    with rasterio.open(shared_data / "landcover" / "srtm_zion.tif") as file:
        height = file.read(1).astype(float)
    low, high = height.min(), height.max()
    picture = save(color_field((height - low) / (high - low), colormap), tmp_path / "srtm", encoding)
    done = tmp_path / "back.tif"
    tsraster.invert_file(picture, done, colormap=colormap, vmin=low, vmax=high)
    value, distance, half_width, mask = read_bands(done)
    off = 100 * np.abs(value - height) / (high - low)
    has_value = np.isfinite(value)
    assert has_value.mean() > 0.97
    assert np.sqrt((off[has_value] ** 2).mean()) < BOUNDS[encoding]
    # The value of the nearest color, also where it is not believed.
    assert_flagged(picture, colormap, height, mask)
    assert (off <= 100 * half_width / (high - low))[mask == 0].mean() > 0.93
    assert distance[mask == Reason.FAR].size == 0 or np.nanmax(distance) > 15


def assert_flagged(picture: Path, colormap: str, height: Floats, mask: NDArray[Any]) -> None:
    from tsraster.inversion.matching import ColorMatcher
    from tsraster.inversion.scales import scale_from_lut

    scale = scale_from_lut(tsraster.read_lut(colormap), vmin=height.min(), vmax=height.max())
    for space in ("rgb", "ycbcr"):
        pixels = np.moveaxis(np.asarray(Image.open(picture)), -1, 0)
        nearest = ColorMatcher(scale, space).read_values(pixels)  # type: ignore[arg-type]
        wrong = np.abs(nearest - height) > 0.05 * scale.span
        if wrong.any():
            assert np.isin(mask[wrong], (Reason.FAR, Reason.AMBIGUOUS)).mean() >= 0.9


def test_the_color_bar_of_the_picture_is_read(figure: Path, share: Floats, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = tsraster.invert_file(
        figure,
        tmp_path / "data.tif",
        colorbar=(157, 7, 172, 103),
        vmin=100,
        vmax=200,
        box=(10, 10, 140, 100),
        extent=(0, 0, 13, 9),
        report=report,
    )
    value, distance, half_width, mask = read_bands(tmp_path / "data.tif")
    good = mask == Reason.GOOD
    assert good.mean() > 0.9
    # The bar is 90 pixels long.
    assert np.abs(value - (100 + 100 * share))[good].max() < 100 * 1.5 / 90
    assert np.isfinite(half_width[good]).all()
    with rasterio.open(tmp_path / "data.tif") as file:
        assert file.bounds == (0, 0, 13, 9)
        assert file.descriptions == ("value", "distance", "half_width", "mask")
        assert np.isnan(file.nodata)
    said = json.loads(report.read_text())
    assert said["scale"]["colorbar"]["found"] is False
    assert [entry["pixels"] for entry in said["mask"]] == [int((mask == code).sum()) for code in range(6)]
    assert said["round_trip"]["pixels"] == result.tally.compared == int(np.isin(mask, (0, 4)).sum())
    assert said["round_trip"]["max_rgb_distance"] == pytest.approx(np.nanmax(distance[np.isin(mask, (0, 4))]), abs=1e-5)
    assert said["round_trip"]["mean_rgb_distance"] == pytest.approx(np.mean(distance[np.isin(mask, (0, 4))]), abs=0.13)


def test_the_color_bar_is_found_and_reported(figure: Path, tmp_path: Path) -> None:
    options = ["--colorbar", "auto", "--vmin", "0", "--vmax", "1"]
    result = CliRunner().invoke(program, ["invert", str(figure), str(tmp_path / "data.tif"), *options])
    assert result.exit_code == 0, result.output
    assert "found by itself" in result.output
    assert re.search(r"--colorbar 15[5-9],[5-9],17[1-5],10[1-5] ", result.output)


def test_the_mean_of_the_distances_is_not_above_the_largest(tmp_path: Path) -> None:
    pixels = np.full((4, 5, 3), (1, 1, 0), np.uint8)
    picture = save(pixels, tmp_path / "one", "png")
    tally = tsraster.invert_file(picture, tmp_path / "data.tif", colormap="gray").tally
    assert 0.5 < tally.mean_distance == pytest.approx(tally.largest_distance, abs=0.005)
    assert tally.rms_distance == pytest.approx(tally.largest_distance, abs=0.005)


@pytest.mark.parametrize(("vmin", "vmax"), [(0.1, 1000), (20, 70)])
def test_the_plot_of_a_log_scale_has_plain_numbers(
    vmin: float, vmax: float, figure: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Figure] = []
    saving = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *a, **k: (saved.append(figure), saving(figure, *a, **k))[1])
    result = tsraster.invert_file(
        figure, tmp_path / "data.tif", colorbar="auto", vmin=vmin, vmax=vmax, scale="log", box=(10, 10, 140, 100)
    )
    plot_inversion(result, tmp_path / "p.png")
    (bar,) = [inset for axes in saved[0].axes for inset in axes.child_axes]
    labels = [label.get_text().replace("\N{MINUS SIGN}", "-") for label in bar.get_xticklabels(which="both")]
    assert sum(vmin <= float(label) <= vmax for label in labels if label) >= 3


@pytest.mark.parametrize("options", [{"block_size": 17}, {"workers": 1}, {"block_size": 64, "workers": 3}])
def test_blocks_and_workers_change_nothing(options: dict[str, int], figure: Path, tmp_path: Path) -> None:
    common: dict[str, Any] = {"colormap": "viridis", "fill": 7, "layers": "files", "box": (3, 4, 180, 107)}
    tsraster.invert_file(figure, tmp_path / "one.tif", **common, report=tmp_path / "one.json")
    tsraster.invert_file(figure, tmp_path / "two.tif", **common, **options, report=tmp_path / "two.json")
    for name in ("", "_distance", "_half_width", "_mask"):
        np.testing.assert_array_equal(read_bands(tmp_path / f"one{name}.tif"), read_bands(tmp_path / f"two{name}.tif"))
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert {**one, "written": []} == {**two, "written": []}


def test_layers_are_bands_or_files_or_the_values_alone(figure: Path, tmp_path: Path) -> None:
    for layers in ("bands", "files", "value"):
        (tmp_path / layers).mkdir()
        result = tsraster.invert_file(
            figure,
            tmp_path / layers / "d.tif",
            colormap="viridis",
            layers=layers,
            unit="K",  # type: ignore[arg-type]
        )
        assert sorted(result.written) == sorted(str(path) for path in (tmp_path / layers).glob("*.tif"))
    bands = read_bands(tmp_path / "bands" / "d.tif")
    for i, name in enumerate(("d", "d_distance", "d_half_width", "d_mask")):
        np.testing.assert_array_equal(read_bands(tmp_path / "files" / f"{name}.tif")[0], bands[i])
    np.testing.assert_array_equal(read_bands(tmp_path / "value" / "d.tif")[0], bands[0])
    with without_place_warning(), rasterio.open(tmp_path / "files" / "d_mask.tif") as mask:
        assert (mask.dtypes[0], mask.nodata, mask.colormap(1)[4]) == ("uint8", None, (240, 150, 30, 255))
    with without_place_warning(), rasterio.open(tmp_path / "value" / "d.tif") as value:
        assert value.units == ("K",)


def test_a_palette_a_gray_and_sixteen_bits_are_pictures(
    share: Floats, tmp_path: Path, draw_raster: Callable[..., Path]
) -> None:
    pixels = color_field(share, "viridis")
    Image.fromarray(pixels).quantize(256).save(tmp_path / "palette.png")
    draw_raster(tmp_path / "deep.png", np.moveaxis(pixels.astype(np.uint16) * 257, -1, 0), driver="PNG")
    for name in ("palette", "deep"):
        tsraster.invert_file(tmp_path / f"{name}.png", tmp_path / f"{name}.tif", colormap="viridis")
        value = read_bands(tmp_path / f"{name}.tif")[0]
        assert np.nanmean(np.abs(value - share)) < 0.01
    Image.fromarray(np.rint(255 * share).astype(np.uint8)).save(tmp_path / "gray.png")
    tsraster.invert_file(tmp_path / "gray.png", tmp_path / "gray.tif", colormap="gray")
    assert np.abs(read_bands(tmp_path / "gray.tif")[0] - share).max() < 0.003


def test_what_the_user_masks_has_no_value(figure: Path, tmp_path: Path) -> None:
    mask = np.zeros((110, 190), np.uint8)
    mask[20:30, 40:60] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    tsraster.invert_file(
        figure, tmp_path / "d.tif", colormap="viridis", mask_file=tmp_path / "mask.png", box=(10, 10, 140, 100)
    )
    bands = read_bands(tmp_path / "d.tif")
    np.testing.assert_array_equal(bands[3] == Reason.MASKED, mask[10:100, 10:140] == 1)
    assert np.isnan(bands[0][bands[3] == Reason.MASKED]).all()


def test_what_is_georeferenced_stays_so(share: Floats, tmp_path: Path, draw_raster: Callable[..., Path]) -> None:
    transform = rasterio.Affine(30, 0, 500_000, 0, -30, 4_000_000)
    pixels = np.moveaxis(color_field(share, "turbo"), -1, 0)
    source = draw_raster(tmp_path / "map.tif", pixels, crs="EPSG:32611", transform=transform, photometric="RGB")
    tsraster.invert_file(source, tmp_path / "whole.tif", colormap="turbo")
    tsraster.invert_file(source, tmp_path / "part.tif", colormap="turbo", box=(10, 20, 60, 70))
    with rasterio.open(tmp_path / "whole.tif") as whole, rasterio.open(tmp_path / "part.tif") as part:
        assert (whole.crs.to_epsg(), whole.transform) == (32611, transform)
        assert (part.crs.to_epsg(), part.transform) == (32611, transform @ rasterio.Affine.translation(10, 20))
    with pytest.warns(LossWarning, match="georeferenced already"):
        tsraster.invert_file(source, tmp_path / "new.tif", colormap="turbo", extent=(0, 0, 1, 1))


def test_stripes_and_tiles_of_a_large_picture_are_the_same(tmp_path: Path, draw_raster: Callable[..., Path]) -> None:
    row, col = np.mgrid[0:700, 0:900]
    pixels = np.moveaxis(color_field(0.5 + 0.5 * np.sin(row / 90) * np.cos(col / 70), "jet"), -1, 0)
    draw_raster(tmp_path / "stripes.png", pixels, driver="PNG")
    draw_raster(tmp_path / "tiles.tif", pixels, tiled=True, blockxsize=128, blockysize=128, photometric="RGB")
    for name in ("stripes.png", "tiles.tif"):
        tsraster.invert_file(tmp_path / name, tmp_path / f"{name}.back.tif", colormap="jet")
    one, two = (read_bands(tmp_path / f"{name}.back.tif") for name in ("stripes.png", "tiles.tif"))
    np.testing.assert_array_equal(one, two)


PUMPHREY = {
    "colorbar": (734, 72, 763, 648),
    "ticks": "525=0.6,402=0.8,279=1.0,156=1.2",
    "box": (115, 72, 691, 648),
    "extent": (0, -3, 6, 3),
}


@pytest.fixture(scope="module")
def pumphrey(shared_data: Path) -> Path:
    return shared_data / "colormap" / "Hugh_Pumphrey_CC-BY_jet.png"


def test_a_real_figure_lies_on_its_axes(pumphrey: Path, tmp_path: Path) -> None:
    result = tsraster.invert_file(pumphrey, tmp_path / "d.tif", **PUMPHREY)  # type: ignore[arg-type]
    with rasterio.open(tmp_path / "d.tif") as file:
        assert file.bounds == (0, -3, 6, 3)
        value, mask = file.read(1), file.read(4)
        # The hot spot that the figure shows at 2.4, 0.
        row, col = np.unravel_index(np.nanargmax(value), value.shape)
        x, y = file.xy(row, col)
    assert np.hypot(x - 2.4, y) < 0.25
    assert result.tally.count(Reason.GOOD) / mask.size > 0.98
    # What is not good are the spines, which are drawn onto the edges of the box.
    assert not mask[3:-3, 3:-3].any()


def test_values_of_a_real_figure_are_those_of_its_bar(pumphrey: Path, tmp_path: Path) -> None:
    tsraster.invert_file(pumphrey, tmp_path / "d.tif", colorbar=PUMPHREY["colorbar"], ticks=PUMPHREY["ticks"])  # type: ignore[arg-type]
    value, *_, mask = read_bands(tmp_path / "d.tif")
    rows = np.linspace(90, 630, 13).astype(int)
    along = np.interp(rows + 0.5, [156, 279, 402, 525], [1.2, 1.0, 0.8, 0.6])
    outside = (rows < 156) | (rows > 525)
    along[outside] = 0.6 + (525 - rows[outside] - 0.5) * 0.2 / 123
    assert np.abs(value[rows, 748] - along).max() < 0.01 * (1.333 - 0.4)
    # Numbers and letters around the plot and the bar are no values.
    for text in ((775, 140, 812, 540), (60, 60, 108, 660), (110, 655, 700, 690)):
        left, top, right, bottom = text
        assert np.isin(mask[top:bottom, left:right], (Reason.FAR, Reason.BACKGROUND)).all()


def test_the_bar_of_a_real_figure_is_found(pumphrey: Path, tmp_path: Path) -> None:
    result = tsraster.invert_file(pumphrey, tmp_path / "d.tif", **{**PUMPHREY, "colorbar": "auto"})  # type: ignore[arg-type]
    assert result.chosen.is_found
    assert result.chosen.bar is not None
    assert np.abs(np.subtract(result.chosen.bar.box, PUMPHREY["colorbar"])).max() <= 2  # type: ignore[arg-type]


def test_a_real_map_is_placed_by_its_control_points(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "misc" / "geospatialpython_georef.zip") as archive:
        names = {Path(name).suffix.lower(): name for name in archive.namelist() if not Path(name).name.startswith(".")}
        archive.extract(names[".jpg"], tmp_path)
        archive.extract(names[".points"], tmp_path)
    options = ["--colormap", "gray", "--gcps", str(tmp_path / names[".points"]), "--crs", "EPSG:4326"]
    small = ["--box", "1000,700,1700,1400"]
    result = CliRunner().invoke(
        program,
        ["invert", str(tmp_path / names[".jpg"]), str(tmp_path / "d.tif"), *options, *small, "--tolerance", "120"],
    )
    assert result.exit_code == 0, result.output
    assert "order 1                        3       0.028822     38.74" in result.output
    assert "likely wrong" in result.output
    with rasterio.open(tmp_path / "d.tif") as file:
        points, crs = file.gcps
    assert (len(points), crs.to_epsg()) == (39, 4326)
    # The first point of the file, from the corner of the box.
    assert (points[0].col, points[0].row) == pytest.approx((1161.2328 - 1000, 1348.5606 - 700), abs=1e-3)


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({}, UsageError, "either --colormap"),
        ({"colormap": "jet", "colorbar": "auto"}, UsageError, "either --colormap"),
        ({"colormap": "jet", "ticks": "1=2,3=4"}, UsageError, "--ticks belong to --colorbar"),
        ({"colormap": "jett"}, UsageError, "unknown color table 'jett'"),
        ({"colormap": "viridis", "vmin": 1.0}, UsageError, "belong together"),
        ({"colormap": "viridis", "vmin": 3.0, "vmax": 3.0}, UsageError, "no range"),
        ({"colormap": "viridis", "scale": "log", "vmin": 0.0, "vmax": 3.0}, UsageError, "above 0"),
        ({"colormap": "viridis", "tolerance": -1.0}, UsageError, "--tolerance -1"),
        ({"colormap": "viridis", "tolerance": float("nan")}, UsageError, "--tolerance nan"),
        ({"colormap": "viridis", "max_half_width": 60.0}, UsageError, "--max-half-width 60"),
        ({"colormap": "viridis", "fill": 1000}, UsageError, "--fill 1000"),
        ({"colormap": "viridis", "halo": -2}, UsageError, "--halo -2"),
        ({"colormap": "viridis", "background": "whit"}, UsageError, "'whit' is no color"),
        ({"colormap": "viridis", "layers": "all"}, UsageError, "choose from bands, files, value"),
        ({"colormap": "viridis", "space": "hsv"}, UsageError, "choose from rgb, lab, ycbcr"),
        ({"colormap": "viridis", "box": (1, 2, 3)}, UsageError, "--box has 3 numbers"),
        ({"colormap": "viridis", "box": (5, 5, 5, 50)}, UsageError, "5,5,5,50 is empty"),
        ({"colormap": "viridis", "box": (0, 0, 500, 50)}, DataError, "reaches beyond the picture"),
        ({"colormap": "viridis", "extent": (0, 0, 0, 1)}, UsageError, "no width"),
        ({"colormap": "viridis", "crs": "EPSG:99999999"}, UsageError, "EPSG:99999999"),
        ({"colormap": "Reds"}, DataError, "no color of .* fits"),
        ({"colorbar": (157, 7, 172, 103)}, UsageError, "give --ticks"),
        ({"colorbar": (157, 7, 172)}, UsageError, "3 numbers"),
        ({"colorbar": "left"}, UsageError, "left,top,right,bottom"),
        ({"colorbar": (157, 7, 999, 103), "vmin": 0, "vmax": 1}, UsageError, "outside of the picture"),
        ({"colorbar": (172, 7, 185, 103), "vmin": 0, "vmax": 1}, DataError, "one color"),
        ({"colorbar": (157, 7, 172, 103), "ticks": "20=1,50=5,80=2"}, UsageError, "contradicts the others"),
        ({"colorbar": (157, 7, 172, 103), "ticks": "20=1,50=2,80=9,95=4"}, UsageError, "contradicts the others"),
        ({"colorbar": (157, 7, 172, 103), "ticks": "20:1"}, UsageError, "20:1"),
    ],
)
def test_wrong_options_are_one_clear_sentence(
    options: dict[str, Any], error: type[TsrasterError], problem: str, figure: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=problem) as caught:
        tsraster.invert_file(figure, tmp_path / "d.tif", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_without_a_bar_says_what_to_do(share: Floats, tmp_path: Path) -> None:
    picture = save(color_field(share, "jet"), tmp_path / "plain", "png")
    with pytest.raises(DataError, match=r"no color bar is found .* --colorbar left,top,right,bottom"):
        tsraster.invert_file(picture, tmp_path / "d.tif", colorbar="auto", vmin=0, vmax=1)


def test_what_is_no_picture_is_refused(tmp_path: Path, draw_raster: Callable[..., Path], figure: Path) -> None:
    values = draw_raster(tmp_path / "values.tif", np.zeros((5, 5), np.float32))
    with pytest.raises(BandError, match="is no picture"):
        tsraster.invert_file(values, tmp_path / "d.tif", colormap="jet")
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(DataError, match=r"9 x 9 pixels .* 190 x 110"):
        tsraster.invert_file(figure, tmp_path / "d.tif", colormap="viridis", mask_file=tmp_path / "mask.png")
    with pytest.raises(UsageError, match=r"let it end in \.tif"):
        tsraster.invert_file(figure, tmp_path / "d.png", colormap="viridis")


def test_what_exists_is_kept(figure: Path, tmp_path: Path) -> None:
    (tmp_path / "d_mask.tif").write_text("mine")
    with pytest.raises(DestinationExistsError, match="d_mask"):
        tsraster.invert_file(figure, tmp_path / "d.tif", colormap="viridis", layers="files")
    assert [path.name for path in tmp_path.iterdir()] == ["d_mask.tif"]
