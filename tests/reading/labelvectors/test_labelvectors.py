"""Shapes with classes become the labels of just the pixels that they lie on."""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio.features
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.warp import transform_geom

from tsraster.errors import DataError, MissingExtraError, MissingSourceError, ReadError, UsageError
from tsraster.raster import Georef, Raster, Window
from tsraster.reading import open_raster
from tsraster.reading.labelvectors import LabelShapes, read_label_shapes

UTM = CRS.from_epsg(32616)
GRID = Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 4_000_000.0)
SHAPE = (300, 410)

Geometry = dict[str, Any]


def make_raster(shape: tuple[int, int] = SHAPE, **place: Any) -> Raster:
    """Return a raster of which only size and place are asked for."""
    georef = Georef(**place) if place else Georef(crs=UTM, transform=GRID)
    return Raster(name="scene.tif", driver="GTiff", shape=shape, bands=(), reader=None, georef=georef)  # type: ignore[arg-type]


def write_geojson(
    path: Path, shapes: Sequence[tuple[Geometry | None, Any]], crs: str | None = None, **more: Any
) -> Path:
    """Write shapes with a column ``name``, and others with one value each."""
    features = [
        {"type": "Feature", "properties": {"name": name, **more}, "geometry": geometry} for geometry, name in shapes
    ]
    said = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **said, "features": features}))
    return path


def polygon(*rings: Any) -> Geometry:
    return {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])] for ring in rings]}


def box(left: float, top: float, right: float, bottom: float) -> Geometry:
    return polygon([(left, top), (right, top), (right, bottom), (left, bottom)])


def point(x: float, y: float) -> Geometry:
    return {"type": "Point", "coordinates": [x, y]}


def line(*vertices: tuple[float, float]) -> Geometry:
    return {"type": "LineString", "coordinates": [list(vertex) for vertex in vertices]}


def draw(tmp_path: Path, shapes: Sequence[tuple[Geometry | None, Any]], shape: tuple[int, int] = (6, 8)) -> LabelShapes:
    """Lay shapes in pixels over a raster that lies nowhere."""
    plain = make_raster(shape, crs=None)
    return read_label_shapes(write_geojson(tmp_path / "labels.geojson", shapes), plain)


def draw_blobs(seed: int) -> list[tuple[Geometry, str]]:
    """Draw rugged polygons with holes in UTM, some of them partly outside of the raster."""
    random = np.random.default_rng(seed)
    shapes: list[tuple[Geometry, str]] = []
    for i in range(12):
        angles = np.sort(random.uniform(0, 2 * np.pi, 40))
        radii = random.uniform(150, 2500, 40)
        center = 500_000 + random.uniform(0, 12_300), 4_000_000 - random.uniform(0, 9_000)
        ring = np.column_stack([center[0] + radii * np.cos(angles), center[1] + radii * np.sin(angles)])
        hole = ring * 0.3 + np.array(center) * 0.7
        shapes.append((polygon(ring.tolist(), hole.tolist()), "abc"[i % 3]))
    return shapes


def draw_by_gdal(shapes: Sequence[tuple[Geometry, str]], touched: bool = False) -> np.ndarray:
    """Let GDAL draw classes a, b, c in the coordinates of the map; where two meet is none."""
    masks = [
        rasterio.features.rasterize(
            [one for one, name in shapes if name == wanted], SHAPE, transform=GRID, all_touched=touched
        )
        for wanted in sorted({name for _, name in shapes})
    ]
    labels = np.argmax(masks, axis=0) + 1
    return np.where(np.sum(masks, axis=0) == 1, labels, 0)


@pytest.mark.parametrize("seed", range(4))
def test_polygons_are_drawn_as_gdal_draws_them(seed: int, tmp_path: Path) -> None:
    shapes = draw_blobs(seed)
    labels = read_label_shapes(write_geojson(tmp_path / "l.geojson", shapes, "EPSG:32616"), make_raster())
    expected = draw_by_gdal(shapes)
    np.testing.assert_array_equal(labels.draw(), expected)
    assert labels.draw().dtype == np.uint8
    tally = labels.tally()
    assert tally.pixels == {code: int((expected == code).sum()) for code in (1, 2, 3)}
    assert tally.ambiguous > 0


