"""Ground control points are read from every form in which they are exchanged, and what is wrong is said with its line."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from tsraster.errors import DataError, MissingSourceError, ReadError, TsrasterError, UsageError
from tsraster.raster import Georef, Window
from tsraster.reading import open_raster, parse_crs, read_gcps
from tsraster.writing import Image, ImageWriter

POINTS = ((10.0, 20.0, 500010.0, 4000080.0), (90.5, 20.0, 500090.5, 4000080.0), (10.0, 70.25, 500010.0, 4000029.75))
"""Column, row, x, y."""

WKT = CRS.from_epsg(32616).to_wkt(version="WKT2_2019")

FORMS = {
    "QGIS before 1.6": "mapX\tmapY\tpixelX\tpixelY\n" + "".join(f"{x}\t{y}\t{c}\t{-r}\n" for c, r, x, y in POINTS),
    "QGIS 2": "mapX,mapY,pixelX,pixelY,enable\n" + "".join(f"{x},{y},{c},{-r},1\n" for c, r, x, y in POINTS),
    "QGIS 3.10": "mapX,mapY,pixelX,pixelY,enable,dX,dY,residual\n"
    + "".join(f"{x},{y},{c},{-r},1,0.1,-0.2,0.3\n" for c, r, x, y in POINTS),
    "QGIS 3.40": f"#CRS: {WKT}\nmapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n"
    + "".join(f"{x},{y},{c},{-r},1,0,0,0\n" for c, r, x, y in POINTS),
    "QGIS with its header in a comment": "#CRS: EPSG:32616\n#mapX,mapY,sourceX,sourceY,enable\n"
    + "".join(f"{x},{y},{c},{-r},1\n" for c, r, x, y in POINTS),
    "CSV": "col,row,x,y\n" + "".join(f"{c},{r},{x},{y}\n" for c, r, x, y in POINTS),
    "CSV of GDAL's words, other order, Windows": "\ufeffEasting,Northing,Pixel,Line\r\n"
    + "".join(f"{x},{y},{c},{r}\r\n" for c, r, x, y in POINTS),
    "CSV with names, quotes and blanks": '"row", "col", "id", "y", "x"\n'
    + "".join(f'{r}, {c}, "corner, one", {y}, {x}\n' for c, r, x, y in POINTS),
    "CSV with decimal commas": "col;row;x;y\n"
    + "".join(";".join(str(v).replace(".", ",") for v in point) + "\n" for point in POINTS),
    "GDAL options": "".join(f"-gcp {c} {r} {x} {y}\n" for c, r, x, y in POINTS),
    "GDAL command": "gdal_translate -of GTiff "
    + " ".join(f"-gcp {c} {r} {x} {y} 7" for c, r, x, y in POINTS)
    + ' "a map.jpg" out.tif\n',
    "GDAL XML": f'<PAMDataset>\n<GCPList Projection="{WKT.replace(chr(34), "&quot;")}">\n'
    + "".join(f'<GCP Id="" Pixel="{c}" Line="{r}" X="{x}" Y="{y}"/>\n' for c, r, x, y in POINTS)
    + "</GCPList></PAMDataset>",
}


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_points(form: str, tmp_path: Path) -> None:
    found = read_gcps(write(tmp_path / "file", FORMS[form]), shape=(100, 100))
    assert [(gcp.col, gcp.row, gcp.x, gcp.y) for gcp in found.gcps] == list(POINTS)
    assert found.disabled == ()
    assert found.source == str(tmp_path / "file")
    has_crs = WKT in FORMS[form] or "&quot;" in FORMS[form] or "EPSG:32616" in FORMS[form]
    assert (found.crs is not None and found.crs.to_epsg() == 32616) == has_crs


def test_lines_names_and_heights_are_those_of_the_file(tmp_path: Path) -> None:
    text = "# my points\n\nid,col,row,x,y,z\nmill,0,0,1,2,30\n,9,0,2,2,\nchurch,0,9,1,1,-1.5\n"
    found = read_gcps(write(tmp_path / "p.csv", text))
    assert found.lines == (4, 5, 6)
    assert [gcp.id for gcp in found.gcps] == ["mill", "2", "church"]
    assert [gcp.z for gcp in found.gcps] == [30, None, -1.5]


def test_points_that_are_switched_off_are_left_out_and_said(tmp_path: Path) -> None:
    lines = FORMS["QGIS 2"].splitlines()
    lines[2:2] = ["1,2,3,4,0", "garbage,,,,false"]
    found = read_gcps(write(tmp_path / "p.points", "\n".join(lines)))
    assert len(found.gcps) == 3
    assert found.disabled == (3, 4)
    assert found.lines == (2, 5, 6)


def test_the_crs_of_the_user_comes_before_that_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "p.points", FORMS["QGIS 3.40"])
    found = read_gcps(path, "EPSG:32617")
    assert found.crs is not None
    assert found.crs.to_epsg() == 32617
    wrong = write(tmp_path / "q.points", FORMS["QGIS 3.40"].replace(WKT, "LOCAL"))
    assert read_gcps(wrong, "32617").crs == CRS.from_epsg(32617)
    with pytest.raises(ReadError, match=r"q\.points, line 1: 'LOCAL' is no known CRS; .*; or say it by --crs"):
        read_gcps(wrong)
    empty = write(tmp_path / "r.points", FORMS["QGIS 3.40"].replace(WKT, ""))
    assert read_gcps(empty).crs is None


@pytest.mark.parametrize("text", ["EPSG:999999", "nonsense", "", "GEOGCS[", "http://example.com", "\0", "²"])
def test_a_wrong_crs_is_a_wrong_use(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no known CRS; write a code such as EPSG:4326"):
        read_gcps(write(tmp_path / "p", FORMS["CSV"]), text)


def test_a_crs_is_read_from_a_code_a_number_and_wkt() -> None:
    assert parse_crs(" 4326 ") == parse_crs("epsg:4326") == parse_crs(CRS.from_epsg(4326).to_wkt())


HEADER = "col,row,x,y\n"
GOOD = "0,0,1,9\n9,0,2,9\n0,9,1,8\n"

WRONG = {
    "empty": ("", ReadError, r"is empty"),
    "blank": ("\n \n", ReadError, r"is empty"),
    "comments only": ("# nothing\n", ReadError, r"there are no points in it"),
    "header only": (HEADER, DataError, r": 0 control points; a picture is placed by three"),
    "no header": (
        GOOD,
        ReadError,
        r", line 1: '0,0,1,9' is no header of control points; write the columns col,row,x,y",
    ),
    "two columns of one kind": (
        "x,y,lon,lat,col,row\n",
        ReadError,
        r", line 1: the header names both x and lon; write the columns col,row,x,y",
    ),
    "two points": (HEADER + "0,0,1,9\n9,0,2,9\n", DataError, r": 2 control points; .* three at least"),
    "two points and one off": (
        "col,row,x,y,enable\n0,0,1,9,1\n9,0,2,9,1\n0,9,1,8,0\n",
        DataError,
        r": 2 control points \(1 more are switched off\)",
    ),
    "a word": (HEADER + GOOD + "5,five,1,2\n", ReadError, r", line 5: row is 'five' and no finite number"),
    "NaN": (HEADER + GOOD + "5,5,nan,2\n", ReadError, r", line 5: x is 'nan' and no finite number"),
    "infinity": (HEADER + GOOD + "5,5,1e999,2\n", ReadError, r", line 5: x is '1e999' and no finite number"),
    "a short line": (HEADER + GOOD + "5,5,1\n", ReadError, r", line 5: y is missing"),
    "decimal commas between commas": (
        HEADER + "0,5,0,5,1,5,9,5\n",
        ReadError,
        r", line 2: 8 fields, and the header names 4; where numbers have a decimal comma, separate the columns by semi",
    ),
    "thousands": ("col;row;x;y\n1.234,5;1;1;1\n", ReadError, r", line 2: col is '1\.234,5' and no finite number"),
    "a strange switch": (
        "col,row,x,y,enable\n0,0,1,9,maybe\n",
        ReadError,
        r", line 2: enable is 'maybe'; it is 1 or 0",
    ),
    "the same point twice": (
        HEADER + GOOD + "9,0,2,9\n",
        DataError,
        r", line 5: the point at column 9, row 0 stands in line 3 too; leave out one of them",
    ),
    "one place in the picture, two on the map": (
        "-gcp 0 0 1 9 -gcp 9 0 2 9 -gcp 0 0 1 8",
        DataError,
        r", line 1: the point at column 0, row 0 stands in line 1 too",
    ),
    "a line in the picture": (
        HEADER + "0,0,1,9\n1,1,2,7\n2,2,4,8\n",
        DataError,
        r"the control points lie on one line in the picture; add one that is beside it",
    ),
    "a line on the map": (
        HEADER + "0,0,1,1\n9,0,2,2\n0,9,3,3\n",
        DataError,
        r"the control points lie on one line on the map; add one",
    ),
    "outside of the picture": (
        HEADER + GOOD + "500,5,1,2\n",
        DataError,
        r", line 5: column 500, row 5 lies outside of the picture of 100 x 100 pixels",
    ),
    "above the picture": (HEADER + GOOD + "5,-40,1,2\n", DataError, r", line 5: column 5, row -40 lies outside"),
    "map coordinates of a georeferenced picture": (
        "mapX,mapY,sourceX,sourceY,enable\n1,2,500000,4000000,1\n",
        DataError,
        r", line 2: sourceY is 4000000, but QGIS writes rows as negative numbers: either .* georeferenced already",
    ),
    "map coordinates in the south": (
        "mapX,mapY,sourceX,sourceY,enable\n1,2,50,-20,1\n3,2,60,-20,1\n1,4,50,-4000,1\n",
        DataError,
        r", line 4: column 50, row 4000 lies outside of the picture .* may be a map coordinate",
    ),
    "GDAL without numbers": (
        "-gcp 1 2 three 4",
        ReadError,
        r", line 1: easting of -gcp is 'three' and no finite number",
    ),
    "GDAL too short": ("-gcp 1 2 3", ReadError, r", line 1: northing of -gcp is missing"),
    "XML of another kind": ("<qgis>\n</qgis>", ReadError, r"this XML holds no GCPList of control points"),
    "damaged XML": ("<GCPList>\n<GCP Pixel='1'", ReadError, r", line 2: this XML is damaged"),
    "XML that lacks a number": ("<GCPList>\n<GCP Pixel='1'/></GCPList>", ReadError, r", line 2: Line is missing"),
    "XML with entities": (
        '<!DOCTYPE a [<!ENTITY b "bbbb">]>\n<GCPList>&b;</GCPList>',
        ReadError,
        r"this XML defines entities, which no list of control points needs",
    ),
    "a field without end": (
        HEADER + '"' + "5" * 200_000 + "\n",
        ReadError,
        r", line 2: the fields cannot be told apart",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_sentence_with_path_and_line(name: str, tmp_path: Path) -> None:
    text, kind, message = WRONG[name]
    path = write(tmp_path / "wrong.csv", text)
    with pytest.raises(kind, match=re.escape(str(path)) + " ?.*" + message) as caught:
        read_gcps(path, shape=(100, 100))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"nowhere\.csv does not exist"):
        read_gcps(tmp_path / "nowhere.csv")
    with pytest.raises(ReadError, match="cannot be read as control points"):
        read_gcps(tmp_path)
    with pytest.raises(ReadError, match="cannot be read as control points"):
        read_gcps("a\0b")
    path = tmp_path / "latin.csv"
    path.write_bytes(b"id,col,row,x,y\nM\xfchle,0,0,1,2\n")
    with pytest.raises(ReadError, match=r"latin\.csv, line 2: this is not UTF-8 text; save the file as UTF-8"):
        read_gcps(path)
    path.write_bytes(b"col,row,x,y\n" * 400_000)
    with pytest.raises(ReadError, match="has 5 MB and is no list of control points"):
        read_gcps(path)


def test_points_a_little_beyond_the_edge_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "p.points", "mapX,mapY,pixelX,pixelY\n1,9,-0.4,0.7\n2,9,101.5,-3\n1,8,4,-100.2\n")
    assert [gcp.row for gcp in read_gcps(path, shape=(100, 100)).gcps] == [-0.7, 3, 100.2]


def test_latitudes_stay_below_the_pole(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", HEADER + "0,0,29.9,-89.7\n9,0,30.1,-89.7\n0,9,29.9,-90.7\n")
    assert len(read_gcps(path).gcps) == 3
    with pytest.raises(DataError, match=r"line 4: x 29\.9, y -90\.7 is no longitude and latitude in degrees"):
        read_gcps(path, "EPSG:4326")


def test_as_many_points_as_fit_are_read(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i * i % 997},{2 * i},{i * i % 997}\n" for i in range(20_000))
    assert len(read_gcps(write(tmp_path / "p.csv", HEADER + rows)).gcps) == 20_000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text("0123456789.,;-e\t\n\"'#<gcpowxylinrsuamp>XY&/ ", max_size=120)))
def test_any_content_is_read_or_refused(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "any"
    for before in (b"", b"col,row,x,y\n0,0,1,9\n9,0,2,9\n0,9,1,8\n", b"-gcp 1 2 3 4 -gcp "):
        path.write_bytes(before + (content if isinstance(content, bytes) else content.encode()))
        with suppress(TsrasterError):
            assert len(read_gcps(path).gcps) >= 3


def test_gcps_that_gdal_writes_into_a_sidecar_are_read(tmp_path: Path, draw_raster: Callable[..., Path]) -> None:
    gcps = [GroundControlPoint(col=c, row=r, x=x, y=y) for c, r, x, y in POINTS]
    path = draw_raster(
        tmp_path / "p.png", np.zeros((100, 100), np.uint8), driver="PNG", gcps=(gcps, CRS.from_epsg(32616))
    )
    found = read_gcps(f"{path}.aux.xml")
    assert [(gcp.col, gcp.row, gcp.x, gcp.y) for gcp in found.gcps] == list(POINTS)
    assert found.crs == CRS.from_epsg(32616)


@pytest.fixture(scope="module")
def survey(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the map of 1853 and its points."""
    folder = tmp_path_factory.mktemp("survey")
    with zipfile.ZipFile(shared_data / "misc/geospatialpython_georef.zip") as archive:
        archive.extractall(folder)
    return next(folder.rglob("1853Survey.points")).parent


