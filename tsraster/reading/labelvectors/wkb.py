"""Well-known binary (WKB), the form in which GDAL hands out geometries, to points, lines and polygons as arrays.

References
----------
OGC 06-103r4, Simple feature access, part 1, clause 8; the flags for Z, M and SRID are those of PostGIS's EWKB.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError

Kind = Literal["point", "line", "polygon"]

_POINT, _LINE, _POLYGON, _TRIANGLE = 1, 2, 3, 17
_COLLECTIONS = {4, 5, 6, 7, 15, 16}
"""MultiPoint, MultiLineString, MultiPolygon, GeometryCollection, PolyhedralSurface, TIN: geometries in a row."""
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_DEEPEST = 32
"""How deep collections may lie in one another."""


@dataclass(frozen=True, eq=False)
class Part:
    """A point, a line or a polygon."""

    kind: Kind
    rings: tuple[NDArray[np.float64], ...]
    """Coordinates, shape (vertex, 2), x before y; one array for a point or a line, the outer ring and the holes of a polygon."""


def decode_wkb(data: bytes) -> list[Part]:
    """Return the parts of a geometry; Multi forms and collections are taken apart, Z and M are left out.

    Parameters
    ----------
    data : bytes
        One geometry.

    Returns
    -------
    list of Part
        Empty for an empty geometry.

    Raises
    ------
    ReadError
        It is damaged, or has curves.

    Examples
    --------
    >>> decode_wkb(bytes.fromhex("0101000000000000000000f03f0000000000000040"))[0].rings
    (array([[1., 2.]]),)
    """
    try:
        return _Cursor(data).take_geometry()
    except (struct.error, ValueError) as error:
        raise ReadError(f"a geometry is damaged, and cannot be read as WKB ({error})") from None


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take_geometry(self, depth: int = 0) -> list[Part]:
        (order,) = self._take("<B")
        if order > 1 or depth > _DEEPEST:
            raise ValueError(f"byte order {order}" if order > 1 else "collections within collections")
        mark = "<" if order else ">"
        (code,) = self._take(f"{mark}I")
        if code & _SRID:
            self._take(f"{mark}I")
        # ISO adds 1000 for Z, 2000 for M and 3000 for both; EWKB sets bits.
        extra, kind = divmod(code & ~(_Z | _M | _SRID), 1000)
        axes = 2 + max((0, 1, 1, 2)[extra & 3], bool(code & _Z) + bool(code & _M))
        if kind in _COLLECTIONS:
            (count,) = self._take(f"{mark}I")
            return [part for _ in range(count) for part in self.take_geometry(depth + 1)]
        return self._take_part(kind, mark, axes)

    def _take_part(self, kind: int, mark: str, axes: int) -> list[Part]:
        if kind == _POINT:
            point = self._take_vertices(mark, axes, 1)
            return [] if np.isnan(point).any() else [Part("point", (point,))]
        (count,) = self._take(f"{mark}I")
        if kind == _LINE:
            return [Part("line", (self._take_vertices(mark, axes, count),))] if count else []
        if kind not in (_POLYGON, _TRIANGLE):
            raise ReadError(f"a geometry has curves (WKB type {kind}), which are not read; save it with straight lines")
        rings = [self._take_vertices(mark, axes, self._take(f"{mark}I")[0]) for _ in range(count)]
        rings = [ring for ring in rings if len(ring)]
        return [Part("polygon", tuple(rings))] if rings else []

    def _take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values

    def _take_vertices(self, mark: str, axes: int, count: int) -> NDArray[np.float64]:
        flat = (
            np.frombuffer(self._data, dtype=f"{mark}f8", count=count * axes, offset=self._at) if count else np.empty(0)
        )
        self._at += flat.nbytes
        return flat.reshape(count, axes)[:, :2].astype(np.float64)
