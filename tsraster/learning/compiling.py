"""`compiled`: functions that numba turns into machine code, once a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tsraster.errors import MissingExtraError

try:
    from numba import njit
except ImportError:
    raise MissingExtraError(
        "features and classifiers need numba; install it with: pip install 'tsraster[learning]'"
    ) from None

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, and keep the machine code for the next process.

    Other threads run while it does. Floating point is as IEEE 754 has it, without reordering, so that vectorized loops and
    their remainders give the same bits.

    Notes
    -----
    The code is kept beside the module, or in a folder of the user where that cannot be written; where neither can, each
    process compiles anew.
    """
    compiler: Any = njit
    try:
        made: Function = compiler(function, nogil=True, error_model="numpy", cache=True)
    except RuntimeError:  # no folder for the cache
        made = compiler(function, nogil=True, error_model="numpy")
    return made
