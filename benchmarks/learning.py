"""Pixels by example: features, training and prediction, against the recipe of scikit-image and scikit-learn, and against vigra.

The picture is a drawn thin section, with scribbles of its truth. TSRASTER_BENCH_PEERS names a folder with `vigra_pixels.py` and
`skimage_pixels.py`, which are then run on the same arrays; the former by TSRASTER_BENCH_VIGRA, a Python that has vigra.
"""

import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.processes import TSRASTER, describe, run_in_turn
from tsraster import predict_files, train_file
from tsraster.errors import LossWarning
from tsraster.learning.estimators import ESTIMATORS
from tsraster.learning.featureimages import compute_features
from tsraster.learning.featureset import parse_features
from tsraster.samples.section import draw_thin_section

_LABELS = 10_000
_SIDE = 2048
_QUICK = "smoothing:0.3,1,3.5 edge:0.7,1.6,3.5 hessian:1,1.6,3.5,5"
"""Twenty features."""


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    side = min(size, _SIDE)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        other.submit(_measure, folder, side, runs).result()
        other.submit(_compare, folder, side).result()
    _measure_commands(folder, side, runs)


def _measure(folder: Path, side: int, runs: int) -> None:
    warnings.simplefilter("ignore", LossWarning)
    image, labels = _draw(folder, side)
    jobs = {
        "train, 49 features, 100 trees": lambda: _train(folder),
        "probabilities": lambda: _predict(folder, "probabilities"),
        "segmentation": lambda: _predict(folder, "segmentation"),
        "features alone, one thread": lambda: _compute(image),
        "recipe of scikit-image, scikit-learn": lambda: _follow_recipe(image, labels),
    }
    for job in list(jobs.values())[:4]:
        job()  # compiles
    seconds = _time_in_turn(jobs, runs)
    megapixels = image.size / 1e6
    for name, median in seconds.items():
        print(f"{name:<44}{median:8.2f} s {megapixels / median:8.2f} Mpx/s")
    train, recipe = seconds["train, 49 features, 100 trees"], seconds["recipe of scikit-image, scikit-learn"]
    for export in ("probabilities", "segmentation"):
        print(f"train and {export}, against that recipe: {recipe / (train + seconds[export]):.2f} times as fast")
    for name, (python, factor) in _list_peers().items():
        said = _ask_peer(name, python, folder)
        for export in ("probabilities", "segmentation"):
            alone = megapixels / seconds[export] / (factor * said)
            whole = megapixels / (train + seconds[export]) / (factor * said)
            print(
                f"{export}, against {factor} x {name} ({said:.3f} Mpx/s): {alone:.2f}; with training {whole:.2f} times as fast"
            )
    share = seconds["features alone, one thread"] / 2 / seconds["probabilities"]
    print(f"features are {100 * share:.0f} % of probabilities")


