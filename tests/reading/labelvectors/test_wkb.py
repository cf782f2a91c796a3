"""Geometries are read as GDAL writes them, in every dialect, and damaged ones are refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest

from tsraster.errors import ReadError
from tsraster.reading.labelvectors.wkb import decode_wkb

SQUARE = [[0.0, 0.0, 5.0], [4.0, 0.0, 6.0], [4.0, 3.0, 7.0], [0.0, 0.0, 5.0]]
HOLE = [[1.0, 0.5, 1.0], [2.0, 0.5, 1.0], [2.0, 1.0, 1.0], [1.0, 0.5, 1.0]]
LINE = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
GEOMETRIES: dict[str, tuple[Any, list[tuple[str, list[Any]]]]] = {
    "Point": (LINE[0], [("point", [[LINE[0]]])][:1]),
    "LineString": (LINE, [("line", [LINE])]),
    "Polygon": ([SQUARE, HOLE], [("polygon", [SQUARE, HOLE])]),
    "MultiPoint": (LINE, [("point", [[LINE[0]]]), ("point", [[LINE[1]]])]),
    "MultiLineString": ([LINE, SQUARE], [("line", [LINE]), ("line", [SQUARE])]),
    "MultiPolygon": ([[SQUARE, HOLE], [HOLE]], [("polygon", [SQUARE, HOLE]), ("polygon", [HOLE])]),
}


@pytest.mark.parametrize("flat", [False, True], ids=["z", "flat"])
@pytest.mark.parametrize("kind", list(GEOMETRIES))
def test_what_gdal_writes_is_read(kind: str, flat: bool, tmp_path: Path) -> None:
    coordinates, expected = GEOMETRIES[kind]
    feature = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": kind, "coordinates": coordinates}}
    (tmp_path / "one.geojson").write_text(json.dumps(feature))
    _, _, geometries, _ = pyogrio.raw.read(tmp_path / "one.geojson", force_2d=flat)
    parts = decode_wkb(geometries[0])
    assert [part.kind for part in parts] == [kind for kind, _ in expected]
    for part, (_, rings) in zip(parts, expected, strict=True):
        for ring, vertices in zip(part.rings, rings, strict=True):
            np.testing.assert_array_equal(ring, np.array(vertices)[:, :2])


@pytest.mark.parametrize(
    ("code", "axes"),
    [(2, 2), (1002, 3), (2002, 3), (3002, 4), (0x80000002, 3), (0x40000002, 3), (0xC0000002, 4)],
)
@pytest.mark.parametrize("mark", ["<", ">"])
def test_every_dialect_is_read(mark: str, code: int, axes: int) -> None:
    values = np.arange(3 * axes, dtype=float)
    data = struct.pack(f"{mark}BII{len(values)}d", mark == "<", code, 3, *values)
    np.testing.assert_array_equal(decode_wkb(data)[0].rings[0], values.reshape(3, axes)[:, :2])


def test_a_number_of_a_crs_is_passed_over() -> None:
    data = struct.pack("<BIIdd", 1, 0x20000001, 32616, 3.0, 4.0)
    np.testing.assert_array_equal(decode_wkb(data)[0].rings[0], [[3, 4]])


def test_empty_geometries_have_no_parts() -> None:
    nothing = float("nan")
    assert decode_wkb(struct.pack("<BIdd", 1, 1, nothing, nothing)) == []
    assert [decode_wkb(struct.pack("<BII", 1, kind, 0)) for kind in range(2, 8)] == [[]] * 6


def test_curves_are_refused() -> None:
    with pytest.raises(ReadError, match=r"has curves \(WKB type 8\)"):
        decode_wkb(struct.pack("<BII", 1, 8, 0))


def test_damaged_geometries_are_refused() -> None:
    polygon = struct.pack("<BIII8d", 1, 3, 1, 4, *range(8))
    assert len(decode_wkb(polygon)) == 1
    for length in range(len(polygon)):
        with pytest.raises(ReadError, match="damaged"):
            decode_wkb(polygon[:length])
    with pytest.raises(ReadError, match="damaged"):
        decode_wkb(struct.pack("<BIII", 1, 3, 1, 2**32 - 1))
    with pytest.raises(ReadError, match="collections within collections"):
        decode_wkb(struct.pack("<BII", 1, 7, 1) * 10_000)
