"""Areas of phases by color: the drawn truth, the real photos, and every way in which pictures come and fail."""

from __future__ import annotations

import csv
import math
import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner

from tsraster import classify_file, porosity_files
from tsraster.cli.program import program
from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    MissingSourceError,
    TsrasterError,
    UsageError,
    WriteError,
)
from tsraster.pipeline.demo import draw_samples
from tsraster.pipeline.porosity import DYE
from tsraster.raster import without_place_warning
from tsraster.samples import draw_thin_section

Draw = Callable[..., Path]
ROLES = ("red", "green", "blue")
BLUE, WHITE, GRAY, RED = (60, 130, 200), (230, 228, 220), (128, 128, 128), (200, 30, 30)


def draw_photo(path: Path, draw_raster: Draw, *colors: tuple[int, int, int], alpha: Any = None, **more: Any) -> Path:
    """Draw stripes of 10 x 10 pixels, one a color."""
    rgb = np.repeat(np.repeat(np.array(colors, np.uint8).T[:, np.newaxis], 10, axis=1), 10, axis=2)
    if alpha is not None:
        rgb = np.concatenate([rgb, np.broadcast_to(np.asarray(alpha, np.uint8), (1, *rgb.shape[1:]))])
    return draw_raster(path, rgb, roles=ROLES if alpha is None else (*ROLES, "alpha"), **more)


def read(path: Path) -> Any:
    with without_place_warning(), rasterio.open(path) as file:
        return file.read()


@pytest.mark.parametrize("seed", range(4))
def test_the_drawn_section_is_measured_within_half_a_percent(tmp_path: Path, draw_raster: Draw, seed: int) -> None:
    section = draw_thin_section(seed=seed)
    path = draw_raster(tmp_path / "section.png", np.moveaxis(section.rgb, -1, 0), driver="PNG")
    result = porosity_files(path)
    assert abs(result.total.phases[0].percent - 100 * section.porosity) < 0.5
    assert abs(result.total.gray_percent - 100 * section.porosity) > 1, "grays would do as well"


def test_the_section_of_the_demo_is_measured_within_half_a_percent(tmp_path: Path) -> None:
    _, path = draw_samples(tmp_path)
    assert abs(porosity_files(path).total.phases[0].percent - 100 * draw_thin_section().porosity) < 0.5


@pytest.mark.parametrize(
    ("photo", "dye", "gray"),
    [
        # In crossed polars: bluish quartz, and no dye.
        ("1", (0.0, 1.0), 34.64),
        # Least squares of dye, colorless, brown and black, in linear light or not, give 18.8 to 20.8 and 22.5 to 24.8 % of dye.
        ("3", (18.75, 20.85), 25.84),
        ("5", (22.45, 24.85), 32.08),
    ],
)
def test_photos_have_the_dye_that_unmixing_finds_and_the_published_gray_class(
    shared_data: Path, photo: str, dye: tuple[float, float], gray: float
) -> None:
    path = shared_data / "thinsection" / "philliec" / f"{photo}.png"
    found = porosity_files(path).total
    assert dye[0] <= found.phases[0].percent <= dye[1]
    assert found.gray_percent == pytest.approx(gray, abs=0.005)
    label = read(path.with_name(f"{photo}_label_ref.png"))[0]
    assert found.gray_pixels == np.count_nonzero(label == 3)


def test_the_gray_class_is_that_of_classify(tmp_path: Path) -> None:
    _, section = draw_samples(tmp_path)
    classes = classify_file(section, cutoffs=[0.25, 0.4, 0.6, 0.75], smooth="gaussian:1")
    assert porosity_files(section).total.gray_pixels == classes.shares[2].pixels
    other = classify_file(section, cutoffs=[0.1, 0.3], smooth="median:3")
    assert porosity_files(section, gray=[0.1, 0.3], smooth="median:3").total.gray_pixels == other.shares[1].pixels


