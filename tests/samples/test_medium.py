"""A drawn medium has the porosity that was asked for, and is connected where there is enough of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from tsraster.errors import UsageError
from tsraster.samples.medium import draw_medium


@pytest.mark.parametrize("porosity", [0.0, 0.1, 0.37, 1.0])
@pytest.mark.parametrize("light", [False, True])
def test_a_medium_has_its_porosity(porosity: float, light: bool) -> None:
    volume = draw_medium((20, 25, 30), porosity, light=light)
    assert (volume.shape, volume.dtype) == ((20, 25, 30), np.uint8)
    assert np.mean(volume == (255 if light else 0)) == round(porosity * 15000) / 15000


def test_a_medium_is_connected_where_there_is_enough_of_it() -> None:
    shares = []
    for porosity in (0.1, 0.2, 0.3):
        labels, _ = ndimage.label(draw_medium((60, 60, 60), porosity) == 0)
        voxels = np.bincount(labels.ravel())[1:]
        shares.append(voxels.max() / voxels.sum())
    assert shares[0] < 0.3 < 0.7 < shares[1] < 0.95 < shares[2]


def test_a_medium_has_a_seed() -> None:
    one, again, other = (draw_medium((12, 12, 12), seed=seed) for seed in (0, 0, 1))
    assert one.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("porosity", [-0.1, 1.1, float("nan")])
def test_a_porosity_that_is_no_share_is_refused(porosity: float) -> None:
    with pytest.raises(UsageError, match="0 to 1"):
        draw_medium((8, 8, 8), porosity)