def _draw(folder: Path, side: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    section = draw_thin_section(side, side)
    image = (section.rgb @ np.array([0.2125, 0.7154, 0.0721])).astype(np.float32)
    labels = scribble(section.truth, min(_LABELS, image.size // 20))
    np.save(folder / "image.npy", image)
    np.save(folder / "labels.npy", labels)
    return image, labels


def scribble(truth: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Draw strokes of two by forty pixels within what is of one class, until so many pixels are labeled."""
    rng, labels = np.random.default_rng(0), np.zeros_like(truth)
    while np.count_nonzero(labels) < number:
        row, col = rng.integers(0, truth.shape[0] - 2), rng.integers(0, truth.shape[1] - 40)
        stroke = truth[row : row + 2, col : col + 40]
        labels[row : row + 2, col : col + 40][stroke == stroke[0, 0]] = stroke[0, 0]
    return labels


def _train(folder: Path, **options: Any) -> Any:
    paths = (folder / "m.tsmodel", folder / "image.npy", folder / "labels.npy")
    return train_file(*paths, samples=0, overwrite=True, **options)


def _predict(folder: Path, export: str) -> None:
    predict_files(
        folder / "m.tsmodel", [folder / "image.npy"], folder / f"{export}.npy", export=[export], overwrite=True
    )


def _compute(image: NDArray[np.float32]) -> None:
    columns, rows = parse_features("all").columns(1), range(0, image.shape[0], 256)
    for row in rows:
        part = image[np.newaxis, max(0, row - 38) : row + 294]
        start = row - max(0, row - 38)
        window = (slice(start, start + min(256, image.shape[0] - row)), slice(0, image.shape[1]))
        compute_features(part, columns, window=window)


def _follow_recipe(image: NDArray[np.float32], labels: NDArray[np.uint8]) -> None:
    from skimage.feature import multiscale_basic_features
    from sklearn.ensemble import RandomForestClassifier

    table = multiscale_basic_features(image, sigma_min=0.7, sigma_max=10, num_sigma=5)
    forest = RandomForestClassifier(100, n_jobs=-1, random_state=0).fit(table[labels > 0], labels[labels > 0])
    forest.predict_proba(table.reshape(-1, table.shape[-1]))


def _time_in_turn(jobs: dict[str, Callable[[], Any]], runs: int) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            found[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _list_peers() -> dict[str, tuple[str, int]]:
    """Return the Python of each peer, and how often its speed is counted: vigra has one thread, where we have two."""
    if "TSRASTER_BENCH_PEERS" not in os.environ:
        return {}
    return {
        "vigra_pixels.py": (os.environ.get("TSRASTER_BENCH_VIGRA", "/usr/bin/python3"), 2),
        "skimage_pixels.py": (sys.executable, 1),
    }


def _ask_peer(name: str, python: str, folder: Path) -> float:
    """Return how many million pixels a second a peer says it does."""
    script = Path(os.environ["TSRASTER_BENCH_PEERS"]) / name
    command = [python, str(script), str(folder / "image.npy"), str(folder / "labels.npy")]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found = re.search(r"([\d.]+) Mpx/s", said)
    if found is None:
        raise ValueError(f"{name} said {said}")
    return float(found[1])


def _compare(folder: Path, side: int) -> None:
    """Compare estimators, by speed and by accuracy in blocks that they have not seen."""
    warnings.simplefilter("ignore", LossWarning)
    megapixels = side * side / 1e6
    print(f"{'estimator':<24}{'train':>8}{'segment':>10}   accuracy in blocks not seen")
    is_real = side >= _SIDE
    for name in list(ESTIMATORS) if is_real else ["random-forest"]:
        features = "all" if is_real else "smoothing:1"
        found = _train(folder, estimator=name, validation="blocks", features=features)
        start = time.perf_counter()
        _train(folder, estimator=name, validation="none", features=features)
        trained = time.perf_counter()
        _predict(folder, "segmentation")
        seconds = time.perf_counter() - trained
        table = found.confusion
        accuracy = "" if table is None else f"{100 * table.overall_accuracy:8.1f} %"
        print(f"{name:<24}{trained - start:6.2f} s{megapixels / seconds:6.2f} Mpx/s{accuracy}")


def _measure_commands(folder: Path, side: int, runs: int) -> None:
    """Measure whole processes, on the picture and on one of nine times its pixels."""
    image = np.load(folder / "image.npy")
    np.save(folder / "large.npy", np.tile(image, (3, 3)))
    quick = [*TSRASTER, "train", str(folder / "q.tsmodel"), str(folder / "image.npy"), str(folder / "labels.npy")]
    quick += ["--features", _QUICK, "--overwrite"]
    describe("train, whole command, 20 features", run_in_turn([quick], runs)[0])
    for name in ("image", "large"):
        predict = [*TSRASTER, "predict", str(folder / "q.tsmodel"), str(folder / f"{name}.npy"), str(folder / "p.tif")]
        found = run_in_turn([[*predict, "--overwrite"]], min(runs, 3))[0]
        describe(f"predict, whole command, {side * side * (9 if name == 'large' else 1) / 1e6:.1f} Mpx", found)