def test_counts_are_those_by_hand(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_photo(tmp_path / "a.tif", draw_raster, BLUE, WHITE, GRAY, RED)
    phases = ["dye #00ff00: hue 180..260, saturation >0.35", "red: hue 350..10, saturation >0.5"]
    total = porosity_files(path, phase=phases, smooth="gaussian:0.1").total
    assert [(p.name, p.pixels, p.percent, p.in_gray_percent) for p in total.phases] == [
        ("dye", 100, 25.0, 100.0),
        ("red", 100, 25.0, 0.0),
    ]
    assert (total.pixels, total.without_data, total.gray_pixels, total.gray_percent) == (400, 0, 200, 50.0)


def test_transparent_pixels_do_not_count(tmp_path: Path, draw_raster: Draw) -> None:
    alpha = np.full((10, 30), 255)
    alpha[:, 5:10] = 0
    alpha[:, 20:] = 0
    total = porosity_files(draw_photo(tmp_path / "a.tif", draw_raster, BLUE, WHITE, BLUE, alpha=alpha)).total
    assert (total.pixels, total.without_data, total.phases[0].pixels) == (150, 150, 50)


def test_several_are_pooled_by_pixels_and_their_spread_is_that_between_pictures(
    tmp_path: Path, draw_raster: Draw
) -> None:
    paths = [
        draw_photo(tmp_path / "a.png", draw_raster, BLUE, driver="PNG"),
        draw_photo(tmp_path / "b.png", draw_raster, WHITE, WHITE, WHITE, BLUE, driver="PNG"),
        draw_photo(tmp_path / "c.png", draw_raster, WHITE, driver="PNG"),
    ]
    result = porosity_files([tmp_path])
    assert [picture.source for picture in result.pictures] == [str(path) for path in paths]
    assert [picture.phases[0].percent for picture in result.pictures] == [100.0, 25.0, 0.0]
    assert math.isnan(result.pictures[2].phases[0].in_gray_percent)
    assert result.total.phases[0].percent == pytest.approx(100 * 200 / 600)
    assert result.spreads[0] == pytest.approx((125 / 3, np.std([100, 25, 0], ddof=1)))
    assert len(result.spreads) == 2
    alone = porosity_files(paths[0])
    assert alone.spreads[0][0] == 100
    assert math.isnan(alone.spreads[0][1])


@pytest.mark.parametrize("how", [{"block_size": 7}, {"block_size": 64, "workers": 1}, {"workers": 5}, {"processes": 2}])
@pytest.mark.parametrize("several", [False, True])
def test_blocks_and_workers_change_nothing(
    tmp_path: Path, draw_raster: Draw, how: dict[str, Any], several: bool
) -> None:
    rng = np.random.default_rng(4)
    rgb = rng.integers(0, 256, (4, 50, 60), dtype=np.uint8)
    rgb[3] = np.where(rng.random((50, 60)) < 0.1, 0, 255)
    paths = [
        draw_raster(tmp_path / f"{n}.tif", np.roll(rgb, 7 * n, 1), roles=(*ROLES, "alpha"))
        for n in range(2 if several else 1)
    ]
    phases = [DYE, "near: near(#808080, 20)"]
    expected = porosity_files(paths, phase=phases, picture=tmp_path / "whole")
    if "processes" in how:
        with ProcessPoolExecutor(how["processes"], mp_context=multiprocessing.get_context("spawn")) as pool:
            found = porosity_files(paths, phase=phases, picture=tmp_path / "parts", executor=pool, block_size=20)
    else:
        found = porosity_files(paths, phase=phases, picture=tmp_path / "parts", **how)
    assert found.pictures == expected.pictures
    assert found.total == expected.total
    assert (found.total.counts == expected.total.counts).all()
    for whole, part in zip(expected.written, found.written, strict=True):
        assert (read(Path(whole)) == read(Path(part))).all()


def test_the_copy_shows_the_photo_with_outlines_in_the_color_of_the_phase(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_photo(tmp_path / "a.tif", draw_raster, WHITE, BLUE, WHITE, RED)
    porosity_files(
        path, phase=["dye: hue 180..260", "red #123456: hue 350..10, saturation >0.5"], picture=tmp_path / "out"
    )
    drawn = read(tmp_path / "out" / "a_phases.png")
    assert drawn.shape == (3, 10, 40)
    expected = (
        [WHITE] * 10 + [(255, 255, 0)] + [BLUE] * 8 + [(255, 255, 0)] + [WHITE] * 10 + [(0x12, 0x34, 0x56)] + [RED] * 9
    )
    assert [tuple(pixel) for pixel in drawn[:, 5].T.tolist()] == expected


def test_the_copy_is_transparent_where_the_photo_is_and_has_its_place(tmp_path: Path, draw_raster: Draw) -> None:
    alpha = np.full((10, 20), 255)
    alpha[2:4] = 0
    place = {"crs": "EPSG:32616", "transform": rasterio.Affine(10, 0, 5000, 0, -10, 9000)}
    path = draw_photo(tmp_path / "a.tif", draw_raster, WHITE, BLUE, alpha=alpha, **place)
    porosity_files(path, picture=tmp_path)
    with rasterio.open(tmp_path / "a_phases.png") as file:
        assert (file.read(4) == alpha).all()
        assert file.crs == place["crs"]
        assert file.transform == place["transform"]


def test_16_bits_palettes_and_jpeg_are_measured(tmp_path: Path, draw_raster: Draw) -> None:
    stripes = np.repeat(np.repeat(np.array([BLUE, WHITE], np.uint8).T[:, np.newaxis], 16, axis=1), 16, axis=2)
    codes = np.repeat(np.repeat(np.array([[0, 1]], np.uint8), 16, axis=0), 16, axis=1)
    paths = [
        draw_raster(tmp_path / "deep.png", stripes.astype(np.uint16) * 257, driver="PNG"),
        draw_raster(tmp_path / "photo.jpg", stripes, driver="JPEG"),
        draw_raster(tmp_path / "codes.png", codes, driver="PNG", palette={0: (*BLUE, 255), 1: (*WHITE, 255)}),
    ]
    result = porosity_files(paths, picture=tmp_path / "out")
    assert [picture.phases[0].percent for picture in result.pictures] == [50, 50, 50]
    assert all(read(Path(path)).dtype == np.uint8 for path in result.written)
    assert len(result.written) == 3


def test_points_are_looked_up_in_the_first_picture_for_all(tmp_path: Path, draw_raster: Draw) -> None:
    first = draw_photo(tmp_path / "a.png", draw_raster, RED, WHITE, driver="PNG")
    second = draw_photo(tmp_path / "b.png", draw_raster, WHITE, WHITE, RED, driver="PNG")
    result = porosity_files([first, second], phase=["x: points(3,4; 5)"])
    assert list(map(str, result.phases)) == ["x: near(#c81e1e, 5)"]
    assert [picture.phases[0].pixels for picture in result.pictures] == [100, 100]


def test_the_table_has_a_row_for_each_picture_and_phase(tmp_path: Path, draw_raster: Draw) -> None:
    paths = [
        draw_photo(tmp_path / f"{n}.tif", draw_raster, *colors) for n, colors in enumerate([[BLUE, WHITE], [WHITE] * 3])
    ]
    result = porosity_files(paths, phase=[DYE, "white: value >0.8"], csv=tmp_path / "p.csv", smooth="gaussian:0.1")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["phase"]) for row in rows] == [
        (image, name) for image in (*map(str, paths), "all") for name in ("blue dye", "white")
    ]
    assert [row["phase_pixels"] for row in rows] == ["100", "100", "0", "300", "100", "400"]
    assert [row["percent"] for row in rows[-2:]] == ["20.0", "80.0"]
    assert [row["in_gray_percent"] for row in rows[:4]] == ["100.0", "0.0", "", "0.0"]
    assert {row["gray_pixels"] for row in rows[-2:]} == {"100"}
    assert result.written == (str(tmp_path / "p.csv"),)


