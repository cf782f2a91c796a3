"""What the tests of schemes share: a stream of any blocks in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.raster import Pixels

Answer = TypeVar("Answer")


class CutStream:
    """An array, cut into blocks that come in another order at each pass; every other one is turned, so not contiguous."""

    def __init__(self, values: NDArray[Any], valid: NDArray[np.bool_], cuts: Sequence[int] = (), seed: int = 0) -> None:
        self.dtype = values.dtype
        self._random = np.random.default_rng(seed)
        ends = [0, *sorted(cut % (values.size + 1) for cut in cuts), values.size]
        parts = [slice(a, b) for a, b in pairwise(ends)]
        blocks = [Pixels(data=values[part].reshape(1, -1), valid=valid[part].reshape(1, -1)) for part in parts]
        self._blocks = [block.crop((slice(None), slice(None, None, (-1) ** i))) for i, block in enumerate(blocks)]

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        for i in self._random.permutation(len(self._blocks)):
            yield function(self._blocks[i])


@pytest.fixture(scope="session")
def cut_stream() -> type[CutStream]:
    """Give the class of streams that are made of (values, valid, cuts, seed), all of shape (N,)."""
    return CutStream
