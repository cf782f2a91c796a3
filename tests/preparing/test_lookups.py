"""A number is looked up as it is converted, whatever its type and sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.preparing.lookups import Lookup, look_up
from tsraster.preparing.scaling import Scaling
from tsraster.raster import Pixels


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_every_number_is_found_at_the_place_of_its_bits(dtype: str) -> None:
    limits = np.iinfo(dtype)
    every = np.arange(limits.min, limits.max + 1).astype(dtype).reshape(16, -1)
    lookup = Lookup.of(Scaling(scale=-0.1, offset=3, fill=7), np.dtype(dtype))
    assert lookup is not None
    found = lookup.apply(Pixels(data=every, valid=every != limits.max))
    np.testing.assert_array_equal(found.valid, (every != 7) & (every != limits.max))
    expected = (every.astype(np.float64) * -0.1 + 3).astype(np.float32)
    np.testing.assert_array_equal(found.data[found.valid], expected[found.valid])


@pytest.mark.parametrize("dtype", ["uint32", "int32", "float32"])
def test_types_of_many_numbers_have_no_table(dtype: str) -> None:
    assert Lookup.of(Scaling(), np.dtype(dtype)) is None


def test_parts_of_arrays_and_pieces_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsraster.preparing.lookups._PIECE", 7)
    numbers: NDArray[Any] = np.arange(120, dtype=np.uint8).reshape(10, 12)[1:9:2, 3:]
    table = np.arange(256)[::-1].astype(np.float32)
    np.testing.assert_array_equal(look_up(table, numbers), 255 - numbers.astype(np.float32))
    assert look_up(table, numbers[:0]).shape == (0, 9)