def test_lines_are_drawn_where_they_touch(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    ends = random.uniform([500_000, 3_991_000], [512_300, 4_000_000], (20, 3, 2))
    shapes = [(line(*map(tuple, one)), "ab"[i % 2]) for i, one in enumerate(ends.tolist())]
    labels = read_label_shapes(write_geojson(tmp_path / "l.geojson", shapes, "EPSG:32616"), make_raster())
    np.testing.assert_array_equal(labels.draw(), draw_by_gdal(shapes, touched=True))


@pytest.mark.parametrize("size", [(1, 70), (64, 64), (256, 256), (300, 100)])
def test_no_pixel_depends_on_the_window(size: tuple[int, int], tmp_path: Path) -> None:
    shapes = [*draw_blobs(1), (line((500_000, 3_995_000), (512_000, 3_999_000)), "b"), (point(506_000, 3_997_000), "a")]
    labels = read_label_shapes(write_geojson(tmp_path / "l.geojson", shapes, "EPSG:32616"), make_raster())
    whole = labels.draw()
    pieced = np.full(SHAPE, 99, dtype=np.uint8)
    rows, cols = size
    for row in range(0, 12 if rows == 1 else SHAPE[0], rows):
        for col in range(0, SHAPE[1], cols):
            window = Window(row=row, col=col, rows=min(rows, SHAPE[0] - row), cols=min(cols, SHAPE[1] - col))
            pieced[window.slices] = labels.draw(window)
    drawn = pieced != 99
    np.testing.assert_array_equal(pieced[drawn], whole[drawn])
    assert np.count_nonzero(drawn) >= 12 * SHAPE[1]


def test_the_windows_hold_all_labels(tmp_path: Path) -> None:
    shapes = [(box(300, 300, 310, 305), "a"), (point(1000, 2), "b")]
    labels = draw(tmp_path, shapes, (2000, 2000))
    windows = labels.windows()
    assert sum(window.rows * window.cols for window in windows) < 2000 * 2000 / 20
    assert sum(np.count_nonzero(labels.draw(window)) for window in windows) == 51


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".geojson"])
def test_every_format_gives_the_same(ending: str, tmp_path: Path) -> None:
    shapes = draw_blobs(2)
    first = write_geojson(tmp_path / "first.json", shapes, "EPSG:32616")
    path = tmp_path / f"labels{ending}"
    said, _, geometry, fields = pyogrio.raw.read(first)
    pyogrio.raw.write(path, geometry, fields, said["fields"], geometry_type="Polygon", crs=said["crs"])
    labels = read_label_shapes(path, make_raster())
    assert (labels.names, labels.codes, labels.column) == (("a", "b", "c"), (1, 2, 3), "name")
    np.testing.assert_array_equal(labels.draw(), draw_by_gdal(shapes))


def test_another_crs_is_transformed(tmp_path: Path) -> None:
    shapes = draw_blobs(3)
    degrees = [(transform_geom(UTM, "EPSG:4326", geometry), name) for geometry, name in shapes]
    labels = read_label_shapes(write_geojson(tmp_path / "l.geojson", degrees), make_raster())
    assert np.mean(labels.draw() != draw_by_gdal(shapes)) < 1e-4


def test_coordinates_of_a_plain_picture_are_pixels(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(box(1, 2, 3, 4), "a"), (point(7.99, 0.0), "b")])
    expected = np.zeros((6, 8), dtype=int)
    expected[2:4, 1:3], expected[0, 7] = 1, 2
    np.testing.assert_array_equal(labels.draw(), expected)


def test_qgis_counts_rows_of_a_plain_picture_upward(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        draw(tmp_path, [(box(1, -2, 3, -4), "a")]).draw(), draw(tmp_path, [(box(1, 2, 3, 4), "a")]).draw()
    )


def test_a_grid_without_a_crs_has_coordinates_of_its_own(tmp_path: Path) -> None:
    grid = make_raster((6, 8), transform=Affine(2, 0, 100, 0, -2, 50))
    path = write_geojson(tmp_path / "l.geojson", [(point(103, 45), "a")])
    drawn = read_label_shapes(path, grid).draw()
    assert np.argwhere(drawn).tolist() == [[2, 1]]


def test_a_point_lies_in_one_pixel_and_edges_belong_to_the_next(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(point(2, 3), "a"), (point(8, 3), "a"), (point(0, 0), "a")])
    assert np.argwhere(labels.draw()).tolist() == [[0, 0], [3, 2]]
    assert (labels.count, labels.outside) == (3, 1)


