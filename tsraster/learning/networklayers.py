"""The compiled loops of a `Network` and a `Gaussian`: a block of pixels at a time, each pixel by the same operations.

Inner loops run over the pixels of a block, which are contiguous and of one fixed number, so that they become vector
instructions without a remainder. No matrix library is used: its sums depend on how many pixels there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.learning.compiling import compiled

BLOCK = 512
"""Pixels that are computed together; the numbers of a usual network for them stay in the cache of a core."""

STEP, PAIR = 4, 2
"""Inputs that are added, and outputs that are computed, in one go; zeros fill up the last ones."""

_LOG2E = np.float32(1.4426950408889634)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_LOWEST = np.float32(-87.0)
_NEAREST = np.float32(12582912.0)  # 1.5 * 2**23: adding and subtracting it rounds to a whole number


@compiled
def _standardize(features: Any, start: int, count: int, mean: Any, scale: Any, block: Any) -> None:
    for i in range(mean.size):
        row, m, s = block[i], mean[i], scale[i]
        for q in range(count):
            row[q] = (features[i, start + q] - m) * s


@compiled
def _add_products(block: Any, weights: Any, bias: Any, sums: Any) -> None:
    """Set rows of `sums` to their bias plus the weighted rows of `block`, two at a time so that those are loaded half as often.

    Inputs come in fours and outputs in twos.
    """
    for j in range(0, bias.size, PAIR):
        total, other = sums[j], sums[j + 1]
        for q in range(BLOCK):
            total[q], other[q] = bias[j], bias[j + 1]
        for i in range(0, weights.shape[1], STEP):
            a, b, c, d = weights[j, i], weights[j, i + 1], weights[j, i + 2], weights[j, i + 3]
            e, f, g, h = weights[j + 1, i], weights[j + 1, i + 1], weights[j + 1, i + 2], weights[j + 1, i + 3]
            first, second, third, fourth = block[i], block[i + 1], block[i + 2], block[i + 3]
            for q in range(BLOCK):
                w, x, y, z = first[q], second[q], third[q], fourth[q]
                total[q] = total[q] + a * w + b * x + c * y + d * z
                other[q] = other[q] + e * w + f * x + g * y + h * z


@compiled
def _rectify(sums: Any, rows: int) -> None:
    for j in range(rows):
        row = sums[j]
        for q in range(BLOCK):
            x = row[q]
            # Not max(x, 0), which would turn NaN into 0.
            row[q] = np.float32(0) if x < 0 else x


@compiled
def _exponentiate(row: Any, bits: Any, powers: Any) -> None:
    """Replace numbers up to 0, whose `bits` are those of `row`, by their exponentials; the same on every machine.

    exp(x) is 2**k exp(r) with a whole k and abs(r) <= log(2) / 2; the polynomial of r is that of S. L. Moshier's Cephes. The
    power is multiplied by adding k to the exponent, in a loop of its own because one that writes the same place as two types
    is no vector loop.
    """
    for q in range(BLOCK):
        x = row[q]
        x = _LOWEST if x < _LOWEST else x
        k = (x * _LOG2E + _NEAREST) - _NEAREST
        r = (x - k * _LN2_HIGH) - k * _LN2_LOW
        p = np.float32(1.9875691500e-4)
        p = p * r + np.float32(1.3981999507e-3)
        p = p * r + np.float32(8.3334519073e-3)
        p = p * r + np.float32(4.1665795894e-2)
        p = p * r + np.float32(1.6666665459e-1)
        p = p * r + np.float32(5.0000001201e-1)
        row[q] = p * (r * r) + r + np.float32(1)
        powers[q] = np.int32(k) << 23
    for q in range(BLOCK):
        bits[q] += powers[q]


@compiled
def _subtract_largest(scores: Any, classes: int, largest: Any) -> None:
    for q in range(BLOCK):
        largest[q] = scores[0, q]
    for j in range(1, classes):
        row = scores[j]
        for q in range(BLOCK):
            largest[q] = row[q] if row[q] > largest[q] else largest[q]
    for j in range(classes):
        row = scores[j]
        for q in range(BLOCK):
            row[q] = row[q] - largest[q]


@compiled
def _divide_by_sum(scores: Any, classes: int, total: Any) -> None:
    for q in range(BLOCK):
        total[q] = np.float32(0)
    for j in range(classes):
        row = scores[j]
        for q in range(BLOCK):
            total[q] = total[q] + row[q]
    for j in range(classes):
        row = scores[j]
        for q in range(BLOCK):
            row[q] = row[q] / total[q]


@compiled
def _normalize(scores: Any, bits: Any, classes: int, spare: Any, powers: Any) -> None:
    """Turn the scores of classes into probabilities: the softmax."""
    _subtract_largest(scores, classes, spare)
    for j in range(classes):
        _exponentiate(scores[j], bits[j], powers)
    _divide_by_sum(scores, classes, spare)


@compiled
def _subtract_squares(block: Any, constant: Any, score: Any) -> None:
    for q in range(BLOCK):
        score[q] = constant
    for i in range(block.shape[0]):
        row = block[i]
        for q in range(BLOCK):
            score[q] = score[q] - np.float32(0.5) * (row[q] * row[q])


@compiled
def _write(scores: Any, start: int, count: int, n_classes: int, best: Any, probabilities: Any, classes: Any) -> None:
    if probabilities.shape[0]:
        for j in range(n_classes):
            for q in range(count):
                probabilities[j, start + q] = scores[j, q]
        return
    top = scores[0]
    for q in range(BLOCK):
        best[q] = 0
    for j in range(1, n_classes):
        row, index = scores[j], np.uint16(j)
        for q in range(BLOCK):
            # The first of equals stays.
            best[q] = index if row[q] > top[q] else best[q]
        for q in range(BLOCK):
            top[q] = row[q] if row[q] > top[q] else top[q]
    for q in range(count):
        classes[start + q] = best[q]


@compiled
def run_layers(
    features: Any,
    mean: Any,
    scale: Any,
    weights: Any,
    biases: Any,
    sizes: Any,
    n_classes: int,
    probabilities: Any,
    classes: Any,
) -> None:
    """Fill in the probabilities of classes, or where their array is empty, the most probable class.

    Parameters
    ----------
    features : array of float32, shape (F, N)
        Contiguous.
    mean, scale : arrays of float32, shape (F,)
        What is subtracted from the features, and what the differences are multiplied by.
    weights, biases : arrays of float32, one-dimensional
        Of all layers, one after the other. Weights are of the shape (output, input), with the outputs rounded up to a multiple
        of `PAIR` and the inputs to one of `STEP`.
    sizes : array of int64, shape (layers + 1,)
        F, then the outputs of each layer, not rounded up. Each layer but the last passes on what is above 0.
    n_classes : int
        K.
    probabilities : array of float32, shape (K, N) or (0, N)
        Overwritten.
    classes : array of uint16, shape (N,)
        Overwritten where `probabilities` is empty.
    """
    width = sizes.max() + STEP
    here, there = np.zeros((width, BLOCK), np.float32), np.zeros((width, BLOCK), np.float32)
    spare, powers, best = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.int32), np.zeros(BLOCK, np.uint16)
    for start in range(0, features.shape[1], BLOCK):
        count = min(BLOCK, features.shape[1] - start)
        _standardize(features, start, count, mean, scale, here)
        first, first_bias = 0, 0
        for layer in range(sizes.size - 1):
            inputs, outputs = sizes[layer], sizes[layer + 1]
            columns, rows = inputs + -inputs % STEP, outputs + -outputs % PAIR
            if layer:
                _rectify(here, inputs)
            here[inputs:columns] = np.float32(0)
            square = weights[first : first + rows * columns].reshape(rows, columns)
            _add_products(here, square, biases[first_bias : first_bias + rows], there)
            first, first_bias = first + rows * columns, first_bias + rows
            here, there = there, here
        _normalize(here, here.view(np.int32), n_classes, spare, powers)
        _write(here, start, count, n_classes, best, probabilities, classes)


@compiled
def run_gaussians(
    features: Any,
    mean: Any,
    scale: Any,
    weights: Any,
    biases: Any,
    constants: Any,
    probabilities: Any,
    classes: Any,
) -> None:
    """Fill in the probabilities of classes that are Gaussian, or where their array is empty, the most probable class.

    Parameters
    ----------
    features, mean, scale, probabilities, classes
        As `run_layers` has them.
    weights, biases : arrays of float32, shapes (K, rows, columns) and (K, rows)
        Of each class: what turns standardized features into independent ones of mean 0 and variance 1; rounded up with zeros as
        those of layers are.
    constants : array of float32, shape (K,)
        The logarithms of the prior probability times the density at the mean.
    """
    n_classes, rows, columns = weights.shape
    here, there = np.zeros((columns, BLOCK), np.float32), np.zeros((rows, BLOCK), np.float32)
    scores = np.zeros((n_classes, BLOCK), np.float32)
    spare, powers, best = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.int32), np.zeros(BLOCK, np.uint16)
    for start in range(0, features.shape[1], BLOCK):
        count = min(BLOCK, features.shape[1] - start)
        _standardize(features, start, count, mean, scale, here)
        for k in range(n_classes):
            _add_products(here, weights[k], biases[k], there)
            _subtract_squares(there, constants[k], scores[k])
        _normalize(scores, scores.view(np.int32), n_classes, spare, powers)
        _write(scores, start, count, n_classes, best, probabilities, classes)
