"""Train a model of the pixels of labeled pictures: `train_file`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tsraster.errors import UsageError
from tsraster.learning.estimators import ESTIMATORS
from tsraster.learning.featureset import FeatureSet, parse_features
from tsraster.learning.modelfile import write_model
from tsraster.lut import Lut
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.giventexts import list_given
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.learning.examples import Example, open_example
from tsraster.pipeline.learning.fitting import Training, fit_model
from tsraster.pipeline.learning.labelsources import LabelRules, is_project
from tsraster.pipeline.learning.projects import check_project_model, open_project_examples, write_project_model
from tsraster.pipeline.learning.trainreport import TrainPlan
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.reclassify import read_mapping
from tsraster.reading import gdal_settings
from tsraster.writing import Outputs, write_json


def train_file(
    model: PathLike,
    source: PathLike,
    labels: PathLike | None = None,
    *,
    also: Sequence[tuple[PathLike, PathLike]] = (),
    features: str | FeatureSet | None = None,
    recipe: str = "ilastik",
    slicewise: Sequence[float] | None = None,
    suggest_features: bool = False,
    bands: Sequence[int] | None = None,
    raw: bool = False,
    volume: bool = False,
    region: Sequence[int] | None = None,
    column: str | None = None,
    layer: str | None = None,
    label_offset: Sequence[int] | None = None,
    mapping: str | None = None,
    samples: int = 20_000,
    estimator: str = "random-forest",
    trees: int = 100,
    seed: int = 0,
    validation: str | None = None,
    validation_block: int = 64,
    lut: Lut | PathLike | None = None,
    follow_paths: bool = False,
    report: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Training:
    """Train a model by labeled pixels, to classify the others and other pictures by it.

    Each pixel is described by filters of its surroundings at several scales, and a classifier learns from the labeled ones
    how the classes look. The accuracy that is reported is never that of the pixels it was trained on.

    Parameters
    ----------
    model : path
        Model to write; one that ends in .ilp is a project of ilastik, with labels, features and the forest, which is trained with
        numbers as they are stored, as ilastik takes them.
    source : path
        Raster, picture or, with --volume, volume; HDF5, NumPy and Zarr arrays too; a Landsat scene by its MTL file or folder, in
        reflectance and kelvin; or a project of ilastik (.ilp), whose images, labels and features are taken.
    labels : path, optional
        Its labels: a raster of class codes, 0 where there is none; polygons, lines or points (.gpkg, .geojson, .shp, ...); or
        a project of ilastik.
    also : pairs of paths, optional
        One more source and its labels; can be given several times.
    features : text, optional
        Filters and scales: all, color, edge, texture, or such as "smoothing:0.7,1.6 hessian:3.5", of some bands as
        hessian@4,5:1.6. Filters are smoothing, laplacian, gradient, difference, structure, hessian. By default all, or what a
        project has.
    recipe : text
        How filters are computed: ilastik, to the last digits as ilastik does; or scale-space, exactly at the scale that is named.
    slicewise : numbers, optional
        Scales at which a volume is filtered plane by plane, separated by commas.
    suggest_features : bool
        Leave out features step by step, as long as the accuracy stays, and train with the fewest.
    bands : whole numbers, optional
        Bands to use, counted from 1; all but alpha by default.
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that a source or its STAC item says are applied, but
        not to the images of a project of ilastik.
    volume : bool
        Take the sources for volumes and compute features in three dimensions.
    region : whole numbers, optional
        Part of the sources whose labels are used: left,top,right,bottom in pixels; the rest can serve to check the model.
    column : text, optional
        Column of a vector file that holds the class; by default the only one that can.
    layer : text, optional
        Layer of a vector file; by default the only one.
    label_offset : whole numbers, optional
        column,row of the source at which a label raster begins, if it is smaller; by default as both are georeferenced.
    mapping : text or @file, optional
        Rules from the numbers of a label file to class codes, such as '[1,4]=1 "rock"; 7=2; DEFAULT=NO_DATA'; 0 is no label
        unless a rule names it.
    samples : int
        At most so many labeled pixels of each class are trained with, drawn from all of them; 0 for all.
    estimator : text
        random-forest, extra-trees, decision-tree, logistic-regression, linear-discriminant, perceptron, maximum-likelihood.
    trees : int
        Trees of a forest.
    seed : int
        Of random numbers; the same seed makes the same model, on any number of processors.
    validation : text, optional
        How accuracy is found: out-of-bag, by trees that have not seen a pixel; blocks, by models trained anew that have not seen
        its surroundings; or none. By default out-of-bag for forests, and blocks for others.
    validation_block : int
        Side of these surroundings, in pixels.
    lut : name or path, optional
        Color table of the classes; by default what the labels say, else colors that differ well.
    follow_paths : bool
        Open the images of a project also where they lie outside of its folder.
    report : path, optional
        Report to write (JSON): classes, samples, accuracy, confusion table, importances.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a quarter of a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where features are computed, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Training

    Raises
    ------
    UsageError, UnknownNameError
        An option is wrong, or does not go with another.
    BandError
        A source has no such band, or another number of bands than the first.
    DataError
        Labels lie outside of their source, are on pixels without data only, or are of one class; a class has too few; a scale is
        too large for a source; or values of sources are in different units.
    ReadError, WriteError
        A file cannot be read; an output exists, or cannot be written.
    MissingExtraError
        scikit-learn or numba is not installed.

    Notes
    -----
    Features are computed around labeled pixels only. Without data, a pixel counts in the filters of its neighbors as the median
    of the labeled pixels. The number of workers, the block size and the executor do not change the model.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     _ = classify_file(scene, f"{folder}/classes.tif", cutoffs=[285, 295])
    ...     result = train_file(
    ...         f"{folder}/warm.tsmodel", scene, f"{folder}/classes.tif", features="smoothing:1", trees=10, samples=300
    ...     )
    >>> result.model.codes, result.confusion.overall_accuracy > 0.9
    ((1, 2, 3), True)
    """
    pairs = _list_pairs(source, labels, also)
    plan = TrainPlan(
        estimator=estimator,
        trees=trees,
        seed=seed,
        samples=samples,
        validation=validation,
        validation_block=validation_block,
        suggest=suggest_features,
        region=region,
        lut=None if lut is None else load_lut(lut),
    )
    _ = ESTIMATORS[estimator]  # raises where there is no such one, before any file is read
    chosen = _parse_features(features, recipe, slicewise)
    rules = LabelRules(
        column=column,
        layer=layer,
        offset=_take_offset(label_offset),
        mapping=None if mapping is None else read_mapping(mapping),
    )
    is_stored = raw or is_project(model)
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        examples: list[Example] = []
        for one, its_labels in pairs:
            if its_labels is None:
                project = stack.enter_context(open_project_examples(one, follow=follow_paths))
                examples += project.examples
                chosen = chosen or project.features
            else:
                examples.append(
                    stack.enter_context(open_example(one, its_labels, rules, bands=bands, volume=volume, raw=is_stored))
                )
        inputs = [path for pair in pairs for path in pair if path is not None]
        inputs += [*list_paths(lut), *list_given(mapping)]
        files = [file for example in examples for file in (*example.scene.files, *example.labels.files)]
        outputs = stack.enter_context(
            Outputs(
                [model, report],
                sources=[*inputs, *files],
                overwrite=overwrite,
            )
        )
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        chosen = chosen or parse_features("all")
        if is_project(model):
            check_project_model(model, estimator, chosen.recipe, examples)
        training = fit_model(examples, chosen, plan, work)
        staged = outputs.stage(model)
        if is_project(model):
            write_project_model(staged, Path(model), training.model, examples)
        else:
            write_model(staged, training.model)
        if report is not None:
            write_json(outputs.stage(report), training.model.report)
    written = tuple(os.fspath(path) for path in (model, report) if path is not None)
    return replace(training, written=written)


def _list_pairs(
    source: PathLike, labels: PathLike | None, also: Sequence[tuple[PathLike, PathLike]]
) -> list[tuple[PathLike, PathLike | None]]:
    if labels is None and not is_project(source):
        raise UsageError(f"{source} has no labels; name their file after it (only a project of ilastik holds its own)")
    return [(source, labels), *also]


def _parse_features(
    features: str | FeatureSet | None, recipe: str, slicewise: Sequence[float] | None
) -> FeatureSet | None:
    if isinstance(features, FeatureSet):
        return features
    if features is None and recipe == "ilastik" and slicewise is None:
        return None
    choices = parse_features("all" if features is None else features).choices
    return FeatureSet(choices=choices, recipe=recipe, slicewise=tuple(slicewise or ()))


def _take_offset(offset: Sequence[int] | None) -> tuple[int, int] | None:
    if offset is None:
        return None
    if len(offset) != 2:
        raise UsageError(f"--label-offset has {len(offset)} numbers; give column,row")
    return offset[0], offset[1]
