"""Number the components of one slab in memory: by scipy, or by cc3d, which is faster where it is installed."""

from __future__ import annotations

import importlib.util
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, UnknownNameError, UsageError

Connectivity = Literal[6, 18, 26]
"""Neighbors share a face (6), a face or an edge (18), or at least a corner (26)."""
Backend = Literal["scipy", "cc3d"]


def check_connectivity(connectivity: int) -> Connectivity:
    """Return the connectivity.

    Raises
    ------
    UsageError
        It is not 6, 18 or 26.
    """
    for known in get_args(Connectivity):
        if connectivity == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(f"voxels cannot have {connectivity} neighbors; choose a connectivity of 6, 18 or 26")


def choose_backend(name: str | None = None) -> Backend:
    """Return which library labels: the one that is named, or cc3d where it is installed and scipy elsewhere.

    Raises
    ------
    UnknownNameError
        There is no such one.
    MissingExtraError
        It is cc3d, and that is not installed.
    """
    is_there = importlib.util.find_spec("cc3d") is not None
    if name is None:
        return "cc3d" if is_there else "scipy"
    if name == "scipy":
        return "scipy"
    if name != "cc3d":
        raise UnknownNameError(f"no library named {name!r} labels components; choose scipy or cc3d")
    if not is_there:
        raise MissingExtraError(
            "labeling by cc3d needs connected-components-3d, which is not installed; run: pip install 'tsraster[volumes]'"
        )
    return "cc3d"


def label_mask(mask: NDArray[np.bool_], connectivity: Connectivity, backend: Backend) -> tuple[NDArray[Any], int]:
    """Number the components of a mask that is held in memory, in an order that is up to the library.

    The same mask gives the same numbers again.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
    connectivity : 6, 18 or 26
    backend : "scipy" or "cc3d"

    Returns
    -------
    labels : array of int32, uint16 or uint32, shape (plane, row, col)
        0 outside the mask.
    count : int
        The largest of them.

    Examples
    --------
    >>> mask = np.array([[[True, False], [False, True]]])
    >>> [label_mask(mask, connectivity, "scipy")[1] for connectivity in (6, 18)]
    [2, 1]
    """
    return (_label_by_cc3d if backend == "cc3d" else _label_by_scipy)(mask, connectivity)


def _label_by_scipy(mask: NDArray[np.bool_], connectivity: Connectivity) -> tuple[NDArray[Any], int]:
    from scipy.ndimage import generate_binary_structure, label

    labels, count = label(mask, generate_binary_structure(3, get_args(Connectivity).index(connectivity) + 1))
    return labels, int(count)


def _label_by_cc3d(mask: NDArray[np.bool_], connectivity: Connectivity) -> tuple[NDArray[Any], int]:
    import cc3d

    # Masks of bool take a path through cc3d that is several times slower for 6 neighbors.
    voxels = np.ascontiguousarray(mask).view(np.uint8)
    try:
        labels, count = cc3d.connected_components(voxels, connectivity=connectivity, binary_image=True, return_N=True)
    except RuntimeError:
        # For 26 neighbors its table is one too short where voxels are packed as closely as they can be without touching.
        return _label_by_scipy(mask, connectivity)
    return labels, int(count)
