"""A preview is the same whatever the slabs."""

from __future__ import annotations

import numpy as np
import pytest

from tsraster.volume import VoxelSize
from tsraster.volumes.preview import PreviewVolume


@pytest.mark.parametrize("most", [1, 5, 16, 64])
@pytest.mark.parametrize("height", [1, 4, 7, 50])
def test_a_preview_does_not_depend_on_slabs(height: int, most: int) -> None:
    volume = np.random.default_rng(0).integers(0, 256, (50, 33, 17)).astype(np.uint8)
    preview = PreviewVolume((50, 33, 17), most=most)
    for start in range(0, 50, height):
        preview.add(start, volume[start : start + height])
    z, y, x = preview.steps
    np.testing.assert_array_equal(preview.codes, volume[z // 2 :: z, y // 2 :: y, x // 2 :: x])
    assert max(preview.codes.shape) <= most


@pytest.mark.parametrize("step", [1, 2, 3, 30])
def test_a_preview_can_be_thinned(step: int) -> None:
    volume = np.random.default_rng(0).integers(0, 256, (50, 33, 17)).astype(np.uint8)
    preview = PreviewVolume((50, 33, 17), most=20)
    preview.add(0, volume)
    thinned = preview.thin(step)
    first = [int(place) for place in thinned.origin]
    z, y, x = thinned.steps
    np.testing.assert_array_equal(thinned.codes, volume[first[0] :: z, first[1] :: y, first[2] :: x])
    assert thinned.bounds == preview.bounds
    assert preview.steps == (3, 2, 1)


def test_a_preview_says_where_its_voxels_lie() -> None:
    preview = PreviewVolume((10, 40, 4), voxel_size=VoxelSize(z=3.0, y=0.5, x=1.0, unit="mm"), most=10)
    assert preview.steps == (1, 4, 1)
    assert preview.spacing == (3.0, 2.0, 1.0)
    assert preview.origin == (0.0, 1.0, 0.0)
    assert preview.bounds == ((-1.5, 28.5), (-0.25, 19.75), (-0.5, 3.5))
    assert (preview.unit, preview.extent) == ("mm", (30.0, 20.0, 4.0))
    assert PreviewVolume((10, 40, 4)).unit == "voxels"
