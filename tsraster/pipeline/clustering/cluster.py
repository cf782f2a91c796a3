"""Find the classes of several bands that nobody has labeled, and classify by them: `cluster_files`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass

from tsraster.learning.clusters import Clusters
from tsraster.lut import Lut
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.clustering.bandscenes import open_scenes
from tsraster.pipeline.clustering.bandsums import find_scales
from tsraster.pipeline.clustering.classcolors import make_lut
from tsraster.pipeline.clustering.clusterjob import ClusterJob
from tsraster.pipeline.clustering.fitting import ClusterPlan, check_fit, load_clusters
from tsraster.pipeline.clustering.spectra import HEADER, ClassSpectrum, SpectralBand, list_bands, list_spectra, tabulate
from tsraster.pipeline.clustering.targets import plan_targets
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.sidecars import list_sidecars, warn_of_styles
from tsraster.pipeline.sourcing.sources import SourcePlan
from tsraster.reading import find_pixel_area, gdal_settings, parse_pixel_size
from tsraster.writing import Outputs, write_rows, write_text


@dataclass(frozen=True, kw_only=True)
class ClusteredScene:
    """What became of one source."""

    source: str
    counts: tuple[int, ...]
    """Pixels of each class, in the order of the codes."""
    without_data: int
    """Pixels without data in some band, or masked."""
    written: str
    """The path of its class map."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Clustering:
    """What `cluster_files` found and wrote."""

    clusters: Clusters
    bands: tuple[SpectralBand, ...]
    spectra: tuple[ClassSpectrum, ...]
    """One row a class, of all sources together."""
    scenes: tuple[ClusteredScene, ...]
    lut: Lut
    """The colors of the classes."""
    written: tuple[str, ...]
    """Paths of the files that were written."""
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the sources before they were classified, in a sentence each."""


def cluster_files(
    sources: Sequence[PathLike],
    destination: PathLike,
    *,
    classes: int | None = None,
    bands: Sequence[int] | None = None,
    landsat: str | None = None,
    mtl: PathLike | None = None,
    raw: bool = False,
    qa: PathLike | None = None,
    mask: Sequence[str] | None = None,
    confidence: str = "high",
    mask_file: PathLike | None = None,
    clip: PathLike | None = None,
    clip_layer: str | None = None,
    stac: PathLike | None = None,
    seed: int = 0,
    samples: int = 200_000,
    isodata: bool = False,
    max_std: float | None = None,
    min_distance: float | None = None,
    min_pixels: int | None = None,
    max_classes: int | None = None,
    model: PathLike | None = None,
    save_model: PathLike | None = None,
    names: Sequence[str] | None = None,
    rgb: Sequence[int] | None = None,
    lut: Lut | PathLike | None = None,
    cog: bool = False,
    sidecars: Sequence[str] | None = None,
    stats: PathLike | None = None,
    pixel_size: str | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Clustering:
    """Find classes of pixels that are alike in all bands, without labels, and classify by them.

    Each band counts in units of its standard deviation, whatever it is measured in. Classes are found by k-means, begun by
    mini-batches, on a sample of the pixels; every pixel then gets the code of the nearest center. Codes go from the darkest class
    to the brightest, by the mean of a center over all bands in those units. Pixels without data in some band get 0.

    Parameters
    ----------
    sources : paths
        Rasters or pictures of as many bands each, or Landsat scenes, each by its MTL file or folder; of several, one set of
        classes is found in all together.
    destination : path
        Class map to write, .tif or .png; of several sources a folder, where each is called SOURCE_clusters.tif.
    classes : int, optional
        Number of classes, 2 to 255; with --isodata the number to aim at, from which wide and close classes may lead away.
    bands : whole numbers, optional
        Bands to use, counted from 1; all but alpha by default.
    landsat : "reflectance", "radiance", "temperature" or "celsius", optional
        Physical values of Landsat bands, by the coefficients of their MTL file; a scene, named by its MTL file or folder, is
        reflectance and temperature without it.
    mtl : path, optional
        MTL file (.txt, .json, .xml) of the bands of one source; by default the one beside it.
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that the source or its STAC item says are applied.
    qa : path, optional
        Landsat quality band (QA_PIXEL, BQA, pixel_qa) by which pixels of one source are left out.
    mask : texts, optional
        What is left out by it: cloud,shadow,cirrus,snow,water,dilated,fill; or usgs-clear (which keeps shadow and cirrus),
        clear-sky, clear-land. Of other bits a field that is set, or a field and its meaning: cloud,cloud_confidence=high.
    confidence : "high", "medium" or "low"
        From which confidence on; of Collection 2 low leaves out nearly all.
    mask_file : path, optional
        Raster of the same size; pixels that are 0 in all its bands, or have no data, are left out.
    clip : path, optional
        Vector file; pixels outside of its shapes are left out.
    clip_layer : text, optional
        Layer of the vector file, where it has several.
    stac : path, optional
        STAC item (JSON) that describes the bands of the sources (scale, offset, nodata, unit, names) or the bits of the quality
        band; by default one beside them that names the file, and is called like it or item.json.
    seed : int
        Of the sample and of the start; another one may give other classes.
    samples : int
        Number of pixels on which classes are found, drawn from all; fewer are all taken.
    isodata : bool
        Split wide classes, merge close ones and dissolve small ones, as ISODATA does.
    max_std : float, optional
        Of --isodata: standard deviation of a class in its widest band, in those of the band, above which it may be split; 0.5.
    min_distance : float, optional
        Of --isodata: distance of centers, in standard deviations of the bands, below which classes are merged; 0.5.
    min_pixels : int, optional
        Of --isodata: pixels below which a class is dissolved; by default 0.2 percent of all.
    max_classes : int, optional
        Of --isodata: classes that there may be where some are wide; by default as many as --classes, and up to twice as many that
        stand apart from each other.
    model : path, optional
        Classes (JSON) that were saved before, to be applied as they are, to bands of the same names in the same order (unless
        --bands says which they are) and to values of the same unit.
    save_model : path, optional
        File to write (JSON) by which other scenes get the same classes.
    names : texts, optional
        Names of the classes, separated by commas, in the order of the codes.
    rgb : whole numbers, optional
        Bands that are red, green and blue, so that each class has its own color; by default those called so, else any colors.
    lut : name or path, optional
        Color table: a shipped one or an installed colormap by name, a file in any format of tsraster lut list, or a raster.
    cog : bool
        Write GeoTIFFs as cloud optimized GeoTIFFs.
    sidecars : texts, optional
        Files to write beside the class map: qml (QGIS style), clr (ESRI colors), stac (classification:classes).
    stats : path, optional
        Table to write (CSV) with a row for each class and band: pixels, percent, area, mean and standard deviation.
    pixel_size : size, optional
        Size of a pixel with its unit, for areas: 0.65um, or 0.65x0.7um; by default what the raster says of it.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about two million values along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where blocks are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Clustering
        The classes, their mean spectra, and what was written.

    Raises
    ------
    UsageError
        The options contradict each other or are wrong in themselves.
    ReadError, BandError, DataError
        A source cannot be read; has no such band or physical value; has other bands than the others or the model, or values in
        another unit than the model; or no pixel has data.
    TableError, LutError
        The file of the classes is wrong, or the color table does not cover all of them.
    WriteError
        An output exists and `overwrite` is False, or cannot be written. No output is changed then.
    MissingExtraError
        scikit-learn or numba is not installed.

    Warns
    -----
    FewerClassesWarning
        There are fewer different pixels than classes.
    LossWarning
        An output cannot hold something.

    Notes
    -----
    Memory is that of a few blocks and of the sample, for rasters of any size. Means and standard deviations are exact, and the
    sample does not depend on the order in which pixels are read, so that the block size, the number of workers and the executor
    do not change a pixel.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _, section = draw_samples(folder)
    ...     result = cluster_files([section], f"{folder}/classes.tif", classes=3)
    >>> [one.code for one in result.spectra], [band.name for band in result.bands]
    ([1, 2, 3], ['red', 'green', 'blue'])
    """
    plan = ClusterPlan(
        classes=classes, seed=seed, samples=samples, isodata=isodata, max_std=max_std, min_distance=min_distance,
        min_pixels=min_pixels, max_classes=max_classes, rgb=rgb, is_loaded=model is not None,
    )  # fmt: skip
    reading = SourcePlan(
        landsat=landsat,
        mtl=mtl,
        raw=raw,
        qa=qa,
        mask=mask,
        confidence=confidence,
        mask_file=mask_file,
        clip=clip,
        clip_layer=clip_layer,
        stac=stac,
    )
    colors = None if lut is None else load_lut(lut)
    loaded = None if model is None else load_clusters(model)
    if pixel_size is not None:
        parse_pixel_size(pixel_size)
    targets = plan_targets(sources, destination, cog=cog)
    beside = [list_sidecars(target, sidecars, has_colors=True) for target in targets]
    maps = [target.path for target in targets]
    wanted = [*maps, *(path for files in beside for path in files.values()), *list_paths(save_model, stats)]
    inputs = [*sources, *list_paths(model, lut), *reading.files]
    Outputs(wanted, sources=inputs, overwrite=overwrite)
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        scenes = open_scenes(stack, sources, bands, reading)
        if loaded is not None and model is not None:
            for scene in scenes:
                check_fit(loaded, scene, model, are_named=bands is not None)
        files = [file for scene in scenes for file in scene.raster.files]
        outputs = stack.enter_context(Outputs(wanted, sources=[*inputs, *files], overwrite=overwrite))
        for target in targets:
            warn_of_styles(target, None, sidecars)
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        scales = find_scales(scenes, work, more=1 if loaded is not None else 2)
        clusters = loaded if loaded is not None else plan.fit(scenes, scales, work)
        clusters = clusters if names is None else clusters.rename(names)
        palette = make_lut(clusters, colors)
        job = ClusterJob(clusters=clusters, scales=scales)
        totals = job.run(scenes, targets, beside, palette, outputs, work)
        areas = [find_pixel_area(scene.raster, pixel_size=pixel_size) for scene in scenes]
        spectra = list_spectra(clusters, totals, areas, palette.names)
        known = list_bands(scenes[0])
        if save_model is not None:
            write_text(outputs.stage(save_model), clusters.to_json())
        if stats is not None:
            write_rows(outputs.stage(stats), HEADER, tabulate(spectra, known))
    return Clustering(
        clusters=clusters,
        bands=known,
        spectra=spectra,
        scenes=tuple(
            ClusteredScene(
                source=scene.raster.name,
                counts=tuple(total.counts.tolist()),
                without_data=scene.size - int(total.counts.sum()),
                written=os.fspath(target.path),
            )
            for scene, total, target in zip(scenes, totals, targets, strict=True)
        ),
        lut=palette,
        written=tuple(os.fspath(path) for path in wanted),
        notes=(*dict.fromkeys(note for scene in scenes for note in scene.notes), *plan.describe(clusters)),
    )
