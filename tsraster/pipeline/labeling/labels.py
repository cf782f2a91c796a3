"""Label images of many pictures by one recipe, to look at or to train with: `labels_files`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from tsraster.classification import Outside, parse_phases
from tsraster.classtable import Closed, Number
from tsraster.errors import UsageError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import Progress
from tsraster.pipeline.fitting import TableLike, plan_classes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.labeling.labelcoding import CodingPlan, Export, Style
from tsraster.pipeline.labeling.labelreport import LabelSet
from tsraster.pipeline.labeling.labelrun import LabelRun, Working
from tsraster.pipeline.labeling.labelset import choose_sources
from tsraster.pipeline.labeling.phaserecipe import PhasePlan
from tsraster.pipeline.labeling.recipe import RecipePlan, TablePlan, ValueSource
from tsraster.pipeline.labeling.trainingset import SplitPlan
from tsraster.pipeline.luts import load_lut
from tsraster.reading import gdal_settings


def labels_files(
    sources: PathLike | Sequence[PathLike],
    destination: PathLike,
    *,
    exclude: Sequence[str] | None = None,
    cutoffs: Sequence[Number] | None = None,
    bins: int | None = None,
    scheme: str | None = None,
    classes: int | None = None,
    table: TableLike | None = None,
    phase: Sequence[str] = (),
    band: int | None = None,
    smooth: str | None = None,
    closed: Closed | None = None,
    names: Sequence[str] | None = None,
    outside: Outside = "nodata",
    lut: Lut | PathLike | None = None,
    style: Style = "ids",
    values: Sequence[int] | None = None,
    first_id: int | None = None,
    unlabeled: int | None = None,
    export: Export | None = None,
    test_share: float = 0.2,
    seed: int = 0,
    tile: int | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> LabelSet:
    """Make label images of many pictures by one recipe, to look at or to train a segmentation network with.

    In the destination folder are made labels/NAME.png (the ids of classes, gray of 8 bits), preview/NAME.png (in colors),
    overlay/NAME.jpg (the colors over the photo), classes.json (what each number means, and the recipe) and labels.csv (the
    histogram of each label image). A scheme is fitted to all pictures together.

    Parameters
    ----------
    sources : path, or sequence of paths
        Pictures, folders of pictures, or patterns such as photos/*.jpg.
    destination : path
        Folder for all outputs; it is made if it is not there.
    exclude : texts, optional
        Patterns of file names to leave out, separated by commas, such as *_label.png.
    cutoffs : numbers, optional
        Values that divide the classes, increasing, separated by commas; K of them make K+1 classes.
    bins : int, optional
        Number of classes of equal width between the smallest and the largest value of all pictures.
    scheme : text, optional
        Scheme that makes the classes of all pictures together, such as quantiles; tsraster breaks --help lists all.
    classes : int, optional
        Number of classes of the scheme.
    table : path, optional
        Class table (JSON) that was saved before.
    phase : texts, optional
        A class by color, such as "blue: hue 180..260, saturation >0.25"; of several the first that holds counts, and the
        rest is in no class. See tsraster porosity --help.
    band : int, optional
        Band to classify, counted from 1; without it a color picture becomes gray by luminance, 0 to 1.
    smooth : text, optional
        Smooth first: gaussian:SIGMA or median:SIZE, in pixels.
    closed : right or left, optional
        Which edge belongs to a class: right makes (a, b], the default; left makes [a, b).
    names : texts, optional
        Names of the classes, separated by commas.
    outside : nodata, clamp or error
        What becomes of values outside of the table: no class, the nearest class, or an error.
    lut : name or path, optional
        Color table of previews and overlays: a shipped one or an installed colormap by name, a file in any format of tsraster lut
        list, or a raster; categorical by default.
    style : ids, spread or unit
        What stands in the label images: consecutive ids; values that the eye can tell apart, 1 to 255 (1, 50, 100, 180, 200 for
        five classes); or the ids divided by the largest, 0 to 1, as float TIFFs, because a PNG holds whole numbers only.
    values : whole numbers, optional
        The values of --style spread, separated by commas, one for each class, from 0 to 255.
    first_id : int, optional
        Id of the first class, 0 or 1; 1 by default, so that 0 is left for pixels without a class; in an export 0, unless --phase
        or a --table with closed ends may leave pixels without one.
    unlabeled : int, optional
        Id of pixels without a class; 0 where no class has it, 255 for coco-stuff, and otherwise a picture with such pixels
        fails.
    export : keras or coco-stuff, optional
        Write a training set instead of labels/: images_prepped_train, annotations_prepped_train and the same for test, as
        image-segmentation-keras reads them; coco-stuff adds the lists of categories labels.txt and categories.json.
    test_share : number
        Share of the pictures that is for tests in an export; the choice is by picture, also of tiles.
    seed : int
        Which pictures are chosen for tests; the same number chooses the same ones again.
    tile : int, optional
        Cut label images and photos of an export into tiles of so many rows and columns; the last of a row or column is shifted
        back to end with the picture.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads, each of which works on one picture; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where pictures are worked on, instead of threads.
    progress : callable, optional
        Called with the number of steps done and of all steps; there are as many as pictures in each stage of the work.

    Returns
    -------
    LabelSet
        What was counted, and which pictures failed; the others are written.

    Raises
    ------
    UsageError
        The options contradict each other; two pictures have one name; or an output would be a source.
    MissingSourceError
        A folder holds no picture, or a pattern matches none.
    DataError
        No picture can be labeled, or the values cannot be divided so.
    TableError, LutError
        A table is wrong, or the color table does not cover all classes.
    WriteError
        Outputs exist and `overwrite` is False; or a folder cannot be made.

    Warns
    -----
    LossWarning
        Pictures are no photos and get no overlay.
    FewerClassesWarning, RoundedFitWarning
        A scheme made fewer classes than asked; or was fitted to rounded values, within a bound that is said.

    Notes
    -----
    Each picture is worked on by one thread, block by block, so that memory grows with the workers and not with the size or
    number of pictures. Previews and overlays show every n-th pixel of pictures with more than 4096 rows or columns. The files
    of a picture appear together or not at all.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _, photo = draw_samples(folder)
    ...     found = labels_files(photo, f"{folder}/out", cutoffs=[0.25, 0.4, 0.6, 0.75], smooth="gaussian:1")
    ...     sorted(path.name for path in (Path(folder) / "out" / "labels").iterdir())
    ['section.png']
    >>> [one.id for one in found.classes], found.n_classes, found.failures
    ([1, 2, 3, 4, 5], 6, ())
    """
    colors = None if lut is None else load_lut(lut)
    recipe = _plan_recipe(
        phase=phase,
        lut=colors,
        source=ValueSource(band=band, smooth=smooth),
        outside=outside,
        cutoffs=cutoffs,
        bins=bins,
        scheme=scheme,
        classes=classes,
        table=table,
        closed=closed,
        names=names,
    )
    coding = CodingPlan(
        style=style,
        values=values,
        first_id=first_id,
        unlabeled=unlabeled,
        leaves_rest=recipe.leaves_rest,
        export=export,
    )
    run = LabelRun(
        paths=choose_sources(sources, exclude),
        folder=Path(destination),
        recipe=recipe,
        coding=coding,
        split=SplitPlan(export=export, test_share=test_share, seed=seed, tile=tile),
        overwrite=overwrite,
        working=Working(workers=workers, block_size=block_size, executor=executor, progress=progress),
    )
    with gdal_settings():
        return run.run()


def _plan_recipe(
    *, phase: Sequence[str], lut: Lut | None, source: ValueSource, outside: Outside, **ways: Any
) -> RecipePlan:
    """Decide between phases and classes of values, which exclude each other."""
    if not phase:
        return TablePlan(plan=plan_classes(lut=lut, **ways), source=source, outside=outside)
    given = {**ways, "band": source.band, "smooth": source.smooth}
    chosen = [f"--{name}" for name, value in given.items() if value is not None]
    chosen += ["--outside"] if outside != "nodata" else []
    if chosen:
        raise UsageError(f"--phase goes by colors, and {' and '.join(chosen)} by values; leave one out")
    return PhasePlan(phases=parse_phases(phase), lut=lut)
