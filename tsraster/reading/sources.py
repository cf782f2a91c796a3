"""Open a source and find out, once, what it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import rasterio
from rasterio.errors import RasterioError

from tsraster.errors import MissingSourceError, ReadError
from tsraster.raster import PICTURE_DRIVERS, Band, Georef, Raster, is_color, without_place_warning
from tsraster.reading.gdalreader import STRICT, GdalReader, Source
from tsraster.reading.orientation import ORIENTATIONS, Orientation

_CACHE_BYTES = 16 * 2**20
"""GDAL would keep 5 % of the memory of the machine. Blocks are read once, so a few pieces that two of them share are enough."""

_OWN_DOMAINS = {"IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "RPC", "COLOR_PROFILE", "EXIF"}
"""Tag domains that speak of the file and not of what it shows, or are carried in another way."""


def gdal_settings() -> Any:
    """Return a context in which GDAL's block cache is small and damaged files are errors."""
    return rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES, **STRICT)


def open_raster(source: str | os.PathLike[str]) -> Raster:
    """Open a raster or a picture.

    Parameters
    ----------
    source : str or path
        Whatever GDAL opens: a local path, ``/vsizip/...``, ``http://...``, ``NETCDF:file.nc:variable``, ...

    Returns
    -------
    Raster
        Use it as a context manager. Pixels are valid where none of the nodata value, NaN, an infinity, the dataset mask, or
        an alpha of 0 says otherwise. A photo that EXIF says lies on its side is turned upright, unless it is
        georeferenced: then its place is that of the pixels as they are stored.

    Raises
    ------
    MissingSourceError
        There is no such file.
    ReadError
        GDAL cannot open it, or it holds several rasters.

    Examples
    --------
    >>> open_raster("nowhere.tif")
    Traceback (most recent call last):
    ...
    tsraster.errors.MissingSourceError: nowhere.tif does not exist
    """
    name = os.fspath(source)
    with rasterio.Env(**STRICT):
        dataset = _open_dataset(name)
        with ExitStack() as stack:
            stack.callback(dataset.close)
            if dataset.count == 0:
                return _open_single(name, dataset.subdatasets)
            raster = _describe_dataset(name, dataset)
            stack.pop_all()
            return raster


def _open_dataset(name: str) -> Any:
    try:
        with without_place_warning():
            return rasterio.open(name)
    except (RasterioError, OSError) as error:
        raise _explain_failure(name, error) from None
    except ValueError:
        raise ReadError(f"{name!r} is not a path that can be opened") from None


def _explain_failure(name: str, error: Exception) -> ReadError:
    if not name:
        return MissingSourceError("the source has an empty name; name a file")
    is_local = not name.startswith("/vsi") and ":" not in name
    if is_local and not os.path.lexists(name):
        return MissingSourceError(f"{name} does not exist")
    if os.path.isdir(name):
        return ReadError(f"{name} is a folder and no raster; name a file in it")
    if is_local and not os.access(name, os.R_OK):
        return ReadError(f"{name} may not be read; its permissions do not allow it")
    if is_local and os.path.isfile(name) and os.path.getsize(name) == 0:
        return ReadError(f"{name} is empty")
    return ReadError(
        f"{name} is no raster or picture that can be read, or is damaged ({str(error).strip().rstrip('.')})"
    )


def _open_single(name: str, parts: list[str]) -> Raster:
    """Open the only raster of a container; say which there are if there are more."""
    if len(parts) == 1:
        return open_raster(parts[0])
    if not parts:
        raise ReadError(f"{name} holds no bands")
    raise ReadError(f"{name} holds several rasters; name one of them: {', '.join(parts)}")


