"""Find the centers of classes: mini-batch k-means on a sample of pixels, settled by k-means on all of the sample."""

from __future__ import annotations

from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError

Floats = NDArray[np.float64]

_STARTS = 5
"""So many starts are tried; the one with the least sum of squared distances goes on."""
_BATCH = 4096
_EPOCHS = 3
"""How often mini-batches go over the sample in each start; what is left to do is done by whole passes."""
_ROUNDS = 300
"""Of whole passes, at most; they end when no pixel changes its class any more."""


def fit_kmeans(sample: NDArray[np.float64], classes: int, *, seed: int = 0) -> Floats:
    """Find the centers of classes by k-means.

    Several starts by k-means++ are refined by mini-batches; the best goes on with passes over the whole sample until no pixel
    changes its class. Where there are no more different pixels than classes, each is a center.

    Parameters
    ----------
    sample : array of float64, shape (N, B)
        Standardized pixels in a random order that is always the same.
    classes : int
        K.
    seed : int
        Of the starts.

    Returns
    -------
    array of float64, shape (K, B); fewer rows where there are fewer different pixels

    Raises
    ------
    MissingExtraError
        scikit-learn or numba is not installed.

    Notes
    -----
    The same sample gives the same bits on one machine, for any number of threads.

    References
    ----------
    D. Sculley (2010), Web-scale k-means clustering, WWW: mini-batches. D. Arthur, S. Vassilvitskii (2007), k-means++: the
    advantages of careful seeding, SODA.

    Examples
    --------
    >>> points = np.repeat([[0.0, 0.0], [4.0, 4.0], [9.0, 0.0]], 5, axis=0)
    >>> sorted(fit_kmeans(points + np.tile([[-0.1], [0.0], [0.1]], (5, 1)), 3).round(6).tolist())[1]
    [4.0, 4.0]
    """
    distinct = np.unique(sample, axis=0)
    if len(distinct) <= classes:
        return distinct
    starts = _start(sample, classes, seed)
    sums = [assign(sample, centers)[1] for centers in starts]
    return settle(sample, starts[int(np.argmin(sums))])


def _start(sample: Floats, classes: int, seed: int) -> list[Floats]:
    try:
        from sklearn.cluster import MiniBatchKMeans
    except ImportError:
        raise MissingExtraError(
            "clusters need scikit-learn; install it with: pip install 'tsraster[learning]'"
        ) from None
    found = []
    size = max(_BATCH, 4 * classes)
    # Matrix products of several threads may differ in their last bits.
    with import_module("threadpoolctl").threadpool_limits(1):
        for start in range(_STARTS):
            fit = MiniBatchKMeans(classes, n_init=1, batch_size=size, random_state=(seed + start) % 2**32)
            for _ in range(_EPOCHS):
                for first in range(0, len(sample), size):
                    fit.partial_fit(sample[first : first + size])
            found.append(np.array(fit.cluster_centers_, np.float64))
    return found


def assign(sample: Floats, centers: Floats) -> tuple[NDArray[np.intp], float]:
    """Return the index of the nearest center of each pixel, shape (N,), and the sum of squared distances."""
    from tsraster.learning.nearest import find_nearest

    codes = np.zeros((len(sample), 1), np.uint16)
    bands = sample.shape[1]
    planes = np.ascontiguousarray(sample.T)[:, :, np.newaxis]
    valid = np.ones(codes.shape, np.bool_)
    total = find_nearest(planes, valid, np.zeros(bands), np.ones(bands), np.ascontiguousarray(centers), codes)
    return codes[:, 0].astype(np.intp) - 1, float(total)


def average(sample: Floats, labels: NDArray[np.intp], number: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the pixels of each class, shape (K,), and their means, shape (K, B); 0 for a class without pixels."""
    counts = np.bincount(labels, minlength=number)
    sums = np.stack([np.bincount(labels, weights=band, minlength=number) for band in sample.T], axis=1)
    return counts, sums / np.maximum(counts, 1)[:, np.newaxis]


def settle(sample: Floats, centers: Floats) -> Floats:
    """Move centers to the means of their pixels until no pixel changes its class; Lloyd's algorithm.

    A class that loses all pixels starts anew at the pixel that is farthest from its center.
    """
    before = None
    for _ in range(_ROUNDS):
        labels, _ = assign(sample, centers)
        if before is not None and np.array_equal(labels, before):
            break
        before = labels
        counts, centers = average(sample, labels, len(centers))
        empty = np.flatnonzero(counts == 0)
        if len(empty):
            centers[empty] = _find_farthest(sample, centers[labels], len(empty))
    return centers


def _find_farthest(sample: Floats, centers: Floats, number: int) -> Floats:
    """Return different pixels that are the farthest from their centers, as many as there are up to a number."""
    distances = np.square(sample - centers).sum(axis=1)
    order = np.argsort(-distances, kind="stable")
    found, first = np.unique(sample[order[: 64 * number]], axis=0, return_index=True)
    chosen = found[np.argsort(first)][:number]
    return chosen[np.arange(number) % len(chosen)]
