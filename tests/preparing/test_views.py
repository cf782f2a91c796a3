"""Views of rasters give the pixels that they say, window by window, in this process and in another."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import write_raster
from tsraster.errors import BandError, DataError
from tsraster.preparing.computedbands import compute_band
from tsraster.preparing.scaling import Scaling, find_scaling
from tsraster.preparing.views import convert_bands, join_bands, mask_raster
from tsraster.raster import Band, Raster, Window
from tsraster.reading import open_raster

PART = Window(row=3, col=5, rows=7, cols=4)


def draw(dtype: str, bands: int = 2) -> NDArray[Any]:
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    pixels = rng.integers(limits.min, limits.max, (bands, 20, 30), dtype=dtype, endpoint=True)
    pixels[:, 4, 6] = limits.min
    pixels[:, 5, 6] = limits.max
    return pixels


def open_drawn(folder: Path, pixels: NDArray[Any], **profile: Any) -> Raster:
    return open_raster(write_raster(folder / "drawn.tif", pixels, **profile))


@dataclass(frozen=True)
class Checkered:
    """Leaves out every other pixel."""

    def find(self, window: Window) -> NDArray[np.bool_]:
        rows, cols = np.mgrid[window.slices]
        return np.asarray((rows + cols) % 2 == 0)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_scaled_numbers_are_those_of_float64_rounded_once(tmp_path: Path, dtype: str) -> None:
    pixels, scaling = draw(dtype), Scaling(scale=0.00341802, offset=149.0, unit="K")
    with convert_bands(open_drawn(tmp_path, pixels), {1: scaling, 2: scaling}) as raster:
        found = raster.read(PART)
        assert raster.bands[0].unit == "K"
        assert (raster.bands[0].dtype, found.data.dtype) == ("float32", np.float32)
    expected = (pixels.astype(np.float64) * 0.00341802 + 149.0).astype(np.float32)
    np.testing.assert_array_equal(found.data, expected[:, *PART.slices])
    assert found.valid.all()


def test_fill_and_nodata_stay_without_data(tmp_path: Path) -> None:
    pixels = np.arange(600, dtype=np.uint16).reshape(1, 20, 30)
    with convert_bands(open_drawn(tmp_path, pixels, nodata=7), {1: Scaling(scale=2, fill=5)}) as raster:
        valid = raster.read().valid
    assert np.argwhere(~valid).tolist() == [[0, 5], [0, 7]]


def test_what_has_no_finite_value_has_no_data(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Logarithm:
        unit: str = ""
        fill: float | None = 0

        def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
            return np.log(values.astype(np.float64) - 3)

    pixels = np.full((1, 2, 2), 3, np.uint16)
    pixels[0, 0, 0] = 4
    with convert_bands(open_drawn(tmp_path, pixels), {1: Logarithm()}) as raster:
        assert raster.read().valid.tolist() == [[True, False], [False, False]]


def test_a_mask_leaves_pixels_out(tmp_path: Path) -> None:
    with mask_raster(open_drawn(tmp_path, draw("uint8")), [Checkered()], files=["mask.tif"]) as raster:
        assert raster.can_be_invalid
        assert raster.files[-1] == "mask.tif"
        np.testing.assert_array_equal(raster.read(PART).valid, ~Checkered().find(PART))


def test_bands_of_several_files_are_one_raster(tmp_path: Path) -> None:
    pixels = draw("uint8", 3)
    place = {"crs": "EPSG:32616", "nodata": 0}
    rasters = [open_raster(write_raster(tmp_path / f"{i}.tif", pixels[i], **place)) for i in range(3)]
    names = [Band(number=1, dtype="uint8", name=name) for name in ("red", "green", "nir08")]
    with join_bands(rasters, names, name="scene") as raster:
        assert [band.name for band in raster.bands] == ["red", "green", "nir08"]
        assert raster.georef.crs == "EPSG:32616"
        found = raster.read(PART, [3, 1])
        np.testing.assert_array_equal(found.data, pixels[[2, 0]][:, *PART.slices])
        np.testing.assert_array_equal(found.valid, (pixels[[2, 0]] != 0).all(axis=0)[PART.slices])
    small = open_raster(write_raster(tmp_path / "small.tif", pixels[0, :5]))
    with pytest.raises(DataError, match="5 rows x 30 columns"):
        join_bands([rasters[0], small], names[:2], name="scene")
    with pytest.raises(BandError, match="has no bands"):
        join_bands([], [], name="scene")


def find_difference(bands: Any) -> Any:
    return (bands["nir"] - bands["red"]) / (bands["nir"] + bands["red"])


def test_a_band_is_computed_of_others(tmp_path: Path) -> None:
    pixels = draw("uint16")
    pixels[:, 0, 0] = 0
    with compute_band(open_drawn(tmp_path, pixels), find_difference, {"red": 1, "nir": 2}, label="NDVI") as raster:
        found = raster.read()
        assert raster.list_bands() == "1 NDVI (float32)"
    red, nir = pixels.astype(np.float64)
    np.testing.assert_allclose(
        found.data[0][found.valid], ((nir - red)[found.valid] / (nir + red)[found.valid]), atol=1e-6
    )
    assert np.argwhere(~found.valid).tolist() == [[0, 0], [4, 6]]


def test_views_of_views_go_to_another_process(tmp_path: Path) -> None:
    raster = open_drawn(tmp_path, draw("uint16"))
    masked = mask_raster(convert_bands(raster, {1: Scaling(scale=2), 2: Scaling()}), [Checkered()])
    computed = compute_band(masked, find_difference, {"red": 1, "nir": 2}, label="NDVI")
    sent = pickle.loads(pickle.dumps(computed))
    for one in (computed, sent):
        one.read(PART)
    np.testing.assert_array_equal(sent.read(PART).data, computed.read(PART).data)
    with pytest.raises(DataError, match="write it first"):
        computed.to_xarray()


def test_a_band_says_its_own_scaling() -> None:
    assert find_scaling(Band(number=1, dtype="uint8")) is None
    found = find_scaling(Band(number=1, dtype="uint8", scale=0.5, offset=-1, unit="m"))
    assert str(found) == "0.5 x number - 1 m"
