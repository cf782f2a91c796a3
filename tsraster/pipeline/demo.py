"""Draw the samples of the demo as files: `draw_samples`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tsraster.errors import WriteError
from tsraster.pipeline.imaging import PathLike
from tsraster.raster import Georef, Window
from tsraster.samples import draw_medium, draw_thermal_scene, draw_thin_section
from tsraster.writing import Image, ImageWriter, Outputs


def draw_samples(folder: PathLike, *, overwrite: bool = False) -> tuple[Path, Path]:
    """Draw a thermal scene, a thin section and a piece of rock into a folder, which is made if it is not there.

    Parameters
    ----------
    folder : path
        Folder for the samples.
    overwrite : bool
        Replace outputs that exist.

    Returns
    -------
    tuple of two paths
        ``thermal.tif``, temperatures in kelvin, float32, georeferenced, NaN in the collar; and ``section.png``, a photo. Beside
        them lies ``rock.npy``, a volume of 60 x 80 x 80 voxels, uint8, pores dark.

    Raises
    ------
    WriteError
        The folder or a file in it cannot be made.

    Notes
    -----
    Deterministic: the same pixels every time.
    """
    scene_path, section_path, rock_path = (Path(folder) / name for name in ("thermal.tif", "section.png", "rock.npy"))
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None
    with Outputs([scene_path, section_path, rock_path], sources=[], overwrite=overwrite) as outputs:
        scene, section = draw_thermal_scene(), draw_thin_section()
        kelvin = Image(
            shape=scene.kelvin.shape,
            dtype="float32",
            bands=1,
            nodata=math.nan,
            unit="K",
            georef=Georef.from_text(scene.crs, scene.transform),
            tags={
                "": {"AREA_OR_POINT": "Area", "TIFFTAG_IMAGEDESCRIPTION": "thermal scene drawn by tsraster, in kelvin"}
            },
        )
        _write_whole(outputs.stage(scene_path), "GTiff", kelvin, scene.kelvin)
        photo = Image(shape=section.truth.shape, dtype="uint8", bands=3)
        _write_whole(outputs.stage(section_path), "PNG", photo, np.moveaxis(section.rgb, -1, 0))
        np.save(outputs.stage(rock_path), draw_medium(_ROCK, porosity=0.2, seed=1))
    return scene_path, section_path


_ROCK = 60, 80, 80
"""Planes, rows, columns."""


def _write_whole(
    path: Path, driver: str, image: Image, pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> None:
    with ImageWriter(path, driver, image) as writer:
        writer.write(Window(row=0, col=0, rows=image.shape[0], cols=image.shape[1]), pixels)
