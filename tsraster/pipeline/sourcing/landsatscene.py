"""A Landsat scene, named by its MTL file or its folder, as one raster whose bands are called by what they are."""

from __future__ import annotations

import os
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
    path = Path(name)
    return path.is_dir() and any(file.name.lower().endswith(_MTL_ENDINGS) for file in path.iterdir())


def read_scene(source: PathLike) -> LandsatMetadata:
    """Read the MTL file that a source is, or that lies in it."""
    return read_mtl(find_mtl(source) if Path(source).is_dir() else source)


def open_scene_bands(metadata: LandsatMetadata, stack: ExitStack) -> tuple[Raster, tuple[LandsatBand, ...]]:
    """Open the bands of a scene that are there, apart from those of quality and from the panchromatic one, as one raster.

    Raises
    ------
    DataError
        None is there.
    """
    found: list[tuple[LandsatBand, Raster]] = []
    for band in metadata.bands:
        if band.kind == "quality" or band.name == "pan":
            continue
        try:
            path = find_band_file(metadata, band)
        except TsrasterError:
            continue
        found.append((band, stack.enter_context(open_raster(path))))
    if not found:
        raise DataError(f"no band of {metadata.path} is beside it; its files begin with {metadata.scene or 'its name'}")
    bands = tuple(band for band, _ in found)
    described = [replace(raster.bands[0], name=band.name or band.key) for band, raster in found]
    raster = join_bands([raster for _, raster in found], described, name=str(metadata.path))
    return replace(raster, files=(*raster.files, str(metadata.path))), bands


def choose_quantity(band: LandsatBand) -> str:
    """Return what a band is usually wanted as: temperature in K, or reflectance."""
    return "temperature" if band.kind == "thermal" else "reflectance"


def has_quantity(metadata: LandsatMetadata, band: LandsatBand, quantity: str) -> Conversion | None:
    """Return how a quantity is made of a band; None where it has none."""
    try:
        return plan_conversion(metadata, band, quantity)
    except TsrasterError:
        return None
