"""A part of a volume, as a volume of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.volume import PlaneReader, Volume


@dataclass(frozen=True)
class _BoxReader:
    whole: PlaneReader
    box: tuple[int, int, int, int, int, int]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        z0, y0, x0, _, y1, x1 = self.box
        return np.ascontiguousarray(self.whole.read(z0 + start, z0 + stop)[:, y0:y1, x0:x1])

    def close(self) -> None:
        self.whole.close()


def crop_volume(volume: Volume, box: Sequence[int]) -> Volume:
    """Return the part of a volume that lies in a box; nothing is read yet.

    Parameters
    ----------
    volume : Volume
    box : (z0, y0, x0, z1, y1, x1)
        In voxels; the last three are not in the box.

    Raises
    ------
    UsageError
        The box has not six numbers, is empty, or reaches beyond the volume.
    """
    if len(box) != 6:
        raise UsageError(f"--box has {len(box)} numbers; give six: z0,y0,x0,z1,y1,x1 in voxels")
    z0, y0, x0, z1, y1, x1 = box
    planes, rows, cols = volume.shape
    if not (0 <= z0 < z1 <= planes and 0 <= y0 < y1 <= rows and 0 <= x0 < x1 <= cols):
        raise UsageError(
            f"--box {','.join(map(str, box))} is no part of {volume.name}, which has {planes} x {rows} x {cols} voxels "
            "(z, y, x); give z0,y0,x0,z1,y1,x1"
        )
    return replace(
        volume, shape=(z1 - z0, y1 - y0, x1 - x0), reader=_BoxReader(volume.reader, (z0, y0, x0, z1, y1, x1)), planes=1
    )
