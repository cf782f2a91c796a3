"""`compiled`: functions that numba turns into machine code, once a machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
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
        keep_apart(made)
    except RuntimeError:  # no folder for the cache
        made = compiler(function, nogil=True, error_model="numpy")
    return made


def keep_apart(function: Any) -> None:
    """Let kept machine code be used with the sources that it was made of only, and have a name that no other process gives.

    numba looks at the file of a function alone, although what the function calls is compiled into it; and two processes that
    compile at once may give two pieces of code one name. Where numba keeps its files in another way, nothing is done.
    """
    with suppress(AttributeError):
        files = function._cache._cache_file
        files._source_stamp = (files._source_stamp, _digest_sources())
        files._data_name_pattern = files._data_name_pattern.replace("{number", f"{os.getpid()}-{{number")


@cache
def _digest_sources() -> str:
    """Return a digest of all modules of this room: some are compiled into others."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        with suppress(OSError):
            digest.update(path.read_bytes())
    return digest.hexdigest()
