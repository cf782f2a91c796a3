"""What bands see, as USGS publishes it."""

from __future__ import annotations

import pytest

from tsraster.landsat.sensors import describe_band

EDGES = {
    (5, "TM"): {
        "1": (0.45, 0.52), "2": (0.52, 0.60), "3": (0.63, 0.69), "4": (0.76, 0.90), "5": (1.55, 1.75), "6": (10.40, 12.50),
        "7": (2.08, 2.35),
    },
    (7, "ETM"): {
        "1": (0.45, 0.52), "2": (0.52, 0.60), "3": (0.63, 0.69), "4": (0.77, 0.90), "5": (1.55, 1.75), "6": (10.31, 12.36),
        "7": (2.06, 2.35), "8": (0.52, 0.90),
    },
    (8, "OLI_TIRS"): {
        "1": (0.43, 0.45), "2": (0.45, 0.51), "3": (0.53, 0.59), "4": (0.64, 0.67), "5": (0.85, 0.88), "6": (1.57, 1.65),
        "7": (2.11, 2.29), "8": (0.50, 0.68), "9": (1.36, 1.38), "10": (10.60, 11.19), "11": (11.50, 12.51),
    },
    (2, "MSS"): {"4": (0.5, 0.6), "5": (0.6, 0.7), "6": (0.7, 0.8), "7": (0.8, 1.1)},
}  # fmt: skip
"""The limits of each band in um, from the page of USGS on band designations."""


@pytest.mark.parametrize(("platform", "number"), [(p, n) for p, bands in EDGES.items() for n in bands])
def test_wavelength_and_width_are_those_between_the_published_limits(platform: tuple[int, str], number: str) -> None:
    low, high = EDGES[platform][number]
    seen = describe_band(*platform, number)
    assert seen is not None
    assert seen.wavelength == pytest.approx((low + high) / 2, abs=0.011)
    assert seen.width == pytest.approx(high - low, abs=0.02)
