"""What the page opens beyond what was named when it started: only files that lead to no others, or to others that may be opened.

GDAL chooses a format by the content of a file, under any name, and many formats are lists of other files or of services, which
it reads and fetches at once. So the first bytes are looked at before GDAL sees a file: pictures and grids that hold their own
pixels are opened, a VRT where all its members may be, and nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

from tsraster.app.desk import Desk, resolve_path
from tsraster.errors import MissingSourceError, UsageError

_HEAD = 4096
"""Bytes of a file by which GDAL chooses its format."""
_LONGEST_VRT = 2**24
_DEEPEST = 8
"""Lists in lists in lists."""
_MOST_FILES = 20_000
"""Of a folder."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG = (b"\x89PNG\r\n\x1a\n",)
_PICTURES = (*_TIFF, *_PNG, b"\xff\xd8\xff", b"BM", b"GIF8", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"RIFF")
_GRIDS = (b"ncols", b"NCOLS", b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x93NUMPY", b"NRRD")
_SCENES = (b"GROUP = ", b'{"LANDSAT_METADATA_FILE"', b"<LANDSAT_METADATA_FILE")
_LABELS = {
    ".tif": _TIFF, ".tiff": _TIFF, ".png": _PNG, ".gpkg": (b"SQLite format 3\0",), ".geojson": (b"{",), ".ilp": (b"\x89HDF",),
}  # fmt: skip
"""How files of labels begin; links in a project are not followed by those who read it."""
_LISTS = re.compile(
    rb"<(OGR)?VRT|<GDAL|<W[CM][ST]|<Tile|<(\w+:)?Capabilities|<Services|<kml|tiled-assets|stac_version|record_size|OziExplorer",
    re.IGNORECASE,
)
"""What is found at the beginning of files that name others, or services."""
_VRT_PARTS = re.compile(
    r"VRTDataset|SRS|GeoTransform|GCPList|GCP|Metadata|MDI|VRTRasterBand|ColorInterp|ColorTable|Entry|NoDataValue|UnitType|Offset"
    r"|Scale|CategoryNames|Category|Description|HideNoDataValue|Histograms|HistItem|HistMin|HistMax|BucketCount|IncludeOutOfRange"
    r"|Approximate|HistCounts|SimpleSource|ComplexSource|SourceFilename|SourceBand|SourceProperties|SrcRect|DstRect|NODATA"
    r"|ScaleOffset|ScaleRatio|Exponent|SrcMin|SrcMax|DstMin|DstMax|Clamp|LUT|ColorTableComponent|UseMaskBand|MaskBand"
    r"|BlockXSize|BlockYSize|GDALRasterAttributeTable|FieldDefn|Name|Type|Usage|Row|F"
)
"""Elements of a VRT that name no file, and that which does."""


def find_source(text: str, desk: Desk) -> Path:
    """Return the real path of a raster that may be opened, with all that it is made of.

    Parameters
    ----------
    text : str
        What was typed.
    desk : Desk
        What may be opened. Files that were named when the page started are not looked into.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        It must not be opened, or leads to what must not be.
    MissingSourceError
        It does not exist.
    """
    path = resolve_path(text, desk)
    _check_source(path, desk)
    return path


def find_labels(text: str, desk: Desk) -> Path:
    """Return the real path of a file of labels: one in or below the folder of the first source, or one that may be opened.

    Raises
    ------
    UsageError
        It must not be opened, or is no label raster, GeoPackage, GeoJSON or project of ilastik by its ending and content.
    MissingSourceError
        It does not exist.
    """
    path = _find_beside(text, desk) or resolve_path(text, desk)
    begins = _LABELS.get(path.suffix.lower())
    if begins is None or not path.is_file():
        raise UsageError(f"{path.name} is no file of labels by its ending; the page opens {' '.join(_LABELS)}")
    head = _read_head(path)
    if not head.startswith(begins) or _LISTS.search(head):
        raise UsageError(f"{path.name} is no {path.suffix.lower()} by its content; save the labels in that format")
    for other in _list_sidecars(path):
        _check_source(resolve_path(str(other), desk) if other.is_symlink() else other, desk)
    return path


def _find_beside(text: str, desk: Desk) -> Path | None:
    """Return a file in or below the folder of the first source, where outputs go."""
    if desk.folder is None or "\0" in text or "://" in text or not text.strip():
        return None
    try:
        path = Path(os.path.realpath(desk.folder / text))
        return path if path.is_relative_to(desk.folder) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _check_source(path: Path, desk: Desk, depth: int = 0) -> None:
    if path in desk.files:
        return
    if path.is_dir():
        _check_folder(path, desk)
        return
    head = _read_head(path)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<VRTDataset"):
        _check_vrt(path, desk, depth)
    elif text.startswith(_SCENES) and path.suffix.lower() in (".txt", ".json", ".xml"):
        _check_folder(path.parent, desk, but=path)
    elif _LISTS.search(head) or not _is_plain(head, path):
        raise UsageError(
            f"{path.name} is no picture or grid of its own by its content, and might lead elsewhere; name it on the command line"
        )
    for other in _list_sidecars(path):
        _check_source(resolve_path(str(other), desk), desk, depth + 1)


def _is_plain(head: bytes, path: Path) -> bool:
    """Whether GDAL, or a reader of volumes, takes it for something that holds its own values."""
    if path.suffix.lower() == ".raw":  # never opened by GDAL
        return True
    if path.suffix.lower() in (".mhd", ".mha"):
        return re.match(rb"\s*(ObjectType|NDims|Comment)\s*=", head) is not None
    return head.startswith((*_PICTURES, *_GRIDS))


def _list_sidecars(path: Path) -> Iterator[Path]:
    """Yield what GDAL opens beside a file: overviews and masks, which it takes in any format.

    Raises
    ------
    UsageError
        The file of statistics names a file of overviews somewhere else.
    """
    for ending in (".ovr", ".msk", ".OVR", ".MSK"):
        for other in (Path(f"{path}{ending}"), path.with_suffix(ending)):
            if other != path and other.is_file():
                yield other
    notes = Path(f"{path}.aux.xml")
    if notes.is_file() and b"OVERVIEW_FILE" in _read_head(notes, _LONGEST_VRT).upper():
        raise UsageError(f"{notes.name} names a file of overviews; name {path.name} on the command line to show it")


def _check_folder(folder: Path, desk: Desk, but: Path | None = None) -> None:
    """Refuse a folder in which a file is a list of others, or a link to what must not be opened."""
    files = [path for path in islice(folder.rglob("*"), _MOST_FILES + 1) if path.is_file() and path != but]
    if len(files) > _MOST_FILES:
        raise UsageError(f"{folder.name} holds more than {_MOST_FILES} files; name it on the command line to show it")
    for path in files:
        real = resolve_path(str(path), desk)
        if real not in desk.files and _LISTS.search(_read_head(real)):
            raise UsageError(
                f"{path.name} in {folder.name} leads to other files; name it on the command line to show it"
            )


def _check_vrt(path: Path, desk: Desk, depth: int) -> None:
    """Check all members of a VRT, and their members.

    Raises
    ------
    UsageError
        One must not be opened, or the VRT does more than to put bands and tiles together.
    """
    if depth > _DEEPEST or path.stat().st_size > _LONGEST_VRT:
        raise UsageError(f"{path.name} is too long a list of files, or leads back to itself; make it simpler")
    for element in _parse(path).iter():
        is_other = element.get("subClass", "VRTSourcedRasterBand") != "VRTSourcedRasterBand"
        if not _VRT_PARTS.fullmatch(element.tag) or is_other or element.get("key", "").upper() == "OVERVIEW_FILE":
            raise UsageError(
                f"{path.name} is a VRT with {element.tag!r}, which the page does not follow; name it on the command line"
            )
        if element.tag == "SourceFilename":
            _check_member(path, element, desk, depth)


def _check_member(path: Path, element: ElementTree.Element, desk: Desk, depth: int) -> None:
    text = element.text or ""
    is_beside = element.get("relativeToVRT", element.get("relativetoVRT", "0")) == "1"
    try:
        if ":" in text or "<" in text:
            raise UsageError(f"{text[:80]!r} is no plain path")
        member = resolve_path(str(path.parent / text) if is_beside else os.path.abspath(text), desk)
        _check_source(member, desk, depth + 1)
    except (UsageError, MissingSourceError) as error:
        raise UsageError(f"{path.name} is made of other files: {error}") from None


def _parse(path: Path) -> ElementTree.Element:
    data = path.read_bytes()
    try:
        if b"<!" in data.replace(b"<!--", b""):
            raise UsageError(f"{path.name} holds definitions, which a VRT has no need of; name it on the command line")
        return ElementTree.fromstring(data)  # noqa: S314  without definitions nothing grows
    except ElementTree.ParseError:
        raise UsageError(f"{path.name} begins like a VRT and is none; name it on the command line") from None


def _read_head(path: Path, length: int = _HEAD) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from None
