"""Measure the pores of a volume in three dimensions: `pores_file`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tsraster.classtable import Number
from tsraster.errors import DataError, UsageError, WriteError
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.pores.porebodies import KINDS, measure_bodies, plan_bodies, write_bodies, write_thickness
from tsraster.pipeline.pores.poremask import PoreMask
from tsraster.pipeline.pores.porereport import write_report
from tsraster.pipeline.pores.poreresult import Pores, measure_pores
from tsraster.pipeline.pores.poresurfaces import CellCounter
from tsraster.pipeline.pores.poretable import write_profiles, write_table
from tsraster.pipeline.pores.poreviews import make_looks, plan_looks
from tsraster.pipeline.pores.segmentation import Slabs, choose_rule, find_porosity
from tsraster.preparing.denoising import fit_denoising, parse_denoising
from tsraster.reading.volumes import crop_volume, open_volume
from tsraster.volume import Volume
from tsraster.volumes.components import find_components, label_slabs
from tsraster.writing import Outputs

if TYPE_CHECKING:
    from tsraster.schemes import Distribution

_SLAB_VOXELS = 2**22
"""Of what is read at once to be counted."""


def pores_file(
    source: PathLike | Sequence[PathLike],
    directory: PathLike,
    *,
    pore: str = "dark",
    scheme: str = "otsu",
    threshold: Number | None = None,
    per_slice: bool = False,
    denoise: str | None = None,
    connectivity: int = 6,
    min_size: int = 1,
    shape: Sequence[int] | None = None,
    dtype: str | None = None,
    offset: int = 0,
    gap: int = 0,
    byte_order: str | None = None,
    dataset: str | None = None,
    voxel_size: str | None = None,
    box: Sequence[int] | None = None,
    surfaces: bool = False,
    bodies: Sequence[str] = (),
    labels: Sequence[str] = (),
    looks: Sequence[str] = (),
    meshes: Sequence[int] | None = None,
    mesh_format: str = "ply",
    mesh_step: int = 1,
    preview: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Pores:
    """Measure the pores of a volume, such as one of micro-CT, slab by slab and in three dimensions.

    Parameters
    ----------
    source : path
        Volume: .raw with --shape, .mhd, .mha, .nrrd, .nhdr, a TIFF of many pages, a folder or pattern of slices, .npy, Zarr, HDF5
        or NetCDF.
    directory : path
        Folder for what is found; it is made if need be. It gets pores.csv, profiles.csv and report.json; where pyarrow is
        installed also pores.parquet.
    pore : text
        What pores are: dark or light voxels, as a threshold parts them, or the value that they have, such as 0.
    scheme : text
        Scheme by which the threshold is found, of two classes: otsu, li, yen, isodata, triangle, minimum, mean, ...; one for the
        whole volume.
    threshold : number, optional
        Threshold instead: dark voxels are those up to it, light ones those above it.
    per_slice : bool
        Find a threshold for each slice. It jitters from slice to slice, and breaks pores apart; for volumes whose slices were
        scaled one by one. A slice of one value has no pores.
    denoise : text, optional
        Denoise first: median:SIZE, gaussian:SIGMA, nlm, nlm:H or tv:WEIGHT. Porosity without it is reported beside.
    connectivity : 6, 18 or 26
        Voxels of one pore share a face (6), a face or an edge (18), or at least a corner (26).
    min_size : int
        Pores of fewer voxels, in three dimensions, are left out of tables and labels; for the porosity they count.
    shape : whole numbers, optional
        Planes, rows and columns of a .raw: z,y,x.
    dtype : text, optional
        Type of the voxels of a .raw: uint8, uint16, int16, float32, ... or ImageJ's names such as "16-bit Unsigned".
    offset : int
        Bytes before the first plane of a .raw.
    gap : int
        Bytes between the planes of a .raw.
    byte_order : "little" or "big", optional
        Of a .raw; little by default, where ImageJ's default is big.
    dataset : text, optional
        Path of the array in an HDF5, Zarr or NetCDF file.
    voxel_size : text, optional
        Size of a voxel with its unit, such as 2.25um, or 5x2.25x2.25um along z, y, x; by default what the file says.
    box : whole numbers, optional
        Part of the volume: z0,y0,x0,z1,y1,x1 in voxels; the last three are not in it. Places are counted from its corner.
    surfaces : bool
        Measure surface (by the formula of Crofton), sphericity and Euler number of each pore.
    bodies : texts
        Sizes in the connected space, measured in memory: partition (bodies.csv: the pore space parted at its throats by a
        watershed of distances), thickness (thickness.csv: local thickness by volume); separated by commas.
    labels : texts
        Labels to write: palette (labels.tif, 8 bits in colors of which neighbors differ), full (labels_full.tif, ids of 32 bits),
        zarr (labels.zarr, OME-Zarr); separated by commas.
    looks : texts
        Moving pictures to make: gif and mp4 (slices.gif, slices.mp4: slice after slice), html (pores.html: a page in which the
        pores are turned by the mouse); separated by commas.
    meshes : whole numbers, optional
        Ids of pores whose surfaces are written, separated by commas.
    mesh_format : "ply", "stl" or "glb"
        Format of these.
    mesh_step : int
        Take every so many voxels for a mesh.
    preview : bool
        Keep a small volume of color codes in the result, for plots.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    executor : concurrent.futures.Executor, optional
        Where slabs are worked on, instead of threads.
    progress : callable, optional
        Called with the number of slabs done and of all slabs.

    Returns
    -------
    Pores

    Raises
    ------
    UsageError
        An option is wrong, or two contradict each other.
    ReadError
        The volume cannot be read; the text says what would fit where a .raw has another size.
    DataError
        All voxels have one value, or none is pore.
    MissingExtraError
        A format or a picture needs a library that is not installed.
    WriteError
        An output exists, or cannot be written.

    Notes
    -----
    Memory is that of a few slabs of planes, and of the table of pores; no volume of labels is held. The number of workers, the
    executor and the height of slabs change nothing. Voxels without data, NaN or the nodata value of HDF5 and NetCDF, are no
    pores; porosities are shares of all voxels, with them.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from tsraster.samples.balls import draw_balls
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     drawn = draw_balls((40, 40, 40), radii=[5, 6, 7], seed=1)
    ...     np.save(f"{folder}/balls.npy", drawn.volume)
    ...     found = pores_file(f"{folder}/balls.npy", f"{folder}/pores", voxel_size="2um")
    >>> len(found.components), found.components.voxels.sum() == (drawn.volume == 0).sum()
    (3, np.True_)
    """
    out = Path(directory)
    with ExitStack() as stack:
        volume = stack.enter_context(
            open_volume(
                source,
                shape=None if shape is None else tuple(shape),
                dtype=dtype,
                offset=offset,
                gap=gap,
                byte_order=byte_order,
                dataset=dataset,
                voxel_size=voxel_size,
            )
        )
        if box is not None:
            volume = crop_volume(volume, box)
        if min_size < 1:
            raise UsageError(f"--min-size {min_size} is no number of voxels; give a number from 1")
        looking = plan_looks(
            labels=labels,
            looks=looks,
            meshes=meshes,
            mesh_format=mesh_format,
            mesh_step=mesh_step,
            preview=preview,
        )
        tables = [out / name for name in ("pores.csv", "profiles.csv", "report.json")]
        has_parquet = find_spec("pyarrow") is not None
        tables += [out / "pores.parquet"] if has_parquet else []
        kinds = plan_bodies(bodies, volume.shape)
        tables += [out / KINDS[kind] for kind in kinds]
        _make_folder(out)
        outputs = stack.enter_context(
            Outputs([*tables, *looking.list_paths(out)], sources=volume.files, overwrite=overwrite)
        )
        work = stack.enter_context(block_work(workers=workers, executor=executor, progress=progress))
        mask, before, distribution = _segment(
            volume, work, pore=pore, scheme=scheme, threshold=threshold, per_slice=per_slice, denoise=denoise
        )
        components = find_components(
            mask.read,
            volume.shape,
            connectivity=connectivity,
            smallest=min_size,
            height=None if denoise is None else mask.slabs.height,
            run=work.run_each,
        )
        if not components.total:
            raise DataError(f"{volume.name} has no pore: no voxel is {mask.rule.describe()}")
        result = measure_pores(
            volume, mask, components, before, distribution, scheme=scheme, denoise=denoise, min_size=min_size
        )
        result = replace(
            result,
            box=None if box is None else tuple(box),
            bodies=measure_bodies(kinds, mask, volume.voxel_size),
        )
        if looking.is_any or surfaces:
            cells = CellCounter(volume.shape[0]) if surfaces else None
            slabs = label_slabs(mask.read, components, run=work.run_each)
            small = make_looks(
                looking,
                slabs if cells is None else cells.watch(slabs),
                components,
                outputs=outputs,
                out=out,
                name=volume.name,
                voxel_size=volume.voxel_size,
            )
            result = replace(result, preview=small, surfaces=None if cells is None else cells.measure(result))
        written = tuple(os.fspath(path) for path in (*tables, *looking.list_paths(out)))
        result = replace(result, written=written)
        write_table(outputs.stage(tables[0]), result)
        write_profiles(outputs.stage(tables[1]), result)
        write_report(outputs.stage(tables[2]), result)
        if has_parquet:
            write_table(outputs.stage(out / "pores.parquet"), result)
        if result.bodies.partition is not None:
            write_bodies(outputs.stage(out / KINDS["partition"]), result.bodies.partition)
        if result.bodies.thickness is not None:
            write_thickness(outputs.stage(out / KINDS["thickness"]), result.bodies.thickness)
    return result


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {out} cannot be made ({error.strerror})") from None


def _choose_height(volume: Volume, halo: int = 0) -> int:
    """Return planes of a slab: whole pieces of what the format stores, and not less than the planes that are read around it."""
    _, rows, cols = volume.shape
    return max(2 * halo, max(1, _SLAB_VOXELS // (rows * cols * volume.planes)) * volume.planes)


def _segment(
    volume: Volume,
    work: BlockWork,
    *,
    pore: str,
    scheme: str,
    threshold: Number | None,
    per_slice: bool,
    denoise: str | None,
) -> tuple[PoreMask, tuple[Number, float] | None, Distribution | None]:
    """Decide what is pore; return also threshold and porosity without denoising, and the distribution of the values."""
    asked = None if denoise is None else parse_denoising(denoise)
    if asked is not None and volume.nodata is not None:
        raise UsageError(f"{volume.name} has no data at {volume.nodata:g}, which --denoise would smear; leave it out")
    height = _choose_height(volume)
    raw = Slabs(volume=volume, denoising=None, height=height)
    options = {"pore": pore, "scheme": scheme, "threshold": threshold, "per_slice": per_slice}
    if asked is None:
        rule, distribution = choose_rule(raw, work, **options)  # type: ignore[arg-type]
        return PoreMask(slabs=raw, rule=rule), None, distribution
    plain, values = choose_rule(raw, work, **options)  # type: ignore[arg-type]
    before = None
    if values is not None and plain.threshold is not None:
        before = plain.threshold, find_porosity(values, plain)
    denoising = fit_denoising(asked, volume)
    slabs = Slabs(volume=volume, denoising=denoising, height=_choose_height(volume, denoising.halo))
    rule, distribution = choose_rule(slabs, work, **options)  # type: ignore[arg-type]
    return PoreMask(slabs=slabs, rule=rule), before, distribution
