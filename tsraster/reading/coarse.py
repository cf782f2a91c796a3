"""`open_coarse`: the smaller copy of a raster that its file holds."""

from __future__ import annotations

from dataclasses import replace

import rasterio
from rasterio.errors import RasterioError

from tsraster.raster import Raster, without_place_warning
from tsraster.reading.gdalreader import GdalReader


def open_coarse(raster: Raster, most_pixels: int) -> Raster | None:
    """Open the largest overview of a file that has at most so many pixels.

    Parameters
    ----------
    raster : Raster
        One of `tsraster.reading.open_raster`; views have no overviews of their own.
    most_pixels : int
        How many pixels, rows times columns, the overview may have.

    Returns
    -------
    Raster or None
        With the same bands, and its own shape; its place is left as that of the whole. To be read from one thread, and closed.
        None where the file has no such overview.

    Notes
    -----
    How the overview was made, nearest or as a mean, only its maker knows: it is good for a first look.
    """
    if not isinstance(raster.reader, GdalReader):
        return None
    source = raster.reader.source
    level = _find_level(source.path, raster.shape, most_pixels)
    if level is None:
        return None
    with without_place_warning():
        dataset = rasterio.open(source.path, overview_level=level)
    shape = source.orientation.upright_shape(dataset.shape)
    return replace(raster, shape=shape, reader=GdalReader(source, dataset))


def _find_level(path: str, shape: tuple[int, int], most_pixels: int) -> int | None:
    try:
        with without_place_warning(), rasterio.open(path) as dataset:
            factors = dataset.overviews(1)
    except RasterioError:
        return None
    sizes = {level: (shape[0] // factor) * (shape[1] // factor) for level, factor in enumerate(factors)}
    fitting = [level for level, size in sizes.items() if size <= most_pixels]
    return max(fitting, key=lambda level: sizes[level]) if fitting else None
