"""Sixty-four pixels at a time: comparisons that end in the bits of a word, and votes counted by them.

numba's own loops do not reach the instructions that do this; LLVM has them for every processor, as operations on vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 64
"""Pixels of a patch, as many as a word has bits."""


def _compare_lanes(typing_context: Any, values: Any, start: Any, threshold: Any) -> Any:
    """Return a word whose bit q says whether ``values[start + q] < threshold``; false for NaN.

    `values` float32 (n,), `start` uint64, `threshold` float32; nothing is checked.
    """
    signature = types.uint64(values, types.uint64, types.float32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        numbers = ir.VectorType(ir.FloatType(), LANES)
        loaded = _load(builder, array.data, arguments[1], numbers)
        empty = numbers(ir.Undefined)
        first = builder.insert_element(empty, arguments[2], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        spread = builder.shuffle_vector(first, empty, zeros)
        return builder.bitcast(builder.fcmp_ordered("<", loaded, spread), ir.IntType(64))

    return signature, generate


def _count_lanes(typing_context: Any, counts: Any, start: Any, mask: Any) -> Any:
    """Add 1 to ``counts[start + q]`` where bit q of `mask` is set.

    `counts` uint8 (n,), `start` uint64, `mask` uint64; nothing is checked.
    """
    signature = types.void(counts, types.uint64, types.uint64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        numbers = ir.VectorType(ir.IntType(8), LANES)
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), numbers.as_pointer())
        chosen = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), LANES))
        # A bit that is set becomes -1.
        builder.store(builder.sub(builder.load(place, align=1), builder.sext(chosen, numbers)), place, align=1)
        return context.get_dummy_value()

    return signature, generate


def _load(builder: Any, data: Any, start: Any, kind: Any) -> Any:
    # The numbers lie at their own alignment, not at that of a vector.
    return builder.load(builder.bitcast(builder.gep(data, [start]), kind.as_pointer()), align=1)


# numba takes the first argument away, which type checkers do not know.
compare_lanes: Any = intrinsic(_compare_lanes)
count_lanes: Any = intrinsic(_count_lanes)