def test_the_map_of_1853_keeps_its_39_points(
    survey: Path, tmp_path: Path, gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    with open_raster(survey / "1853survey.jpg") as picture:
        shape = picture.shape
    assert shape == (3213, 4000)
    points = read_gcps(survey / "1853Survey.points", "EPSG:4326", shape=shape)
    assert len(points.gcps) == 39
    assert points.lines == tuple(range(2, 41))
    morgan = points.gcps[27]
    # Fort Morgan, at the mouth of Mobile Bay, is at 30.228 N, 88.023 W.
    assert (morgan.x, morgan.y) == pytest.approx((-88.023, 30.228), abs=0.01)
    assert (morgan.col, morgan.row) == pytest.approx((3379.07, 967.64), abs=0.01)
    made = tmp_path / "map.tif"
    image = Image(shape=(64, 64), dtype="uint8", bands=1, georef=Georef(gcps=points.gcps, gcp_crs=points.crs))
    with ImageWriter(made, "GTiff", image) as writer:
        writer.write(Window(row=0, col=0, rows=64, cols=64), np.ones((64, 64), np.uint8))
    listed = gdalinfo(made)["gcps"]
    assert 'ID["EPSG",4326]' in listed["coordinateSystem"]["wkt"]
    assert [(p["pixel"], p["line"], p["x"], p["y"]) for p in listed["gcpList"]] == [
        (gcp.col, gcp.row, gcp.x, gcp.y) for gcp in points.gcps
    ]
    with rasterio.open(made) as file:
        assert [(gcp.col, gcp.row) for gcp in file.gcps[0]] == [(gcp.col, gcp.row) for gcp in points.gcps]
