"""Classify the pixels of a photo by example, as scikit-learn has it: fit, look at the accuracy, predict, save.

Run it anywhere; it draws its own photo of a thin section, of which the upper half is labeled here and there.
"""

from pathlib import Path

import numpy as np
from sklearn.model_selection import GridSearchCV, KFold

import tsraster
from tsraster.learning.modelfile import write_model
from tsraster.samples import draw_thin_section


def label_some(truth: np.ndarray) -> np.ndarray:
    """Return the classes of every tenth pixel of every tenth row, as a person's dots would have them; 0 elsewhere."""
    labels = np.zeros_like(truth)
    labels[::10, ::10] = truth[::10, ::10]
    return labels


def main() -> None:
    """Train on one half of a photo and check on the other."""
    section = draw_thin_section()
    photo, truth = np.moveaxis(section.rgb, -1, 0), section.truth  # bands first
    middle = truth.shape[0] // 2
    labels = label_some(truth[:middle])

    classifier = tsraster.PixelClassifier("smoothing:0.7,1.6,3.5 gradient:1.6 hessian:1.6", trees=50)
    classifier.fit(photo[:, :middle], labels)
    print(f"labeled pixels: {np.count_nonzero(labels)}, classes: {classifier.classes_.tolist()}")
    print(f"accuracy out of bag:        {classifier.validation_.accuracy:.3f}")
    print(f"accuracy in the other half: {classifier.score(photo[:, middle:], truth[middle:]):.3f}")
    best = np.argsort(-classifier.feature_importances_)[:3]
    for i in best:
        print(f"  {classifier.feature_importances_[i]:.2f} {classifier.feature_names_[i]}")

    # Parameters are searched with whole pieces of the photo left out in turn.
    pieces = np.array_split(np.arange(middle), 3)
    search = GridSearchCV(
        tsraster.PixelClassifier(trees=20),
        {"features": ["smoothing:0.7", "smoothing:0.7,1.6,3.5", "hessian:1.6"]},
        cv=KFold(3),
    )
    search.fit([photo[:, rows] for rows in pieces], [labels[rows] for rows in pieces])
    for choice, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True):
        print(f"{choice['features']:<22} {score:.3f}")

    # The model is saved, and does the same to a file of any size.
    write_model(Path("section.tsmodel"), classifier.model_)
    np.save("section.npy", photo)
    tsraster.predict_files("section.tsmodel", ["section.npy"], "classes.tif", overwrite=True)
    with tsraster.open_raster("classes.tif") as raster:
        assert np.array_equal(raster.read().data[0], classifier.predict(photo))


if __name__ == "__main__":
    main()