@pytest.mark.parametrize(
    ("shape", "where"),
    [
        (box(2.1, 3.1, 2.3, 3.3), [[3, 2]]),
        (box(1.6, 3.6, 2.4, 4.4), [[4, 2]]),
        (polygon([(1.2, 0.2), (6.8, 0.2), (6.8, 0.3), (1.2, 0.3)]), [[0, 4]]),
        (polygon([(1, 1), (1, 1), (1, 1)]), [[1, 1]]),
        (line((5.5, 2.5), (5.5, 2.5)), [[2, 5]]),
        (box(2.4, 3.4, 2.6, 3.6), [[3, 2]]),
    ],
    ids=["speck", "over a corner", "sliver", "of no area", "line of no length", "on a center"],
)
def test_a_shape_without_a_center_gets_one_pixel(shape: Geometry, where: list[list[int]], tmp_path: Path) -> None:
    assert np.argwhere(draw(tmp_path, [(shape, "a")]).draw()).tolist() == where


def test_a_thin_ring_is_drawn_in_its_metal(tmp_path: Path) -> None:
    outer, inner = box(1.9, 1.9, 5.1, 5.1)["coordinates"][0], box(2.1, 2.1, 4.9, 4.9)["coordinates"][0]
    labels = draw(tmp_path, [({"type": "Polygon", "coordinates": [outer, inner]}, "a")])
    assert np.argwhere(labels.draw()).tolist() in ([[3, 1]], [[3, 2]], [[3, 5]])


def test_a_pixel_of_two_classes_has_none_and_is_counted(tmp_path: Path) -> None:
    shapes = [(box(0, 0, 4, 4), "a"), (box(2, 2, 6, 6), "b"), (box(0, 0, 2, 3), "a"), (point(0.5, 0.5), "b")]
    labels = draw(tmp_path, shapes)
    drawn = labels.draw()
    assert (drawn[2:4, 2:4] == 0).all()
    assert drawn[0, 0] == 0
    assert labels.tally().ambiguous == 5
    assert labels.tally().pixels == {1: 11, 2: 12}


def test_whole_numbers_are_codes(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(point(1, 1), 300), (point(2, 1), 7), (point(3, 1), 0), (point(4, 1), None)])
    assert (labels.codes, labels.names, labels.unlabeled, labels.dtype) == ((7, 300), ("7", "300"), 2, "uint16")
    np.testing.assert_array_equal(labels.draw()[1, :5], [0, 300, 7, 0, 0])


def test_text_is_numbered_by_the_alphabet(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(point(1, 1), "wood"), (point(2, 1), " sea "), (point(3, 1), ""), (None, "sand")])
    assert (labels.codes, labels.names) == ((1, 2, 3), ("sand", "sea", "wood"))
    assert (labels.count, labels.unlabeled) == (2, 2)
    np.testing.assert_array_equal(labels.draw()[1, :4], [0, 3, 2, 0])


def test_files_can_share_their_classes(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(point(1, 1), "wood"), (point(2, 1), "sea")])
    shared = labels.renumber({"ice": 1, "sea": 2, "wood": 3})
    np.testing.assert_array_equal(shared.draw()[1, :3], [0, 3, 2])
    with pytest.raises(DataError, match="has the class 'sea', which is none of those known: ice, wood"):
        labels.renumber({"ice": 1, "wood": 2})


@pytest.mark.parametrize("value", [1.5, -1, 65536])
def test_other_numbers_are_no_classes(value: float, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"the column 'name' of .* holds {value}; a class is a text or a whole number"):
        draw(tmp_path, [(point(1, 1), value)])


def test_a_file_without_any_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gives no shape a class"):
        draw(tmp_path, [(point(1, 1), 0)])
    with pytest.raises(DataError, match="no shape with a class and a geometry"):
        draw(tmp_path, [(None, 1)])


def test_the_column_is_named_where_several_can_be_meant(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "l.geojson", [(point(1, 1), "a")], id=5, kind="x", area=1.5)
    plain = make_raster((6, 8), crs=None)
    with pytest.raises(UsageError, match="several columns that can hold classes; choose one: name, kind"):
        read_label_shapes(path, plain)
    with pytest.raises(UsageError, match="has no column 'nmae'; choose from name, id, kind, area"):
        read_label_shapes(path, plain, column="nmae")
    assert read_label_shapes(path, plain, column="id").codes == (5,)
    alone = write_geojson(tmp_path / "m.geojson", [(point(1, 1), "a")], id=5, area=1.5)
    assert read_label_shapes(alone, plain).column == "name"


