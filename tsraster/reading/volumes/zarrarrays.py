"""Arrays in Zarr, of version 2 or 3, and images in OME-Zarr.

References
----------
OME-NGFF 0.4 and 0.5, multiscales: `axes`, `datasets` from the finest on, and the `scale` of `coordinateTransformations`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tsraster.errors import MissingExtraError, ReadError
from tsraster.reading.volumes.arrays import ArrayReader, choose_array, find_axes, take_sides
from tsraster.reading.volumes.elementtypes import check_type
from tsraster.reading.volumes.voxelsizes import find_voxel_size
from tsraster.volume import Volume, VoxelSize

_MARKS = (".zarray", ".zgroup", "zarr.json")


def is_zarr(path: str) -> bool:
    """Tell whether a folder is a Zarr array or group."""
    return any(os.path.isfile(os.path.join(path, mark)) for mark in _MARKS)


def open_zarr(path: str, dataset: str | None = None) -> Volume:
    """Open an array; see `tsraster.reading.volumes.open_volume`.

    Raises
    ------
    MissingExtraError
        zarr is not installed.
    """
    try:
        import zarr
    except ImportError:
        raise MissingExtraError(
            f"{path} is Zarr, which needs zarr; install it with: pip install 'tsraster[volumes]'"
        ) from None
    try:
        node: Any = zarr.open(path, mode="r")
        scales = {} if isinstance(node, zarr.Array) else _read_multiscales(dict(node.attrs))
        arrays = {"": node} if isinstance(node, zarr.Array) else _list_arrays(node)
    except Exception as error:  # whatever a store or the metadata raise
        raise ReadError(f"{path} is damaged, and cannot be read as Zarr: {error}") from None
    return _describe(path, arrays, scales, dataset)


def _list_arrays(group: Any) -> dict[str, Any]:
    import zarr

    found = {name: item for name, item in group.members(max_depth=None) if isinstance(item, zarr.Array)}
    return {name: item for name, item in sorted(found.items()) if item.dtype.kind in "biuf"}


def _describe(path: str, arrays: Mapping[str, Any], scales: Mapping[str, Any], dataset: str | None) -> Volume:
    shapes = {name: array.shape for name, array in arrays.items()}
    chosen = choose_array(path, shapes, dataset, list(scales)[:1])
    array, said = arrays[chosen], scales.get(chosen, {})
    name = f"{chosen} in {path}" if chosen else path
    axes = _find_axes(name, array.shape, said.get("axes", []))
    return Volume(
        name=path,
        form="zarr",
        shape=take_sides(array.shape, axes),
        dtype=check_type(array.dtype, name),
        reader=ArrayReader(name, array, axes),
        voxel_size=_read_voxel_size(said, axes),
        planes=int((array.shards or array.chunks)[axes[0]]),
        files=(path,),
    )


def _find_axes(name: str, shape: tuple[int, ...], axes: list[Any]) -> tuple[int, int, int]:
    """Return which axes are z, y and x, by their names where there are any."""
    names = [str(axis.get("name") if isinstance(axis, Mapping) else axis).lower() for axis in axes]
    for i, axis in enumerate(names[: len(shape)]):
        if axis in ("t", "c") and shape[i] > 1:
            what = "time points" if axis == "t" else "channels"
            raise ReadError(
                f"{name} has {shape[i]} {what}; a volume has one: save the one that is meant as an array of its own"
            )
    if len(names) == len(shape) and {"z", "y", "x"} <= set(names):
        return names.index("z"), names.index("y"), names.index("x")
    return find_axes(name, shape)


def _read_multiscales(attributes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what OME says of each array of the first image, the finest first: its axes, and all factors of its scale."""
    images = attributes.get("ome", attributes).get("multiscales", [])
    if not images:
        return {}
    image = images[0]
    shared = _list_scales(image)
    return {
        one["path"].strip("/"): {"axes": image.get("axes", []), "scales": [*_list_scales(one), *shared]}
        for one in image.get("datasets", [])
    }


def _list_scales(item: Mapping[str, Any]) -> list[list[float]]:
    steps = item.get("coordinateTransformations") or []
    return [list(step["scale"]) for step in steps if step.get("type") == "scale" and "scale" in step]


def _read_voxel_size(said: Mapping[str, Any], axes: tuple[int, int, int]) -> VoxelSize | None:
    named, scales = said.get("axes", []), said.get("scales", [])
    if not scales or any(len(scale) <= max(axes) for scale in scales):
        return None
    spacing = [1.0, 1.0, 1.0]
    for scale in scales:
        spacing = [side * float(scale[axis]) for side, axis in zip(spacing, axes, strict=True)]
    units = {
        str(named[axis].get("unit", "")) for axis in axes if axis < len(named) and isinstance(named[axis], Mapping)
    }
    return find_voxel_size(spacing, units.pop() if len(units) == 1 else "", "the OME metadata of the file")