def break_photo(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def test_pictures_that_fail_are_listed_and_the_rest_is_measured(tmp_path: Path, draw_raster: Draw) -> None:
    good = draw_photo(tmp_path / "a.tif", draw_raster, BLUE)
    noise = np.random.default_rng(0).integers(0, 256, (3, 90, 90), dtype=np.uint8)
    broken = break_photo(draw_raster(tmp_path / "b.png", noise, driver="PNG"))
    gray = draw_raster(tmp_path / "c.tif", np.zeros((5, 5), np.uint8))
    empty = draw_photo(tmp_path / "d.tif", draw_raster, BLUE, alpha=0)
    paths = [good, broken, gray, empty, tmp_path / "absent.png"]
    result = porosity_files(paths, csv=tmp_path / "p.csv", picture=tmp_path / "out")
    assert [picture.source for picture in result.pictures] == [str(good)]
    assert [failure.source for failure in result.failures] == [str(path) for path in paths[1:]]
    problems = [failure.problem for failure in result.failures]
    for problem, words in zip(
        problems, ("cannot be", "no color picture", "no pixel with data", "absent.png"), strict=True
    ):
        assert words in problem
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a_phases.png"]
    assert result.written == (str(tmp_path / "p.csv"), str(tmp_path / "out" / "a_phases.png"))


@pytest.mark.parametrize(
    ("name", "error"), [("c.tif", BandError), ("d.tif", DataError), ("absent.png", MissingSourceError)]
)
def test_a_single_picture_that_fails_is_an_error(
    tmp_path: Path, draw_raster: Draw, name: str, error: type[TsrasterError]
) -> None:
    draw_raster(tmp_path / "c.tif", np.zeros((5, 5), np.uint8))
    draw_photo(tmp_path / "d.tif", draw_raster, BLUE, alpha=0)
    with pytest.raises(error):
        porosity_files(tmp_path / name, csv=tmp_path / "p.csv", picture=tmp_path / "out")
    assert not (tmp_path / "p.csv").exists()
    assert not list((tmp_path / "out").iterdir())


def test_where_all_fail_that_is_an_error(tmp_path: Path, draw_raster: Draw) -> None:
    paths = [draw_raster(tmp_path / f"{n}.tif", np.zeros((5, 5), np.uint8)) for n in range(3)]
    with pytest.raises(DataError, match=r"none of 3 pictures can be measured: .*0\.tif is no color picture"):
        porosity_files(paths, csv=tmp_path / "p.csv")
    assert not (tmp_path / "p.csv").exists()


def test_what_exists_is_kept_and_said_before_any_work(tmp_path: Path, draw_raster: Draw) -> None:
    paths = [draw_photo(tmp_path / f"{n}.tif", draw_raster, BLUE) for n in range(3)]
    last = tmp_path / "out" / "2_phases.png"
    porosity_files(paths[2], picture=tmp_path / "out")
    before = last.read_bytes()
    with pytest.raises(DestinationExistsError, match="2_phases"):
        porosity_files(paths, picture=tmp_path / "out", progress=lambda done, total: pytest.fail("work was done"))
    assert last.read_bytes() == before
    assert len(porosity_files(paths, picture=tmp_path / "out", overwrite=True).written) == 3


def test_progress_counts_pictures_or_the_blocks_of_one(tmp_path: Path, draw_raster: Draw) -> None:
    paths = [draw_photo(tmp_path / f"{n}.tif", draw_raster, BLUE) for n in range(3)]
    said: list[tuple[int, int]] = []
    porosity_files(paths, progress=lambda done, total: said.append((done, total)))
    assert said == [(1, 3), (2, 3), (3, 3)]
    said.clear()
    porosity_files(paths[0], block_size=5, progress=lambda done, total: said.append((done, total)))
    assert said[-1] == (4, 4)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"phase": ["blue: hues 1..2"]}, "the phase blue: 'hues' is no channel"),
        ({"gray": [0.6, 0.4]}, "--gray 0.6,0.4 is no range of grays; give LOW,HIGH"),
        ({"gray": [0.1, 0.4, 0.6]}, "--gray 0.1,0.4,0.6 is no range"),
        ({"gray": [0, 2]}, "--gray 0,2 is no range"),
        ({"smooth": "mean"}, "mean"),
        ({"sources": []}, "there is no picture to measure"),
        ({"sources": ["x/a.png", "y/a.jpg"], "picture": "out"}, "two pictures are called a, and so would be"),
    ],
)
def test_what_can_never_work_is_said(tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        porosity_files(**{"sources": [tmp_path / "a.png"]} | options)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_photo(tmp_path / "a.tif", draw_raster, BLUE)
    with pytest.raises(WriteError, match="cannot be made"):
        porosity_files(path, picture=path)


def test_the_command_prints_a_row_a_picture_and_the_set_last(tmp_path: Path, draw_raster: Draw) -> None:
    paths = [str(draw_photo(tmp_path / f"{n}.tif", draw_raster, BLUE, *[WHITE] * n)) for n in range(2)]
    done = CliRunner().invoke(program, ["porosity", *paths, "--phase", DYE, "--phase", "light: value >0.8"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].split() == ["image", "pixels", "blue", "dye", "%", "light", "%", "gray", "0.4", "to", "0.6", "%"]
    assert lines[1].split()[:4] == [paths[0], "100", "100.00", "0.00"]
    assert lines[3].startswith("mean of 2 images")
    assert lines[4].startswith("standard deviation")
    assert lines[5].split()[:4] == ["all", "300", "66.67", "33.33"]
    assert lines[6] == f"phase {DYE}"
    assert lines[8].startswith("grays do not measure a phase: of blue dye")


def test_the_command_ends_with_1_where_a_picture_failed_and_with_2_on_wrong_usage(
    tmp_path: Path, draw_raster: Draw
) -> None:
    good = str(draw_photo(tmp_path / "a.tif", draw_raster, BLUE))
    done = CliRunner().invoke(program, ["porosity", good, str(tmp_path / "absent.png")])
    assert done.exit_code == 1
    assert "failed: " in done.stderr
    assert "absent.png" in done.stderr
    assert f"{good}" in done.stdout
    assert isinstance(CliRunner().invoke(program, ["porosity", good, "--phase", "blue"]).exception, UsageError)


def test_many_pictures_are_measured_in_one_run(tmp_path: Path) -> None:
    _, section = draw_samples(tmp_path)
    (tmp_path / "set").mkdir()
    for n in range(12):
        shutil.copy(section, tmp_path / "set" / f"{n}.png")
    result = porosity_files(str(tmp_path / "set" / "*.png"))
    assert [Path(picture.source).stem for picture in result.pictures] == [str(n) for n in range(12)]
    assert result.spreads[0][1] == pytest.approx(0, abs=1e-9)
