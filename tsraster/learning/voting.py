"""How trees vote, compiled: 64 neighboring pixels walk down a tree together.

Neighbors mostly take the same way, so that a node is looked at once for many of them. Which of a patch's pixels are at a node are
the bits of a word; a comparison of all 64 with the threshold divides them between the children. The nodes of several patches
at one level of a tree are worked on one after the other: as none waits for another, the processor has many of them under way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from tsraster.learning.compiling import compiled
from tsraster.learning.lanes import LANES, compare_lanes, count_lanes

_SIDE = 8
"""Rows and columns of a patch."""

_TOGETHER = 16
"""Patches that walk down a tree at the same time."""

_MOST_VOTES = 255
"""Trees whose votes fit into a byte."""

_MIXED = np.uint16(0xFFFF)
_ALL = np.uint64(2**64 - 1)


@compiled
def vote(
    features: Any, nodes: Any, thresholds: Any, roots: Any, leaf_classes: Any, leaf_values: Any, probabilities: Any
) -> None:
    """Fill `probabilities`, float32 (class, row, col), with the mean votes; `features` are float32 (feature, row, col)."""
    rows, cols = features.shape[1], features.shape[2]
    height, width = _choose_sides(rows)
    patches, masks, votes, sums, counts, queue, spare, leaves = _make_group(features.shape[0], leaf_values.shape[1])
    trees = roots.size
    for row in range(0, rows, height):
        for col in range(0, cols, width * _TOGETHER):
            number = _gather(features, row, col, width, patches, masks)
            counts[:] = 0
            sums[:] = 0
            for first in range(0, trees, _MOST_VOTES):
                last = min(trees, first + _MOST_VOTES)
                votes[:] = 0
                _walk(
                    patches, masks, number, nodes, thresholds, roots, first, last, leaf_classes, leaf_values, votes,
                    sums, queue, spare, leaves,
                )  # fmt: skip
                _add(votes, counts)
            for i in range(number):
                _put_means(counts[i], sums[i], trees, width, probabilities, row, col + i * width)


@compiled
def elect(
    features: Any, nodes: Any, thresholds: Any, roots: Any, leaf_classes: Any, leaf_values: Any, winners: Any
) -> None:
    """Fill `winners`, uint16 (row, col), with the class that has most votes; `features` are float32 (feature, row, col)."""
    rows, cols = features.shape[1], features.shape[2]
    height, width = _choose_sides(rows)
    patches, masks, votes, sums, counts, queue, spare, leaves = _make_group(features.shape[0], leaf_values.shape[1])
    trees = roots.size
    for row in range(0, rows, height):
        for col in range(0, cols, width * _TOGETHER):
            number = _gather(features, row, col, width, patches, masks)
            counts[:] = 0
            sums[:] = 0
            first = 0
            while first < trees:
                last = _choose_last(first, trees)
                votes[:] = 0
                _walk(
                    patches, masks, number, nodes, thresholds, roots, first, last, leaf_classes, leaf_values, votes,
                    sums, queue, spare, leaves,
                )  # fmt: skip
                _add(votes, counts)
                first = last
                for i in range(number):
                    masks[i] &= ~_find_decided(counts[i], sums[i], trees - first)
            for i in range(number):
                _put_winners(counts[i], sums[i], trees, width, winners, row, col + i * width)


@compiled
def _choose_last(first: int, trees: int) -> int:
    """Return up to which tree all vote before leads are looked at: more than half, as others could outvote any lead before."""
    step = trees // 2 + 1 if first == 0 else max(1, trees // 8)
    return min(trees, first + min(step, _MOST_VOTES))


@compiled
def _choose_sides(rows: int) -> tuple[int, int]:
    """Return rows and columns of a patch: square, where there are rows enough."""
    if rows < _SIDE:
        return 1, LANES
    return _SIDE, _SIDE


@compiled
def _make_group(features: int, classes: int) -> Any:
    """Return what a group of patches works on."""
    # At each level a pixel is at one node, so that there are at most as many nodes as pixels; two entries are to spare.
    words = 2 * (LANES * _TOGETHER + 2)
    return (
        np.zeros((_TOGETHER, features, LANES), np.float32),
        np.zeros(_TOGETHER, np.uint64),
        np.zeros((_TOGETHER, classes, LANES), np.uint8),
        np.zeros((_TOGETHER, classes, LANES), np.float64),
        np.zeros((_TOGETHER, classes, LANES), np.uint32),
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
    )


@compiled
def _gather(features: Any, row: int, col: int, width: int, patches: Any, masks: Any) -> Any:
    """Copy the patches from a place on, to the right, each (feature, lane); mark the lanes that are pixels; count the patches."""
    rows = min(LANES // width, features.shape[1] - row)
    number = min(_TOGETHER, (features.shape[2] - col + width - 1) // width)
    for feature in range(features.shape[0]):
        for i in range(rows):
            source = features[feature, row + i]
            for patch in range(number):
                start = col + patch * width
                target = patches[patch, feature]
                for j in range(min(width, source.size - start)):
                    target[i * width + j] = source[start + j]
    for patch in range(number):
        masks[patch] = np.uint64(0)
        for i in range(rows):
            for j in range(min(width, features.shape[2] - col - patch * width)):
                masks[patch] |= np.uint64(1) << np.uint64(i * width + j)
    return number


@compiled
def _add(votes: Any, counts: Any) -> None:
    some, total = votes.reshape(-1), counts.reshape(-1)
    for i in range(some.size):
        total[i] += some[i]


@compiled
def _walk(
    patches: Any, masks: Any, number: Any, nodes: Any, thresholds: Any, roots: Any, first: int, last: int,
    leaf_classes: Any, leaf_values: Any, votes: Any, sums: Any, queue: Any, spare: Any, leaves: Any,
) -> None:  # fmt: skip
    """Let the trees from `first` up to `last` vote.

    An entry of a queue is two words: the patch, in the upper half, and a node; and the pixels that are there. All numbers are
    unsigned, so that none is taken for a place counted from the end.
    """
    count, features, classes = uint64(number), uint64(patches.shape[1]), uint64(votes.shape[1])
    values, ballots = patches.reshape(-1), votes.reshape(-1)
    lanes, low, half = uint64(LANES), uint64(0xFFFFFFFF), uint64(32)
    one, two, four = uint64(1), uint64(2), uint64(4)
    for tree in range(first, last):
        root = uint64(roots[tree])
        filled, found = uint64(0), uint64(0)
        for i in range(count):
            patch = uint64(i)
            if masks[patch] == uint64(0):
                continue
            here, place = (leaves, found) if root >> uint64(31) else (queue, filled)
            here[two * place], here[two * place + one] = (patch << half) | root, masks[patch]
            if root >> uint64(31):
                found += one
            else:
                filled += one
        _cast(leaves, found, classes, leaf_classes, leaf_values, ballots, sums)
        while filled > uint64(0):
            ahead, found = uint64(0), uint64(0)
            for i in range(filled):
                entry = two * uint64(i)
                patch, node, mask = queue[entry] >> half, queue[entry] & low, queue[entry + one]
                below = compare_lanes(values, (patch * features + uint64(nodes[four * node])) * lanes, thresholds[node])
                for side in range(2):
                    child = uint64(nodes[four * node + one + uint64(side)])
                    part = mask & (below if side == 0 else ~below)
                    # It is written to both, and counted where it belongs, if at all: a branch would often be foreseen wrongly.
                    some, is_leaf = uint64(part != uint64(0)), child >> uint64(31)
                    word = (patch << half) | child
                    spare[two * ahead], spare[two * ahead + one] = word, part
                    leaves[two * found], leaves[two * found + one] = word, part
                    ahead += some & (is_leaf ^ one)
                    found += some & is_leaf
            _cast(leaves, found, classes, leaf_classes, leaf_values, ballots, sums)
            queue, spare, filled = spare, queue, ahead


@compiled
def _cast(leaves: Any, found: Any, classes: Any, leaf_classes: Any, leaf_values: Any, ballots: Any, sums: Any) -> None:
    """Count the votes of the pixels that have come to leaves."""
    one, two = uint64(1), uint64(2)
    for i in range(found):
        entry = two * uint64(i)
        patch, leaf, mask = leaves[entry] >> uint64(32), leaves[entry] & uint64(0x7FFFFFFF), leaves[entry + one]
        winner = leaf_classes[leaf]
        if winner != _MIXED:
            count_lanes(ballots, (patch * classes + uint64(winner)) * uint64(LANES), mask)
            continue
        for k in range(classes):
            share = np.float64(leaf_values[leaf, k])
            for lane in range(LANES):
                sums[patch, k, lane] += share if (mask >> uint64(lane)) & one else 0.0


@compiled
def _find_decided(counts: Any, sums: Any, left: int) -> Any:
    """Return the word of the lanes whose lead is more than the votes that are left."""
    most, second = np.full(LANES, -1.0), np.zeros(LANES)
    for k in range(counts.shape[0]):
        for lane in range(LANES):
            votes = counts[k, lane] + sums[k, lane]
            beaten = votes if votes < most[lane] else most[lane]
            second[lane] = beaten if beaten > second[lane] else second[lane]
            most[lane] = votes if votes > most[lane] else most[lane]
    decided = np.uint64(0)
    for lane in range(LANES):
        # Means are rounded to float32: a hair more than the votes that are left.
        decided |= np.uint64(most[lane] - second[lane] > left + 1e-3) << np.uint64(lane)
    return decided


@compiled
def _put_means(counts: Any, sums: Any, trees: int, width: int, probabilities: Any, row: int, col: int) -> None:
    for k in range(counts.shape[0]):
        for i in range(min(LANES // width, probabilities.shape[1] - row)):
            for j in range(min(width, probabilities.shape[2] - col)):
                lane = i * width + j
                probabilities[k, row + i, col + j] = (counts[k, lane] + sums[k, lane]) / trees


@compiled
def _put_winners(counts: Any, sums: Any, trees: int, width: int, winners: Any, row: int, col: int) -> None:
    for i in range(min(LANES // width, winners.shape[0] - row)):
        for j in range(min(width, winners.shape[1] - col)):
            lane = i * width + j
            best, most = 0, np.float32(-1)
            for k in range(counts.shape[0]):
                # As rounded as probabilities are, so that both name the same class.
                mean = np.float32((counts[k, lane] + sums[k, lane]) / trees)
                if mean > most:
                    best, most = k, mean
            winners[row + i, col + j] = best
