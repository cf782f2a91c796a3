"""A small volume of three different sides, and a check that every slab of a file is that of the array."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.reading.volumes import open_volume
from tsraster.volume import Volume

Check = Callable[..., Volume]


@pytest.fixture(scope="session")
def voxels() -> NDArray[np.uint16]:
    """Give voxels that all differ from their neighbors, in a volume of 7 planes, 5 rows and 6 columns."""
    return np.random.default_rng(7).integers(0, 60_000, (7, 5, 6), dtype=np.uint16)


@pytest.fixture(scope="session")
def check_volume() -> Check:
    """Give a function that opens a source, compares all slabs with an array, and returns the volume, closed."""
    return compare_slabs


def compare_slabs(source: Any, expected: NDArray[Any], **options: Any) -> Volume:
    with open_volume(source, **options) as volume:
        assert volume.shape == expected.shape
        assert volume.dtype == expected.dtype.newbyteorder("=").name
        planes = expected.shape[0]
        slabs = [(i, min(i + height, planes)) for height in range(1, planes + 1) for i in range(0, planes, height)]
        with ThreadPoolExecutor(4) as threads:
            read = list(threads.map(lambda slab: volume.read(*slab), slabs))
        for (start, stop), slab in zip(slabs, read, strict=True):
            assert slab.dtype.isnative
            np.testing.assert_array_equal(slab, expected[start:stop])
        assert all(volume.files)
    return volume
