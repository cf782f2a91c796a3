"""Volumes from files: `open_volume`, and one module for each format.

Each gives a `tsraster.volume.Volume` whose reader fetches slabs of planes from any thread. Where voxels lie in a file as they do
in memory, `pieces.py` reads them at their place; what is compressed goes through `staging.py`, GDAL, or its own library.
"""

from tsraster.reading.volumes.boxes import crop_volume
from tsraster.reading.volumes.opening import open_volume
from tsraster.reading.volumes.voxelsizes import parse_voxel_size

__all__ = ["crop_volume", "open_volume", "parse_voxel_size"]
