"""Labels that are written to a file and read again are the same, and what is trained of them accepts the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.features
from affine import Affine
from numpy.typing import NDArray

from tests.conftest import write_raster
from tsraster import open_raster
from tsraster.app.labels.journal import Journal, describe_paste
from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.labelfiles import export_labels, import_labels
from tsraster.app.labels.labelpolygons import trace_labels
from tsraster.app.labels.labeltiles import LabelTiles
from tsraster.app.labels.strokes import Stroke
from tsraster.attributetable import Categories
from tsraster.errors import DataError, DestinationExistsError, UsageError
from tsraster.raster import Window

pytest.importorskip("pyogrio")
pytest.importorskip("h5py")

SHAPE = (300, 520)
ALL = Window(row=0, col=0, rows=300, cols=520)
CLASSES = Categories(
    names={1: "quartz", 3: "größe <b>", 9: "lithic"}, colors={1: (10, 20, 30, 255), 3: (200, 0, 0, 255)}
)
PLACES: dict[str, dict[str, Any]] = {
    "utm": {"crs": "EPSG:32621", "transform": Affine(30, 0, 500000, 0, -30, 7000000)},
    "degrees": {"crs": "EPSG:4326", "transform": Affine(1 / 3600, 0, -53.2, 0, -1 / 3600, 12.7)},
    "turned": {"crs": "EPSG:32621", "transform": Affine(20, 7, 500000, 7, -20, 7000000)},
    "no-crs": {"transform": Affine(0.5, 0, 10, 0, 0.5, 20)},
    "photo": {},
}


def draw_labels() -> LabelBoard:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 9, ((240, 20), (300, 200), (500, 280))))
    board.draw(Stroke(3, 0.5, ((5, 5), (510, 290))))
    board.draw(Stroke(9, 60, ((100, 220),)))
    board.draw(Stroke(0, 20, ((100, 220),)))
    board.draw(Stroke(1, 1, ((95.5, 215.5), (105.5, 225.5))))
    return board


def draw_image(folder: Path, place: dict[str, Any], ending: str = ".tif") -> Path:
    pixels = np.random.default_rng(1).integers(0, 255, (3, *SHAPE), dtype=np.uint8)
    options: dict[str, Any] = {"driver": "PNG"} if ending == ".png" else {"photometric": "RGB"}
    return write_raster(folder / f"image{ending}", pixels, **options, **place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ending", [".tif", ".png", ".gpkg", ".geojson", ".ilp"])
def test_what_is_exported_is_imported_again(tmp_path: Path, place: str, ending: str) -> None:
    board, path = draw_labels(), tmp_path / f"labels{ending}"
    with open_raster(draw_image(tmp_path, PLACES[place])) as raster:
        export_labels(board, raster, CLASSES, path)
        found = import_labels(path, raster)
        fresh = LabelBoard(SHAPE)
        fresh.paste(found.tiles)
        assert np.array_equal(fresh.read(ALL), board.read(ALL))
        assert found.counts == board.counts()
        assert {code: found.classes.names[code] for code in board.counts()} == CLASSES.names
        if ending in (".tif", ".png", ".ilp"):
            assert {code: found.classes.colors[code] for code in CLASSES.colors} == CLASSES.colors
        assert fresh.undo() is not None
        assert fresh.counts() == {}


@pytest.mark.parametrize("ending", [".tif", ".png"])
def test_a_label_raster_has_the_place_the_palette_and_the_names(tmp_path: Path, gdalinfo: Any, ending: str) -> None:
    path = tmp_path / f"labels{ending}"
    with open_raster(draw_image(tmp_path, PLACES["utm"])) as raster:
        export_labels(draw_labels(), raster, CLASSES, path)
    said = gdalinfo(path)
    assert said["geoTransform"] == [500000, 30, 0, 7000000, 0, -30]
    band = said["bands"][0]
    assert (band["type"], band["noDataValue"]) == ("Byte", 0)
    assert band["colorTable"]["entries"][3] == [200, 0, 0, 255]
    with rasterio.open(path) as file:
        assert np.array_equal(file.read(1), draw_labels().read(ALL))


@pytest.mark.parametrize("ending", [".tif", ".gpkg"])
def test_train_accepts_what_is_exported(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("numba")
    from click.testing import CliRunner

    from tsraster.cli.program import program

    image, path, model = draw_image(tmp_path, PLACES["utm"]), tmp_path / f"labels{ending}", tmp_path / "m.tsmodel"
    with open_raster(image) as raster:
        export_labels(draw_labels(), raster, CLASSES, path)
    options = ["--column", "code"] if ending == ".gpkg" else []
    command = ["train", str(model), str(image), str(path), "--features", "smoothing:1", "--trees", "5", *options]
    result = CliRunner().invoke(program, command)
    assert result.exit_code == 0, result.output
    assert ("größe <b>" in result.output) == (ending == ".tif")


def test_a_trained_project_has_the_forest_and_the_labels(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("numba")
    from tsraster import train_file
    from tsraster.learning.ilastik import read_project

    image = draw_image(tmp_path, PLACES["utm"])
    board = draw_labels()
    with open_raster(image) as raster:
        export_labels(board, raster, CLASSES, tmp_path / "labels.tif")
        trained = train_file(tmp_path / "m", image, tmp_path / "labels.tif", features="smoothing:1", trees=5)
        export_labels(board, raster, CLASSES, tmp_path / "p.ilp", model=trained.model)
        board.draw(Stroke(5, 5, ((10, 100),)))
        with pytest.raises(UsageError, match="the model does not know class 5"):
            export_labels(board, raster, CLASSES, tmp_path / "q.ilp", model=trained.model)
    project = read_project(tmp_path / "p.ilp")
    assert project.forest is not None
    assert project.label_names == tuple(CLASSES.names.values())
    assert not (tmp_path / "q.ilp").exists()


def trace_shapes(labels: NDArray[np.uint8]) -> list[tuple[int, float]]:
    """Return code and area of each piece, by GDAL."""
    found = rasterio.features.shapes(labels, mask=labels > 0, connectivity=4)
    return sorted((int(code), measure(shape["coordinates"])) for shape, code in found)


def measure(rings: Any) -> float:
    areas = []
    for ring in rings:
        x, y = np.array(ring, float).T
        areas.append(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)
    return float(areas[0] - sum(areas[1:]))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_polygons_are_the_pieces_that_gdal_finds_and_no_ring_touches_itself(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    codes = (rng.random((40, 50)) < share) * rng.integers(1, 3, (40, 50))
    labels = codes.astype(np.uint8)
    polygons = trace_labels(LabelTiles(shape=(40, 50), tiles={(0, 0): labels}))
    assert sorted((one.code, measure(one.rings)) for one in polygons) == trace_shapes(labels)
    for one in polygons:
        for ring in one.rings:
            assert len({tuple(corner) for corner in ring.tolist()}) == len(ring)
    drawn = rasterio.features.rasterize(
        [({"type": "Polygon", "coordinates": [[*r.tolist(), r[0].tolist()] for r in one.rings]}, one.code) for one in polygons],
        out_shape=(40, 50), dtype="uint8",
    )  # fmt: skip
    assert np.array_equal(drawn, labels)


def test_classes_of_a_file_join_those_that_are_known_by_name(tmp_path: Path) -> None:
    known = Categories(names={1: "pore", 2: "lithic"}, colors={2: (1, 1, 1, 255)})
    with open_raster(draw_image(tmp_path, PLACES["photo"], ".png")) as raster:
        export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.tif")
        found = import_labels(tmp_path / "labels.tif", raster, classes=known)
    counts = draw_labels().counts()
    assert found.classes.names == {1: "pore", 2: "lithic", 3: "größe <b>", 4: "quartz"}
    assert found.counts == {2: counts[9], 3: counts[3], 4: counts[1]}
    assert found.classes.colors[2] == (1, 1, 1, 255)
    assert found.classes.colors[4] == (10, 20, 30, 255)


def test_an_import_is_one_line_of_the_journal(tmp_path: Path) -> None:
    board = draw_labels()
    with open_raster(draw_image(tmp_path, PLACES["utm"])) as raster:
        export_labels(board, raster, CLASSES, tmp_path / "labels.tif")
        found = import_labels(tmp_path / "labels.tif", raster)
    for _ in range(2):
        with Journal(tmp_path / "j.labels.jsonl", SHAPE) as journal:
            journal.apply(describe_paste(found.tiles))
            assert np.array_equal(journal.board.read(ALL), board.read(ALL))
    assert len((tmp_path / "j.labels.jsonl").read_text().splitlines()) == 2


def test_labels_of_real_polygons_are_imported(shared_data: Path) -> None:
    folder = shared_data / "landsat" / "LC08"
    with open_raster(folder / "LC08_224078_20200518_B2B3B4.tif") as raster:
        found = import_labels(folder / "LC08_224078_landcover_polygons.gpkg", raster)
    assert set(found.classes.names.values()) == {"water", "crop", "tree", "developed"}
    assert sum(found.counts.values()) > 100


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    with open_raster(draw_image(tmp_path, PLACES["utm"])) as raster:
        export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.tif")
        with pytest.raises(DestinationExistsError):
            export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.tif")
        export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.tif", overwrite=True)
        with pytest.raises(UsageError):
            export_labels(draw_labels(), raster, CLASSES, tmp_path / "image.tif", overwrite=True)


def test_polygons_need_a_grid_on_the_ground(tmp_path: Path) -> None:
    from rasterio.control import GroundControlPoint

    points = [GroundControlPoint(row, col, col * 30.0, row * -30.0) for row, col in ((0, 0), (0, 500), (299, 0))]
    path = write_raster(tmp_path / "gcps.tif", np.ones(SHAPE, np.uint8), gcps=(points, "EPSG:32621"))
    with open_raster(path) as raster:
        with pytest.raises(DataError, match="tied to the ground by control points"):
            export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.gpkg")
        export_labels(draw_labels(), raster, CLASSES, tmp_path / "labels.tif")
        assert import_labels(tmp_path / "labels.tif", raster).counts == draw_labels().counts()
    assert not (tmp_path / "labels.gpkg").exists()


@pytest.mark.parametrize("ending", [".jpg", ".shp", "", ".npy"])
def test_an_unknown_ending_is_refused(tmp_path: Path, ending: str) -> None:
    with (
        open_raster(draw_image(tmp_path, PLACES["utm"])) as raster,
        pytest.raises(UsageError, match="no ending that labels can have"),
    ):
        export_labels(draw_labels(), raster, CLASSES, tmp_path / f"labels{ending}")


def test_what_cannot_be_exported_or_imported_is_said(tmp_path: Path) -> None:
    (tmp_path / "far.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [{
            "type": "Feature", "properties": {"class": "a", "code": 1},
            "geometry": {"type": "Point", "coordinates": [9000, 9000]}}]})
    )  # fmt: skip
    with open_raster(draw_image(tmp_path, PLACES["photo"])) as raster:
        with pytest.raises(DataError, match="has no labels yet"):
            export_labels(LabelBoard(SHAPE), raster, CLASSES, tmp_path / "labels.tif")
        with pytest.raises(DataError, match="does not lie on"):
            import_labels(tmp_path / "far.geojson", raster)
        write_raster(tmp_path / "many.tif", np.full(SHAPE, 300, np.uint16))
        with pytest.raises(DataError, match="holds the label 300"):
            import_labels(tmp_path / "many.tif", raster)
        write_raster(tmp_path / "small.tif", np.full((5, 5), 3, np.uint8))
        with pytest.raises(DataError, match="has 5 x 5 pixels"):
            import_labels(tmp_path / "small.tif", raster)
        write_raster(tmp_path / "empty.tif", np.zeros(SHAPE, np.uint8))
        with pytest.raises(DataError, match="has no labels on"):
            import_labels(tmp_path / "empty.tif", raster)