def test_the_layer_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "l.gpkg"
    geometry = np.array([bytes.fromhex("0101000000000000000000f03f0000000000000040")], dtype=object)
    for layer in ("train", "check"):
        fields = [np.array([layer], dtype=object)]
        pyogrio.raw.write(
            path, geometry, fields, ["name"], layer=layer, geometry_type="Point", crs="EPSG:32616", append=True
        )
    with pytest.raises(UsageError, match="has 2 layers; choose one: train, check"):
        read_label_shapes(path, make_raster())
    with pytest.raises(UsageError, match="has no layer 'test'; choose from train, check"):
        read_label_shapes(path, make_raster(), layer="test")
    near = make_raster(crs=UTM, transform=Affine(1, 0, 0, 0, -1, 10))
    assert read_label_shapes(path, near, layer="check").names == ("check",)


def test_shapes_beside_the_raster_are_counted_or_refused(tmp_path: Path) -> None:
    labels = draw(tmp_path, [(point(1, 1), "a"), (box(20, 1, 22, 2), "b"), (point(1, -9), "a")])
    assert (labels.count, labels.outside, labels.names) == (3, 2, ("a", "b"))
    with pytest.raises(
        DataError, match=r"none of the 2 shapes of .* lies on scene.tif, .*columns 20 to 30, rows 1 to 2"
    ):
        draw(tmp_path, [(box(20, 1, 22, 2), "b"), (point(30, 1), "a")])
    with pytest.raises(DataError, match=r"the only shape of .* does not lie on"):
        draw(tmp_path, [(point(30, 1), "a")])


def test_only_one_crs_is_refused(tmp_path: Path) -> None:
    placed = write_geojson(tmp_path / "l.geojson", [(point(500_100, 3_999_900), "a")], "EPSG:32616")
    with pytest.raises(DataError, match=r"l.geojson has a CRS and scene.tif has none"):
        read_label_shapes(placed, make_raster(crs=None))
    said, _, geometry, fields = pyogrio.raw.read(placed)
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.raw.write(tmp_path / "l.fgb", geometry, fields, said["fields"], geometry_type="Point", crs=None)
    with pytest.raises(DataError, match=r"scene.tif has a CRS and .*l.fgb has none"):
        read_label_shapes(tmp_path / "l.fgb", make_raster())


def test_control_points_are_no_grid(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "l.geojson", [(point(1, 1), "a")])
    tied = make_raster(gcps=(GroundControlPoint(row=0, col=0, x=1, y=2),), gcp_crs=UTM)
    with pytest.raises(DataError, match="tied to the ground by control points and has no grid"):
        read_label_shapes(path, tied)


def test_what_is_no_vector_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"nowhere.gpkg does not exist"):
        read_label_shapes(tmp_path / "nowhere.gpkg", make_raster())
    (tmp_path / "bad.gpkg").write_bytes(b"SQLite format 3\0 but not")
    with pytest.raises(ReadError, match="no vector file that can be read"):
        read_label_shapes(tmp_path / "bad.gpkg", make_raster())


def test_pyogrio_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("pyogrio"):
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"tsraster\[vectors\]"):
        read_label_shapes(tmp_path / "l.gpkg", make_raster())


@pytest.mark.parametrize(("what", "count"), [("polygons", 4), ("points", 6)])
def test_the_landsat_labels_have_their_classes(what: str, count: int, shared_data: Path) -> None:
    folder = shared_data / "landsat" / "LC08"
    path = folder / f"LC08_224078_landcover_{what}.gpkg"
    with open_raster(folder / "LC08_224078_20200518_B2B3B4.tif") as raster:
        labels = read_label_shapes(path, raster)
    assert (labels.names, labels.codes) == (("crop", "developed", "tree", "water"), (1, 2, 3, 4))
    assert (labels.count, labels.outside, labels.unlabeled) == (count, 0, 0)
    expected = {1: 192, 2: 81, 3: 198, 4: 212} if what == "polygons" else {1: 1, 2: 1, 3: 2, 4: 2}
    assert (labels.tally().pixels, labels.tally().ambiguous) == (expected, 0)


def test_reading_is_quick_with_many_shapes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 1900, (1500, 2))
    shapes = [(box(x, y, x + 1.2, y + 0.4), "ab"[i % 2]) for i, (x, y) in enumerate(corners.tolist())]
    labels = draw(tmp_path, shapes, (2000, 2000))
    drawn = labels.tally()
    assert sum(drawn.pixels.values()) + drawn.ambiguous > 1450
