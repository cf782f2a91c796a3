"""Compiled eigenvalues of symmetric matrices of 2 x 2 and 3 x 3, in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tsraster.learning.compiling import compiled


@compiled
def root_pairs(xx: Any, yy: Any, xy: Any, large: Any, small: Any) -> None:
    """Compute the larger and the smaller eigenvalue of each matrix, float32 of shape (C,)."""
    half = np.float32(0.5)
    for j in range(large.size):
        mean = half * (xx[j] + yy[j])
        away = half * (xx[j] - yy[j])
        distance = np.sqrt(away * away + xy[j] * xy[j])
        large[j] = mean + distance
        small[j] = mean - distance


@compiled
def root_triples(entries: Any, roots: Any) -> None:
    """Compute the eigenvalues of each matrix, the largest first, shape (3, C), from xx, yy, zz, xy, xz, yz, shape (6, C).

    Both are float32. What is between is float64, for the closed form loses half of the digits where two of them are nearly
    the same.

    References
    ----------
    Smith (1961), Eigenvalues of a symmetric 3 x 3 matrix, Communications of the ACM 4, 168.
    """
    for j in range(roots.shape[1]):
        xx, yy, zz = np.float64(entries[0, j]), np.float64(entries[1, j]), np.float64(entries[2, j])
        xy, xz, yz = np.float64(entries[3, j]), np.float64(entries[4, j]), np.float64(entries[5, j])
        mean = (xx + yy + zz) / 3
        xx, yy, zz = xx - mean, yy - mean, zz - mean
        spread = math.sqrt((xx * xx + yy * yy + zz * zz + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
        if spread == 0:
            roots[0, j] = roots[1, j] = roots[2, j] = mean
            continue
        determinant = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
        cosine = min(max(determinant / (2 * spread * spread * spread), -1.0), 1.0)
        angle = math.acos(cosine) / 3
        top, bottom = 2 * spread * math.cos(angle), 2 * spread * math.cos(angle + 2 * math.pi / 3)
        roots[0, j], roots[1, j], roots[2, j] = mean + top, mean - top - bottom, mean + bottom