def _describe_dataset(name: str, dataset: Any) -> Raster:
    georef = _read_georef(dataset)
    tags = _read_tags(dataset)
    flags = [{flag.name for flag in flags} for flags in dataset.mask_flag_enums]
    bands = tuple(_describe_band(dataset, number, flags[number - 1]) for number in dataset.indexes)
    palette = _read_palette(dataset)
    is_stored_picture = dataset.driver in PICTURE_DRIVERS
    orientation = Orientation()
    if georef.is_plain and dataset.driver == "JPEG":
        orientation = ORIENTATIONS.get(tags[""].pop("EXIF_Orientation", "1"), orientation)
    masked = tuple(_needs_mask(band, of) for band, of in zip(bands, flags, strict=True))
    alpha = next((band.number for band in bands if band.role == "alpha"), None)
    hidden = tuple(code for code, color in palette.items() if color[3] == 0) if is_stored_picture else ()
    has_nodata = any(band.nodata is not None for band in bands)
    is_float = any(band.dtype.startswith(("float", "complex")) for band in bands)
    source = Source(
        path=name,
        nodata=tuple(None if _is_inexact(band) else band.nodata for band in bands),
        masked=masked,
        alpha=alpha,
        picture=is_color(bands),
        hidden=hidden,
        orientation=orientation,
    )
    return Raster(
        name=name,
        files=tuple(_find_file(path) for path in dataset.files if not _is_sidecar(path, dataset.files[0])),
        driver=dataset.driver,
        shape=orientation.upright_shape(dataset.shape),
        bands=bands,
        reader=GdalReader(source, dataset),
        georef=georef,
        tags=tags,
        palette=palette,
        tile=orientation.upright_shape(dataset.block_shapes[0]),
        can_be_invalid=any(masked) or alpha is not None or bool(hidden) or has_nodata or is_float,
        is_lossy=_is_lossy(dataset),
    )


def _is_lossy(dataset: Any) -> bool:
    said = dataset.tags(ns="IMAGE_STRUCTURE")
    compression = said.get("COMPRESSION", "").upper()
    can_be = dataset.driver in ("JPEG", "WEBP") or "JPEG" in compression or compression == "WEBP"
    return can_be and not said.get("COMPRESSION_REVERSIBILITY", "").startswith("LOSSLESS")


def _is_sidecar(path: str, main: str) -> bool:
    """Tell whether a file only goes with the main one: more endings than it, or a world file."""
    same_stem = os.path.splitext(path)[0] == os.path.splitext(main)[0]
    return path.startswith(f"{main}.") or (same_stem and path.lower().endswith("w"))


def _find_file(path: str) -> str:
    """Return the file on the disk that holds a path of GDAL, such as the archive of ``/vsizip/archive.zip/band.tif``."""
    if not path.startswith("/vsi"):
        return path
    inside = Path(path.split("/", maxsplit=2)[2].replace("{", "").replace("}", ""))
    return next((str(folder) for folder in (inside, *inside.parents) if folder.is_file()), path)


def _describe_band(dataset: Any, number: int, flags: set[str]) -> Band:
    i = number - 1
    # Where the mask is both, nodata is one value for all bands together, such as the one transparent color of a PNG.
    is_joint = {"per_dataset", "nodata"} <= flags
    return Band(
        number=number,
        dtype=dataset.dtypes[i],
        name=dataset.descriptions[i] or "",
        nodata=None if is_joint else dataset.nodatavals[i],
        role=dataset.colorinterp[i].name,
        scale=dataset.scales[i],
        offset=dataset.offsets[i],
        unit=dataset.units[i] or "",
    )


def _is_inexact(band: Band) -> bool:
    """Tell whether nodata, which rasterio gives as a float, may be off."""
    return band.dtype in ("int64", "uint64")


def _needs_mask(band: Band, flags: set[str]) -> bool:
    """Tell whether GDAL's mask knows more of a band than its nodata value and the alpha band do."""
    if "nodata" in flags and "per_dataset" not in flags:
        return _is_inexact(band)
    return not flags & {"all_valid", "alpha"}


def _read_georef(dataset: Any) -> Georef:
    gcps, gcp_crs = dataset.gcps
    return Georef(
        crs=None if _is_made_up(dataset.crs) else dataset.crs,
        transform=dataset.transform,
        gcps=tuple(gcps),
        gcp_crs=gcp_crs if gcps else None,
        rpcs=dataset.rpcs,
    )


def _is_made_up(crs: Any) -> bool:
    """Tell whether GDAL had to invent a CRS, for a GeoTIFF that says of its pixels that they are points, but not where."""
    return crs is not None and crs.to_wkt().startswith('LOCAL_CS["unnamed",UNIT["unknown"')


def _read_tags(dataset: Any) -> dict[str, dict[str, str]]:
    domains = [
        name for name in dataset.tag_namespaces() if name not in _OWN_DOMAINS and not name.startswith(("xml:", "json:"))
    ]
    return {"": dict(dataset.tags()), **{name: dict(dataset.tags(ns=name)) for name in domains}}


def _read_palette(dataset: Any) -> Mapping[int, tuple[int, int, int, int]]:
    if dataset.colorinterp[0].name != "palette":
        return {}
    try:
        colors: Mapping[int, tuple[int, int, int, int]] = dataset.colormap(1)
    except ValueError:
        return {}
    return colors
