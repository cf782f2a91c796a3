"""Points arrive in each format as they were, with their CRS, as other programs read them."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
from rasterio.crs import CRS

from tsraster.errors import MissingExtraError, UsageError, WriteError
from tsraster.writing.vectors import PointLayer, check_vector_format, write_points

X, Y = np.array([500_015.0, 500_045.25, 499_000.0]), np.array([4_000_000.5, 3_999_000.0, 3_998_000.75])
COLUMNS = {
    "x": X,
    "y": Y,
    "col": np.array([0, 1, 7]),
    "value": np.array([1.5, -2.25, 1e-3], dtype=np.float32),
    "error": np.array([np.nan, 0.5, 0.25]),
}
UTM = CRS.from_epsg(32616)


def make_layer(**more: Any) -> PointLayer:
    return PointLayer(**{"name": "gauges", "columns": COLUMNS, "x": X, "y": Y, "crs": UTM} | more)


def read_wkb(cells: Any) -> np.ndarray:
    return np.array([np.frombuffer(cell, dtype="<f8", offset=5) for cell in cells])


def test_a_csv_has_a_header_and_empty_cells(tmp_path: Path) -> None:
    write_points(tmp_path / "p.csv", make_layer())
    lines = (tmp_path / "p.csv").read_text().splitlines()
    assert lines[0] == "x,y,col,value,error"
    assert lines[1] == "500015.0,4000000.5,0,1.5,"
    assert len(lines) == 4


def test_a_geopackage_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    write_points(path, make_layer())
    info = pyogrio.read_info(path)
    assert (info["layer_name"], info["geometry_type"], info["crs"]) == ("gauges", "Point", "EPSG:32616")
    _, _, geometry, fields = pyogrio.raw.read(path)
    np.testing.assert_array_equal(read_wkb(geometry), np.column_stack([X, Y]))
    for name, field in zip(info["fields"], fields, strict=True):
        np.testing.assert_array_equal(field, COLUMNS[name])


def test_a_geoparquet_follows_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_points(path, make_layer())
    table = pyarrow.parquet.read_table(path)
    said = json.loads(table.schema.metadata[b"geo"])
    assert said["version"] == "1.1.0"
    assert said["primary_column"] == "geometry"
    column = said["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Point"])
    assert column["bbox"] == [499_000.0, 3_998_000.75, 500_045.25, 4_000_000.5]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 32616}
    assert pyarrow.parquet.ParquetFile(path).schema.column(5).physical_type == "BYTE_ARRAY"
    cells = table["geometry"].to_pylist()
    assert all(cell[:5] == b"\x01\x01\x00\x00\x00" for cell in cells)
    np.testing.assert_array_equal(read_wkb(cells), np.column_stack([X, Y]))
    assert table["error"].to_pylist() == [None, 0.5, 0.25]
    assert table["value"].to_pylist() == COLUMNS["value"].tolist()


@pytest.mark.parametrize("code", [4326, 3857, 27700])
def test_a_crs_is_kept(tmp_path: Path, code: int) -> None:
    crs = CRS.from_epsg(code)
    write_points(tmp_path / "p.gpkg", make_layer(crs=crs))
    assert pyogrio.read_info(tmp_path / "p.gpkg")["crs"] == f"EPSG:{code}"
    write_points(tmp_path / "p.parquet", make_layer(crs=crs))
    said = json.loads(pyarrow.parquet.read_metadata(tmp_path / "p.parquet").metadata[b"geo"])
    assert CRS.from_user_input(json.dumps(said["columns"]["geometry"]["crs"])) == crs


def test_without_a_crs_it_is_unknown_and_not_longitude_and_latitude(tmp_path: Path) -> None:
    write_points(tmp_path / "p.parquet", make_layer(crs=None))
    said = json.loads(pyarrow.parquet.read_metadata(tmp_path / "p.parquet").metadata[b"geo"])
    assert said["columns"]["geometry"]["crs"] is None
    write_points(tmp_path / "p.gpkg", make_layer(crs=None))
    assert "4326" not in str(pyogrio.read_info(tmp_path / "p.gpkg")["crs"])


def test_points_without_a_place_have_no_geometry(tmp_path: Path) -> None:
    placeless = make_layer(x=None, y=None, crs=None)
    write_points(tmp_path / "p.parquet", placeless)
    assert b"geo" not in (pyarrow.parquet.read_schema(tmp_path / "p.parquet").metadata or {})
    write_points(tmp_path / "p.gpkg", placeless)
    assert pyogrio.read_info(tmp_path / "p.gpkg")["geometry_type"] is None
    _, _, geometry, fields = pyogrio.raw.read(tmp_path / "p.gpkg")
    assert geometry is None
    assert len(fields[0]) == 3


def test_unknown_endings_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"points.shp has no ending that points can have; choose from .csv, .gpkg, .parquet"
    ):
        check_vector_format("points.shp")


@pytest.mark.parametrize(("library", "path"), [("pyogrio", "p.gpkg"), ("pyarrow", "p.parquet")])
def test_a_missing_library_is_named(library: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load: Callable[..., Any] = builtins.__import__

    def refuse(name: str, *more: Any) -> Any:
        if name.startswith(library):
            raise ImportError(name)
        return load(name, *more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(
        MissingExtraError, match=rf"needs {library}; install it with: pip install 'tsraster\[vectors\]'"
    ):
        check_vector_format(path)


@pytest.mark.parametrize("ending", ["csv", "gpkg", "parquet"])
def test_what_cannot_be_written_says_so(tmp_path: Path, ending: str) -> None:
    with pytest.raises(WriteError, match=f"p.{ending} cannot be written"):
        write_points(tmp_path / "none" / f"p.{ending}", make_layer())
