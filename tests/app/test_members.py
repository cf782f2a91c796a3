"""Files that lead to others are opened only where these may be opened too, whatever they are called."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.members import find_labels, find_source
from tsraster.errors import MissingSourceError, UsageError
from tsraster.reading import gdal_settings


@pytest.fixture
def folder(tmp_path: Path, draw_raster: Callable[..., Path]) -> Path:
    for name in ("shown/a.tif", "root/b.tif", "root/deep/c.tif", "secret/s.tif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_raster(path, np.arange(64, dtype=np.uint8).reshape(8, 8))
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Desk:
    return Desk(sources=(str(folder / "shown" / "a.tif"),), root=folder / "root")


def write_vrt(path: Path, member: str, *, relative: int = 1, more: str = "") -> Path:
    path.write_text(
        f'<VRTDataset rasterXSize="8" rasterYSize="8">{more}<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="{relative}">{member}</SourceFilename><SourceBand>1</SourceBand>'
        '<SrcRect xOff="0" yOff="0" xSize="8" ySize="8"/><DstRect xOff="0" yOff="0" xSize="8" ySize="8"/>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return path


def test_a_list_of_lists_of_files_that_may_be_opened_is_opened(folder: Path, desk: Desk) -> None:
    write_vrt(folder / "root" / "deep" / "inner.vrt", "c.tif")
    write_vrt(folder / "root" / "outer.tif", "deep/inner.vrt")
    write_vrt(folder / "root" / "named.vrt", str(folder / "shown" / "a.tif"), relative=0)
    gallery = Gallery(desk)
    with gdal_settings():
        assert [gallery.add(name) for name in ("outer.tif", "named.vrt", "b.tif")] == [1, 2, 3]
        gallery.close()


@pytest.mark.parametrize("name", ["outer.vrt", "outer.tif", "outer"])
def test_a_list_of_lists_leads_nowhere_else(folder: Path, desk: Desk, name: str) -> None:
    write_vrt(folder / "root" / "inner.vrt", "../secret/s.tif")
    write_vrt(folder / "root" / name, "inner.vrt")
    with gdal_settings(), pytest.raises(UsageError, match="not below the folder"):
        Gallery(desk).add(name)


@pytest.mark.parametrize(
    "member",
    ["/vsicurl/http://127.0.0.1:1/x.tif", "http://127.0.0.1:1/x.tif", "NETCDF:b.tif:x", "&lt;GDAL_WMS/>", "gone.tif"],
)
def test_a_list_of_what_would_be_fetched_is_refused(folder: Path, desk: Desk, member: str) -> None:
    write_vrt(folder / "root" / "o.vrt", member, relative=0)
    with pytest.raises(UsageError, match=r"o\.vrt is made of other files"):
        find_source("o.vrt", desk)


def test_a_list_that_leads_to_itself_or_to_more_than_pixels_is_refused(folder: Path, desk: Desk) -> None:
    write_vrt(folder / "root" / "loop.vrt", "loop.vrt")
    write_vrt(
        folder / "root" / "warped.vrt", "b.tif", more="<GDALWarpOptions><CutlineDS>/etc/x</CutlineDS></GDALWarpOptions>"
    )
    write_vrt(folder / "root" / "mdi.vrt", "b.tif", more='<Metadata><MDI key="overview_file">/etc/x</MDI></Metadata>')
    write_vrt(folder / "root" / "entity.vrt", "b.tif")
    text = (folder / "root" / "entity.vrt").read_text()
    (folder / "root" / "entity.vrt").write_text('<VRTDataset/>\n<!DOCTYPE a [<!ENTITY b "c">]>' + text)
    for name, reason in (
        ("loop.vrt", "leads back to itself"),
        ("warped.vrt", "GDALWarpOptions"),
        ("mdi.vrt", "MDI"),
        ("entity.vrt", "definitions"),
    ):
        with pytest.raises(UsageError, match=reason):
            find_source(name, desk)


SERVICES = {
    "wms.tif": '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:1/</ServerUrl></Service></GDAL_WMS>',
    "wmts.xml": "<GDAL_WMTS><GetCapabilitiesUrl>http://127.0.0.1:1/</GetCapabilitiesUrl></GDAL_WMTS>",
    "wcs.png": "<WCS_GDAL><ServiceURL>http://127.0.0.1:1/</ServiceURL></WCS_GDAL>",
    "map.map": "OziExplorer Map Data File Version 2.2\n/etc/x.tif\n",
    "stac.json": '{"stac_version": "1.0.0", "assets": {"a": {"href": "http://127.0.0.1:1/a.tif"}}}',
    "odd.mhd": "x <VRTDataset/>",
    "any.dat": "1 2 3",
}


@pytest.mark.parametrize("name", SERVICES)
def test_descriptions_of_services_are_refused_before_anything_is_fetched(folder: Path, desk: Desk, name: str) -> None:
    (folder / "root" / name).write_text(SERVICES[name])
    with pytest.raises(UsageError):
        find_source(name, desk)


def test_a_picture_that_holds_a_list_as_well_is_refused(folder: Path, desk: Desk) -> None:
    whole = (folder / "root" / "b.tif").read_bytes()
    (folder / "root" / "both.tif").write_bytes(whole[:8] + b"<VRTDataset>" + whole[8:])
    with pytest.raises(UsageError, match="might lead elsewhere"):
        find_source("both.tif", desk)


def test_overviews_and_masks_beside_a_file_are_looked_at(folder: Path, desk: Desk) -> None:
    side = folder / "root" / "b.tif.msk"
    write_vrt(side, "../secret/s.tif")
    with pytest.raises(UsageError, match="not below"):
        find_source("b.tif", desk)
    side.unlink()
    (folder / "root" / "b.tif.aux.xml").write_text('<PAMDataset><MDI key="OVERVIEW_FILE">/etc/x</MDI></PAMDataset>')
    with pytest.raises(UsageError, match="names a file of overviews"):
        find_source("b.tif", desk)


def test_a_folder_that_holds_a_list_is_refused(folder: Path, desk: Desk) -> None:
    assert find_source("deep", desk) == folder / "root" / "deep"
    (folder / "root" / "deep" / "B1.TIF").write_text(SERVICES["wms.tif"])
    with pytest.raises(UsageError, match=r"B1\.TIF in deep leads"):
        find_source("deep", desk)


def test_labels_are_opened_from_the_folder_of_outputs_without_a_root(folder: Path) -> None:
    bare = Desk(sources=(str(folder / "shown" / "a.tif"),))
    shutil.copy(folder / "root" / "b.tif", folder / "shown" / "lab.tif")
    assert find_labels("lab.tif", bare) == folder / "shown" / "lab.tif"
    (folder / "shown" / "link.tif").symlink_to(folder / "secret" / "s.tif")
    for text in ("link.tif", "../secret/s.tif", str(folder / "secret" / "s.tif"), "/vsimem/x.tif", "b\0.tif", ""):
        with pytest.raises((UsageError, MissingSourceError)):
            find_labels(text, bare)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lab.tif", "<VRTDataset/>"),
        ("o.gpkg", "<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"),
        ("o.geojson", "<OGRVRTDataSource/>"),
        ("p.geojson", '{"x": "<OGRVRTDataSource>"}'),
        ("o.vrt", "<OGRVRTDataSource/>"),
        ("o.png", "II*\0"),
        ("o.ilp", "SQLite format 3\0"),
        ("none", "II*\0"),
    ],
)
def test_labels_are_what_their_endings_say(folder: Path, desk: Desk, name: str, content: str) -> None:
    for place in ("root", "shown"):
        (folder / place / name).write_text(content)
        with pytest.raises(UsageError, match="by its"):
            find_labels(str(folder / place / name), desk)
