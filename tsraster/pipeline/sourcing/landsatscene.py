"""A Landsat scene, named by its MTL file or its folder, as one raster whose bands are called by what they are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tsraster.errors import DataError, TsrasterError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata
from tsraster.landsat.mtlfile import read_mtl
from tsraster.landsat.quantities import Conversion, plan_conversion
from tsraster.landsat.scenefiles import find_band_file, find_mtl
from tsraster.pipeline.imaging import PathLike
from tsraster.preparing.views import join_bands
from tsraster.raster import Raster
from tsraster.reading import open_raster

_MTL_ENDINGS = ("_mtl.txt", "_mtl.json", "_mtl.xml")


def is_scene(source: PathLike) -> bool:
    """Whether a source is an MTL file, or a folder with one."""
    name = os.fspath(source)
    if name.lower().endswith(_MTL_ENDINGS):
        return True
    try:
        return any(file.lower().endswith(_MTL_ENDINGS) for file in os.listdir(name))
    except (OSError, ValueError):  # no folder, or one that may not be looked into
        return False


def read_scene(source: PathLike) -> LandsatMetadata:
    """Read the MTL file that a source is, or that lies in it."""
    return read_mtl(find_mtl(source) if Path(source).is_dir() else source)


def open_scene_bands(
    metadata: LandsatMetadata, bands: Sequence[LandsatBand], stack: ExitStack
) -> tuple[Raster, tuple[LandsatBand, ...]]:
    """Open those of some bands of a scene that are there as one raster; return it with what its bands are.

    Raises
    ------
    DataError
        None is there.
    """
    found: list[tuple[LandsatBand, Raster]] = []
    for band in bands:
        try:
            path = find_band_file(metadata, band)
        except TsrasterError:
            continue
        found.append((band, stack.enter_context(open_raster(path))))
    if not found:
        raise DataError(f"no band of {metadata.path} is beside it; its files begin with {metadata.scene or 'its name'}")
    described = [replace(raster.bands[0], name=band.name or band.key) for band, raster in found]
    raster = join_bands([raster for _, raster in found], described, name=str(metadata.path))
    return replace(raster, files=(*raster.files, str(metadata.path))), tuple(band for band, _ in found)


def list_pixel_bands(metadata: LandsatMetadata) -> tuple[LandsatBand, ...]:
    """Return the bands of one size that hold what was seen: neither those of quality nor the panchromatic one."""
    return tuple(band for band in metadata.bands if band.kind != "quality" and band.name != "pan")


def choose_quantity(band: LandsatBand) -> str:
    """Return what a band is usually wanted as: temperature in K, or reflectance."""
    return "temperature" if band.kind == "thermal" else "reflectance"


def has_quantity(metadata: LandsatMetadata, band: LandsatBand, quantity: str) -> Conversion | None:
    """Return how a quantity is made of a band; None where it has none."""
    try:
        return plan_conversion(metadata, band, quantity)
    except TsrasterError:
        return None
