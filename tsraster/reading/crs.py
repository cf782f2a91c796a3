"""Coordinate reference systems from text."""

from __future__ import annotations

import rasterio
from rasterio.crs import CRS
from rasterio.errors import CRSError

from tsraster.errors import UsageError


def parse_crs(text: str) -> CRS:
    """Read the text of a coordinate reference system.

    Parameters
    ----------
    text : str
        A code such as ``EPSG:32616``, its number alone, a PROJ string such as ``+proj=utm +zone=16``, WKT of any version, or
        PROJJSON.

    Returns
    -------
    rasterio.crs.CRS

    Raises
    ------
    UsageError
        It is none, or PROJ does not know it.

    Examples
    --------
    >>> parse_crs("EPSG:4326").to_epsg(), parse_crs("32616").to_epsg()
    (4326, 32616)
    """
    name = text.strip()
    try:
        # GDAL would ask the network for an address; Env keeps PROJ from printing.
        with rasterio.Env():
            found = None if "://" in name else CRS.from_string(f"EPSG:{name}" if name.isdecimal() else name)
    except (CRSError, ValueError):
        found = None
    if not found:
        shown = name if len(name) <= 60 else f"{name[:57]}..."
        raise UsageError(f"{shown!r} is no known CRS; write a code such as EPSG:4326, a PROJ string or WKT")
    return found


def is_in_degrees(crs: CRS | None) -> bool:
    """Tell whether coordinates are longitude and latitude in degrees."""
    return crs is not None and bool(crs.is_geographic) and crs.units_factor[0].lower().startswith("degree")
