"""A Landsat scene of level 2 that is drawn by code: four covers by their spectra, a cloud, quality bits and an MTL file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from tests.conftest import write_raster
from tests.landsat.mtltrees import write_mtl

PLACE: dict[str, Any] = {"crs": "EPSG:32621", "transform": Affine(30, 0, 500000, 0, -30, 7000000)}
NAME = "LC08_L2SP_224078_20200127_20200823_02_T1"
BANDS = {"blue": 2, "green": 3, "red": 4, "nir08": 5, "swir16": 6, "swir22": 7}
REFLECTANCES = np.array(
    [
        [0.06, 0.05, 0.03, 0.02, 0.01, 0.005],
        [0.03, 0.06, 0.04, 0.38, 0.16, 0.07],
        [0.07, 0.10, 0.14, 0.23, 0.31, 0.26],
        [0.14, 0.17, 0.19, 0.24, 0.27, 0.25],
    ]
)
"""Water, forest, soil and town, as they are known."""
KELVIN = np.array([295.0, 298.0, 307.0, 310.0])
SHAPE = (60, 80)
CLOUD = (slice(3, 9), slice(40, 52))


def draw_truth() -> NDArray[np.uint8]:
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (1 + (rows // 13 + cols // 17) % 4).astype(np.uint8)


def draw_scene(folder: Path) -> Path:
    """Write bands, quality and MTL of a scene of level 2, with a cloud and a corner without data; return the MTL."""
    folder.mkdir()
    rng, truth = np.random.default_rng(0), draw_truth() - 1
    values = {f"SR_B{number}": REFLECTANCES[truth, i] for i, number in enumerate(BANDS.values())}
    numbers = {key: (band + rng.normal(0, 0.004, SHAPE) + 0.2) / 2.75e-5 for key, band in values.items()}
    numbers["ST_B10"] = (KELVIN[truth] + rng.normal(0, 0.4, SHAPE) - 149) / 0.00341802
    quality = np.full(SHAPE, 21824)
    quality[CLOUD], quality[:4, :6] = 22280, 1
    for key, band in numbers.items():
        band[CLOUD] = 60000
        band[:4, :6] = 0
        write_raster(folder / f"{NAME}_{key}.TIF", band.round().astype(np.uint16)[None], **PLACE)
    write_raster(folder / f"{NAME}_QA_PIXEL.TIF", quality.astype(np.uint16)[None], **PLACE)
    scales = {
        f"REFLECTANCE_{part}_BAND_{number}": text
        for number in BANDS.values()
        for part, text in (("MULT", "2.75e-05"), ("ADD", "-0.2"))
    }
    files = {f"FILE_NAME_BAND_{number}": f"{NAME}_SR_B{number}.TIF" for number in BANDS.values()}
    files["FILE_NAME_BAND_ST_B10"] = f"{NAME}_ST_B10.TIF"
    head = {"LANDSAT_PRODUCT_ID": NAME, "PROCESSING_LEVEL": "L2SP", "COLLECTION_NUMBER": "02"}
    tree = {
        "PRODUCT_CONTENTS": head | files,
        "IMAGE_ATTRIBUTES": {"SPACECRAFT_ID": "LANDSAT_8", "SENSOR_ID": "OLI_TIRS", "SUN_ELEVATION": "30.0"},
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": scales,
        "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {
            "TEMPERATURE_MULT_BAND_ST_B10": "0.00341802",
            "TEMPERATURE_ADD_BAND_ST_B10": "149.0",
        },
    }
    return write_mtl(folder, tree, name=f"{NAME}_MTL")
