"""Everything that says where a raster lies reaches every output format, and nothing is added to it.

One table of items (`ITEMS`) against one table of formats (`FORMATS`). What rasterio, and what the program gdalinfo, reads of
the *source* is what it has to read of each output. The name of a failing test is the item and the format.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import affine
import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.rpc import RPC

from tsraster.errors import LossWarning
from tsraster.lut import Lut
from tsraster.pipeline.classify import classify_file
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
Info = Callable[[Path], dict[str, Any]]

ROWS, COLS = 30, 40
PIXELS = np.linspace(0, 1, ROWS * COLS, dtype=np.float32).reshape(ROWS, COLS)
CUTOFFS = [0.3, 0.6]

UTM = "EPSG:32616"
OWN_CRS = "+proj=laea +lat_0=51.5 +lon_0=9.25 +x_0=1000 +y_0=2000 +ellps=GRS80 +units=m +no_defs"
NORTH_UP = Affine(30, 0, 500000, 0, -30, 4600000)
ROTATED = Affine(29.5, 4.25, 500000.125, 5.5, -28.75, 4600000.0625)
CORNERS = [(0, 0, 10, 50), (0, 39.25, 13.9, 50), (29.5, 0, 10, 44.2), (29.5, 39.25, 13.925, 44.1)]
FLAT = [GroundControlPoint(row=r, col=c, x=x, y=y) for r, c, x, y in CORNERS]
HIGH = [GroundControlPoint(row=r, col=c, x=x, y=y, z=250.5 + r) for r, c, x, y in CORNERS]
RPCS = RPC(
    height_off=10.0,
    height_scale=500.0,
    lat_off=50.0,
    lat_scale=0.1,
    long_off=10.0,
    long_scale=0.1,
    line_off=15.0,
    line_scale=15.0,
    samp_off=20.0,
    samp_scale=20.0,
    line_num_coeff=[0.01 * i for i in range(20)],
    line_den_coeff=[1.0] + [0.001] * 19,
    samp_num_coeff=[0.02] * 20,
    samp_den_coeff=[1.0] + [0.0] * 19,
    err_bias=1.5,
    err_rand=0.5,
)
TEXTS = {
    "TITLE": "Dünnschliff 石 №7",
    "FORMULA": "a < b & \"c\" > 'd'",
    "TIFFTAG_ARTIST": "Čapek & Søn",
    "LINES": "one\ntwo",
}
RESOLUTION = {"TIFFTAG_XRESOLUTION": "300", "TIFFTAG_YRESOLUTION": "150", "TIFFTAG_RESOLUTIONUNIT": "2 (pixels/inch)"}
DOMAINS = {"OWN": {"KEY": "välue <&>"}, "IMAGERY": {"CLOUDCOVER": "7"}}
PLACED = {"crs": UTM, "transform": NORTH_UP}

GEOTIFFS: dict[str, dict[str, Any]] = {
    "north-up": PLACED,
    "rotated": {"crs": UTM, "transform": ROTATED},
    "south-up": {"crs": UTM, "transform": Affine(30, 0, 500000, 0, 30, 4600000)},
    "crs-of-no-authority": {"crs": OWN_CRS, "transform": NORTH_UP},
    "transform-without-crs": {"transform": NORTH_UP},
    "rotated-without-crs": {"transform": ROTATED},
    "crs-without-transform": {"crs": UTM},
    "gcps": {"gcps": (FLAT, CRS.from_epsg(4326))},
    "gcps-with-heights": {"gcps": (HIGH, CRS.from_epsg(4326))},
    "gcps-of-points": {"gcps": (HIGH, CRS.from_epsg(4326)), "tags": {"AREA_OR_POINT": "Point"}},
    "gcps-without-crs": {"gcps": (HIGH, CRS())},
    "rpcs": {"rpcs": RPCS},
    "rpcs-and-transform": {"rpcs": RPCS, **PLACED},
    "point": {**PLACED, "tags": {"AREA_OR_POINT": "Point"}},
    "area": {**PLACED, "tags": {"AREA_OR_POINT": "Area"}},
    "tags": {**PLACED, "tags": TEXTS},
    "tags-without-place": {"tags": TEXTS},
    "tags-of-a-domain": {**PLACED, "domains": DOMAINS},
    "resolution": {**PLACED, "tags": RESOLUTION},
    "plain-tif": {},
}


def draw_geotiff(path: Path, draw: Draw, item: str) -> Path:
    return draw(path.with_suffix(".tif"), PIXELS, **GEOTIFFS[item])


def draw_named_tags(path: Path, draw: Draw) -> Path:
    """A tag may have any name, also one that rasterio takes for a parameter of its own."""
    head = '<Metadata><MDI key="ns">a</MDI><MDI key="bidx">b</MDI><MDI key="TITLE">c</MDI></Metadata>'
    return draw_vrt(path, draw, head)


def draw_vrt(path: Path, draw: Draw, head: str) -> Path:
    """A VRT has its own place, and the pixels of another file."""
    draw(path.with_name("under.tif"), PIXELS)
    vrt = path.with_suffix(".vrt")
    vrt.write_text(
        f'<VRTDataset rasterXSize="{COLS}" rasterYSize="{ROWS}">{head}<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">under.tif</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    return vrt


def draw_placed_vrt(path: Path, draw: Draw) -> Path:
    place = ", ".join(str(number) for number in NORTH_UP.to_gdal())
    return draw_vrt(path, draw, f"<SRS>{UTM}</SRS><GeoTransform>{place}</GeoTransform>")


def draw_png_of(path: Path, draw: Draw, **place: Any) -> Path:
    """A PNG keeps its place in an .aux.xml."""
    return draw(path.with_suffix(".png"), (PIXELS * 255).astype(np.uint8), driver="PNG", **place)


def draw_netcdf(path: Path, draw: Draw) -> Path:
    import rioxarray  # noqa: F401, gives an array its .rio
    import xarray as xr

    axes = {"y": 4600000 - 30.0 * np.arange(ROWS), "x": 500000 + 30.0 * np.arange(COLS)}
    values = xr.DataArray(PIXELS, dims=("y", "x"), coords=axes, name="t", attrs={"units": "K", "long_name": "Wärme"})
    placed = values.rio.write_crs(UTM).rio.write_coordinate_system()
    packing = {"t": {"scale_factor": 0.5, "add_offset": 1.0, "_FillValue": -9999.0, "grid_mapping": "spatial_ref"}}
    placed.to_dataset().to_netcdf(path.with_suffix(".nc"), engine="scipy", encoding=packing)
    return path.with_suffix(".nc")


SOURCES: dict[str, Callable[[Path, Draw], Path]] = {
    **{item: (lambda path, draw, item=item: draw_geotiff(path, draw, item)) for item in GEOTIFFS},
    "tags-named-as-parameters": draw_named_tags,
    "plain-png": draw_png_of,
    "png-of-points-without-crs": lambda path, draw: draw_png_of(
        path, draw, transform=ROTATED, tags={"AREA_OR_POINT": "Point"}
    ),
    "png-of-areas-without-crs": lambda path, draw: draw_png_of(
        path, draw, transform=NORTH_UP, tags={"AREA_OR_POINT": "Area"}
    ),
    "vrt": draw_placed_vrt,
    "netcdf": draw_netcdf,
}
ITEMS = pytest.mark.parametrize("item", SOURCES)


class Format(NamedTuple):
    """An output: its file name, and as what `classify_file` is to write it."""

    file: str
    driver: str
    cog: bool = False
    is_color: bool = False


FORMATS = {
    "classes-tif": Format("classes.tif", "GTiff"),
    "classes-cog": Format("classes-cog.tif", "GTiff", cog=True),
    "classes-png": Format("classes.png", "PNG"),
    "colors-tif": Format("colors.tif", "GTiff", is_color=True),
    "colors-cog": Format("colors-cog.tif", "GTiff", cog=True, is_color=True),
    "colors-png": Format("colors.png", "PNG", is_color=True),
    "colors-jpg": Format("colors.jpg", "JPEG", is_color=True),
}
EVERY_FORMAT = pytest.mark.parametrize("form", FORMATS)
CLASS_FORMATS = pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if not form.is_color])
COLOR_FORMATS = pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.is_color])
PICTURES = pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.driver != "GTiff"])


def write_format(source: Path, folder: Path, form: str, **options: Any) -> Path:
    """Classify a source into one format."""
    wanted = FORMATS[form]
    path = folder / wanted.file
    target = {"color": path} if wanted.is_color else {"destination": path}
    classify_file(source, cog=wanted.cog, **{"cutoffs": CUTOFFS, "lut": "thermal"} | target | options)
    return path


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw) -> Callable[[str], Path]:
    """Give a function that returns the folder of an item: its source, and below it `out` with all formats."""
    made: dict[str, Path] = {}

    def make(item: str) -> Path:
        if item not in made:
            made[item] = tmp_path_factory.mktemp(item)
            (made[item] / "out").mkdir()
            SOURCES[item](made[item] / "source", draw_raster)
            for form in FORMATS:
                write_format(find_source(made[item]), made[item] / "out", form)
        return made[item]

    return make


def find_source(folder: Path) -> Path:
    return next(path for path in folder.glob("source.*") if not path.name.endswith(".xml"))


OF_THE_FILE = {"IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "RPC"}


def read_place(path: Path) -> dict[str, Any]:
    """All that rasterio reads of where a raster lies."""
    with without_place_warning(), rasterio.open(path) as file:
        return {
            "crs": file.crs,
            "transform": file.transform,
            "gcps": [(gcp.row, gcp.col, gcp.x, gcp.y, gcp.z) for gcp in file.gcps[0]],
            "gcp crs": file.gcps[1],
            "rpcs": file.rpcs,
            "tags": say_area(file.tags(), file.crs or file.gcps[1]),
            "domains": {name: file.tags(ns=name) for name in file.tag_namespaces() if name not in OF_THE_FILE},
        }


def say_area(tags: dict[str, str], crs: Any) -> dict[str, str]:
    """GDAL says of every GeoTIFF with a CRS that its pixels are areas, which is also what other formats mean."""
    return {"AREA_OR_POINT": "Area", **tags} if crs else tags


def describe_place(info: dict[str, Any]) -> dict[str, Any]:
    """All that gdalinfo says of where a raster lies."""
    points = info.get("gcps", {"gcpList": [], "coordinateSystem": {}})
    crs, gcp_crs = (parse_crs(of.get("coordinateSystem", {})) for of in (info, points))
    metadata = info["metadata"]
    return {
        "crs": crs,
        "transform": info.get("geoTransform"),
        "gcps": [[point[key] for key in ("pixel", "line", "x", "y", "z")] for point in points["gcpList"]],
        "gcp crs": gcp_crs,
        "rpcs": metadata.get("RPC"),
        "tags": say_area(metadata.get("", {}), crs or gcp_crs),
        "domains": {name: items for name, items in metadata.items() if name and name not in OF_THE_FILE},
    }


def parse_crs(system: dict[str, Any]) -> tuple[CRS, list[int]] | None:
    """The CRS and which of its axes is x; texts differ where a format adds a remark, such as the area of use."""
    return (CRS.from_wkt(system["wkt"]), system["dataAxisToSRSAxisMapping"]) if system.get("wkt") else None


@ITEMS
@EVERY_FORMAT
def test_rasterio_reads_of_the_output_what_it_reads_of_the_source(
    item: str, form: str, folder_of: Callable[[str], Path]
) -> None:
    folder = folder_of(item)
    assert read_place(folder / "out" / FORMATS[form].file) == read_place(find_source(folder))


@ITEMS
@EVERY_FORMAT
def test_gdalinfo_says_of_the_output_what_it_says_of_the_source(
    item: str, form: str, folder_of: Callable[[str], Path], gdalinfo: Info
) -> None:
    folder = folder_of(item)
    said = describe_place(gdalinfo(folder / "out" / FORMATS[form].file))
    assert said == describe_place(gdalinfo(find_source(folder)))


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ("north-up", "crs"),
        ("rotated", "transform"),
        ("gcps-with-heights", "gcps"),
        ("gcps", "gcp crs"),
        ("rpcs", "rpcs"),
        ("tags", "tags"),
        ("tags-of-a-domain", "domains"),
        ("netcdf", "transform"),
        ("vrt", "crs"),
    ],
)
def test_the_oracle_sees_what_was_drawn(item: str, field: str, folder_of: Callable[[str], Path]) -> None:
    """Two files without anything would be equal too."""
    drawn = read_place(find_source(folder_of(item)))
    nothing = read_place(find_source(folder_of("plain-png")))
    assert drawn[field] != nothing[field]


@ITEMS
def test_nothing_but_outputs_and_their_sidecars_is_left(item: str, folder_of: Callable[[str], Path]) -> None:
    folder = folder_of(item)
    files = {form.file for form in FORMATS.values()}
    sidecars = {f"{file}.aux.xml" for file in files} | {"classes.pgw", "colors.pgw", "colors.jgw"}
    left = {path.name for path in (folder / "out").iterdir()}
    assert files <= left <= files | sidecars
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@ITEMS
@PICTURES
def test_a_picture_has_a_world_file_where_there_is_a_transform(
    item: str, form: str, folder_of: Callable[[str], Path]
) -> None:
    folder = folder_of(item)
    transform = read_place(find_source(folder))["transform"]
    path = folder / "out" / FORMATS[form].file
    world = path.with_suffix(".jgw" if path.suffix == ".jpg" else ".pgw")
    assert world.exists() == (not transform.is_identity)
    if world.exists():
        assert world.read_text() == affine.dumpsw(transform)


@pytest.mark.parametrize("item", ["north-up", "rotated"])
@PICTURES
def test_the_world_file_alone_places_the_picture(
    item: str, form: str, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = folder_of(item)
    path = folder / "out" / FORMATS[form].file
    for part in (path, path.with_suffix(f".{path.suffix[1]}gw")):
        (tmp_path / part.name).write_bytes(part.read_bytes())
    alone = read_place(tmp_path / path.name)
    assert alone["transform"].almost_equals(read_place(find_source(folder))["transform"], precision=1e-9)
    assert alone["crs"] is None


@EVERY_FORMAT
def test_a_made_up_crs_is_not_carried(form: str, draw_raster: Draw, tmp_path: Path) -> None:
    """Of a GeoTIFF without a CRS that says Point, GDAL makes up an unnamed one: nobody has said where that lies."""
    source = draw_raster(tmp_path / "source.tif", PIXELS, transform=ROTATED, tags={"AREA_OR_POINT": "Point"})
    assert "unnamed" in read_place(source)["crs"].to_wkt()
    assert read_place(write_format(source, tmp_path, form)) == read_place(source) | {"crs": None}


def list_gcps(projection: str = "") -> str:
    crs = f' Projection="{projection}"' if projection else ""
    points = "".join(
        f'<GCP Id="" Info="" Pixel="{gcp.col}" Line="{gcp.row}" X="{gcp.x}" Y="{gcp.y}" Z="{gcp.z}"/>' for gcp in HIGH
    )
    return f"<GCPList{crs}>{points}</GCPList>"


LOSSES = {
    "gcps-beside-a-transform": (
        f"<SRS>{UTM}</SRS><GeoTransform>500000, 30, 0, 4600000, 0, -30</GeoTransform>{list_gcps('EPSG:4326')}",
        "the GCPs are left out, because a file holds either GCPs or a transform",
        {"gcps": [], "gcp crs": None},
    ),
    "another-crs-beside-gcps": (
        f"<SRS>{UTM}</SRS>{list_gcps('EPSG:4326')}",
        "the CRS is left out, because beside GCPs a file holds no other CRS than theirs",
        {"crs": None},
    ),
    "a-crs-beside-gcps-without-one": (
        f"<SRS>{UTM}</SRS>{list_gcps()}",
        "the CRS is left out, because beside GCPs a file holds no other CRS than theirs",
        {"crs": None},
    ),
    "names-of-gcps": (
        list_gcps("EPSG:4326").replace('Info=""', 'Info="church tower"', 1),
        "the names of the GCPs are left out, because a GeoTIFF numbers them",
        {},
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
@EVERY_FORMAT
def test_what_cannot_be_held_is_said_and_nothing_else_is_lost(
    loss: str, form: str, draw_raster: Draw, tmp_path: Path
) -> None:
    head, warning, lost = LOSSES[loss]
    source = draw_vrt(tmp_path / "source", draw_raster, head)
    with pytest.warns(LossWarning) as said:
        made = write_format(source, tmp_path, form)
    assert [str(one.message) for one in said] == [warning]
    drawn = read_place(source) | lost
    drawn["tags"] = say_area({}, drawn["crs"] or drawn["gcp crs"])
    assert read_place(made) == drawn


def draw_bands_of_source(path: Path, draw: Draw) -> Path:
    """A source whose band has everything that must not be said of class codes."""
    draw(
        path,
        np.where(PIXELS > 0.9, -9999, PIXELS).astype(np.float32),
        nodata=-9999,
        band={"scales": (0.25,), "offsets": (273.15,), "units": ("kelvin",), "descriptions": ("warmth",)},
        tags={"STATISTICS_MEAN": "0.5", "TIFFTAG_MAXSAMPLEVALUE": "1", "TIFFTAG_MINSAMPLEVALUE": "0", "TITLE": "kept"},
        **PLACED,
    )
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, STATISTICS_MEAN="0.5", STATISTICS_MAXIMUM="0.9", LAYER_TYPE="athematic")
    return path


def write_from_told_source(form: str, folder: Path, draw: Draw) -> Path:
    source = draw_bands_of_source(folder / "source.tif", draw)
    with rasterio.open(source) as file:
        assert file.tags(1)["STATISTICS_MEAN"] == "0.5"
        assert (file.scales, file.offsets, file.units, file.nodata) == ((0.25,), (273.15,), ("kelvin",), -9999)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)  # JPEG is white where there is no class
        return write_format(source, folder, form)


@EVERY_FORMAT
def test_what_is_true_of_source_values_is_not_said_of_codes(form: str, draw_raster: Draw, tmp_path: Path) -> None:
    with rasterio.open(write_from_told_source(form, tmp_path, draw_raster)) as file:
        assert set(file.scales) == {1}
        assert set(file.offsets) == {0}
        assert set(file.units) == {None}
        assert set(file.descriptions) == {None}
        assert set(file.nodatavals) == {None if FORMATS[form].is_color else 0}
        assert all(not file.tags(number) for number in file.indexes)
        assert file.tags() == {"AREA_OR_POINT": "Area", "TITLE": "kept"}


@EVERY_FORMAT
def test_gdalinfo_says_nothing_of_source_values_either(
    form: str, draw_raster: Draw, tmp_path: Path, gdalinfo: Info
) -> None:
    bands = gdalinfo(write_from_told_source(form, tmp_path, draw_raster))["bands"]
    told = {"scale", "offset", "unit", "description", "minimum", "maximum", "mean", "stdDev"}
    assert not any(told & band.keys() for band in bands)
    assert {band.get("noDataValue") for band in bands} == {None if FORMATS[form].is_color else 0}


def test_codes_stay_codes_for_those_who_unpack(draw_raster: Draw, tmp_path: Path) -> None:
    import rioxarray

    source = draw_netcdf(tmp_path / "source", draw_raster)
    made = write_format(source, tmp_path, "classes-tif")
    with rasterio.open(source) as file, rioxarray.open_rasterio(made, mask_and_scale=True) as unpacked:
        # The values of the source are unpacked before they are classified, and its codes are not.
        values = file.read(1) * file.scales[0] + file.offsets[0]
        np.testing.assert_array_equal(unpacked[0], np.digitize(values, CUTOFFS, right=True) + 1)


CLASS_COLORS = ((10, 20, 30, 255), (40, 50, 60, 255), (70, 80, 90, 255))
OWN_LUT = Lut(name="own", kind="classes", keys=(1, 2, 3), colors=CLASS_COLORS)


@COLOR_FORMATS
def test_a_nodata_color_of_the_source_hides_no_color_of_the_output(
    form: str, draw_raster: Draw, tmp_path: Path
) -> None:
    """GDAL takes the tag NODATA_VALUES for a color that is no data; here it would be the first class."""
    rgb = np.stack([(PIXELS * 255).astype(np.uint8)] * 3)
    source = draw_raster(tmp_path / "source.tif", rgb, photometric="RGB", tags={"NODATA_VALUES": "10 20 30"})
    made = write_format(source, tmp_path, form, lut=OWN_LUT)
    with without_place_warning(), rasterio.open(made) as file:
        assert file.dataset_mask().all()


@EVERY_FORMAT
def test_a_photo_on_its_side_is_written_upright_once(form: str, tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Zeiss"
    Image.fromarray((PIXELS * 255).astype(np.uint8)).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    made = write_format(tmp_path / "photo.jpg", tmp_path, form)
    with without_place_warning(), rasterio.open(made) as file:
        assert file.shape == (COLS, ROWS)
        assert file.tags() == {"EXIF_Make": "Zeiss"}
    with Image.open(made) as picture:
        assert picture.getexif().get(0x0112) in (None, 1)
    assert read_place(made)["crs"] is None


def test_an_old_orientation_in_the_tags_turns_no_new_picture(draw_raster: Draw, tmp_path: Path) -> None:
    """GDAL writes EXIF tags into a JPEG; a GeoTIFF made of a photo carries them, and is not turned."""
    source = draw_raster(tmp_path / "source.tif", PIXELS, tags={"EXIF_Orientation": "6", "EXIF_Make": "Zeiss"})
    made = write_format(source, tmp_path, "colors-jpg")
    assert read_place(made)["tags"] == {"EXIF_Make": "Zeiss"}


def spoil(path: Path) -> list[Path]:
    """Put sidecars beside a destination that would place, mask and shrink whatever file lies there."""
    path.write_bytes(b"old")
    world = path.with_suffix({".tif": ".tfw", ".png": ".pgw", ".jpg": ".jgw"}[path.suffix])
    world.write_text(affine.dumpsw(ROTATED))
    aux = path.with_name(f"{path.name}.aux.xml")
    aux.write_text(
        "<PAMDataset><SRS>EPSG:3857</SRS><GeoTransform>1, 2, 0, 3, 0, -4</GeoTransform>"
        '<Metadata><MDI key="OLD">yes</MDI></Metadata></PAMDataset>'
    )
    others = [path.with_name(f"{path.name}{ending}") for ending in (".ovr", ".msk")]
    for other in others:
        other.write_bytes(b"old")
    return [world, aux, *others]


@EVERY_FORMAT
@pytest.mark.parametrize("item", ["plain-png", "north-up", "gcps"])
def test_stale_sidecars_say_nothing_of_the_new_file(
    item: str, form: str, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    stale = spoil(tmp_path / FORMATS[form].file)
    source = find_source(folder_of(item))
    made = write_format(source, tmp_path, form, overwrite=True)
    assert read_place(made) == read_place(source)
    expected = {path.name for path in (folder_of(item) / "out").iterdir() if path.stem.split(".")[0] == made.stem}
    world = {made.with_suffix(f".{made.suffix[1]}gw").name}
    left = {path.name for path in tmp_path.iterdir()}
    assert left - world == {name for name in expected if name.startswith(made.name)}
    assert all(path.read_bytes() != b"old" for path in stale if path.exists())


def test_old_overviews_and_masks_are_not_read_with_the_new_file(draw_raster: Draw, tmp_path: Path) -> None:
    made = tmp_path / FORMATS["classes-tif"].file
    draw_raster(made, PIXELS, mask=np.zeros((ROWS, COLS), bool))
    with rasterio.Env(TIFF_USE_OVR=True), without_place_warning(), rasterio.open(made, "r+") as file:
        file.build_overviews([2])
    draw_raster(
        made.with_name(f"{made.name}.msk"), np.zeros((ROWS, COLS), np.uint8), tags={"INTERNAL_MASK_FLAGS_1": "2"}
    )
    source = draw_raster(tmp_path / "source.tif", PIXELS, **PLACED)
    write_format(source, tmp_path, "classes-tif", overwrite=True)
    with rasterio.open(made) as file:
        assert file.overviews(1) == []
        assert file.dataset_mask().all()
