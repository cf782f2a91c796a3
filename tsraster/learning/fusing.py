"""`multiply_add`: one operation of the processor, for compiled functions."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


def _multiply_add(typing_context: Any, factor: Any, number: Any, summand: Any) -> Any:
    """Return ``factor * number + summand``, rounded once; all float32."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return signature, generate


# numba takes the first argument away, which type checkers do not know.
multiply_add: Any = intrinsic(_multiply_add)
