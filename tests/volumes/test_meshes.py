"""Surfaces are closed, as large as what they wrap, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from tsraster.errors import UsageError
from tsraster.volume import VoxelSize
from tsraster.volumes.meshes import PoreCrops, trace_preview, trace_surface
from tsraster.volumes.preview import PreviewVolume
from tsraster.writing.meshfiles import Surface

trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")


def as_mesh(surface: Surface) -> Any:
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


def draw_ball(shape: tuple[int, int, int], center: tuple[float, float, float], radius: float) -> np.ndarray:
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    return np.asarray((z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2 <= radius**2)


@pytest.mark.parametrize(("step", "within"), [(1, 0.01), (2, 0.04), (3, 0.08)])
def test_a_ball_has_its_volume_and_its_place(step: int, within: float) -> None:
    ball = draw_ball((26, 28, 30), (12.3, 13.0, 15.5), 10)
    mesh = as_mesh(trace_surface(ball, spacing=(3.0, 2.0, 0.5), origin=(100.0, 0.0, -7.0), step=step))
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    # A positive volume has normals that point out of it.
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 1000 * 3, rel=within)
    np.testing.assert_allclose(mesh.center_mass, [15.5 * 0.5 - 7, 26, 12.3 * 3 + 100], atol=0.5 * step)


def test_what_reaches_the_border_is_closed_there() -> None:
    mesh = as_mesh(trace_surface(np.ones((4, 5, 6), bool)))
    assert mesh.is_watertight
    np.testing.assert_allclose(mesh.bounds, [[-0.5, -0.5, -0.5], [5.5, 4.5, 3.5]])


def list_boxes(labels: np.ndarray) -> dict[int, list[int]]:
    return {
        label: [part.start for part in box] + [part.stop for part in box]
        for label, box in enumerate(ndimage.find_objects(labels), 1)
    }


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("height", [1, 7, 64])
def test_crops_do_not_depend_on_slabs(height: int, step: int) -> None:
    labels, number = ndimage.label(
        ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(40, 30, 35)), 2) > 0.06
    )
    assert number > 5
    crops = PoreCrops(list_boxes(labels), step=step)
    for start in range(0, 40, height):
        crops.add(start, labels[start : start + height])
    found = {surface.name: surface for surface in crops.trace(dict.fromkeys(range(1, number + 1), (1, 2, 3)))}
    kept = labels[step // 2 :: step, step // 2 :: step, step // 2 :: step]
    assert set(found) == {f"pore {label}" for label in np.unique(kept) if label}
    for label in np.unique(kept)[1:]:
        whole = trace_surface(kept == label, spacing=(step, step, step), origin=(step // 2,) * 3)
        surface = found[f"pore {label}"]
        assert as_mesh(surface).volume == pytest.approx(as_mesh(whole).volume, rel=1e-4)
        np.testing.assert_allclose(surface.vertices.min(axis=0), whole.vertices.min(axis=0))
        np.testing.assert_allclose(surface.vertices.max(axis=0), whole.vertices.max(axis=0))


def test_pores_of_a_real_rock_are_watertight(shared_data: Path) -> None:
    raw = np.fromfile(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8).reshape(200, 200, 200)
    labels, _ = ndimage.label(raw[:60] == 0)
    sizes = np.bincount(labels.ravel())
    boxes = list_boxes(labels)
    chosen = [int(label) for label in np.argsort(-sizes[1:])[1:8] + 1]
    crops = PoreCrops({label: boxes[label] for label in chosen})
    crops.add(0, labels)
    size = VoxelSize(z=2.0, y=2.0, x=2.0, unit="um")
    for label, surface in zip(chosen, crops.trace(dict.fromkeys(chosen, (9, 9, 9)), size), strict=True):
        mesh = as_mesh(surface)
        assert mesh.is_watertight
        # Corners of small rough pores are a good part of them.
        assert 0.7 < mesh.volume / (sizes[label] * 8) < 1
        low = np.array(boxes[label][2::-1]) * 2.0 - 1
        np.testing.assert_allclose(mesh.bounds[0], low)


def test_boxes_that_cannot_be_held_are_refused_with_a_step_that_works() -> None:
    box = [0, 0, 0, 1500, 1000, 1000]
    with pytest.raises(UsageError, match=r"1,500,000,000 voxels.*--mesh-step 2"):
        PoreCrops({1: box})
    PoreCrops({1: box}, step=2)
    with pytest.raises(UsageError, match="from 1"):
        PoreCrops({1: box}, step=0)


def test_vertices_of_a_preview_have_the_colors_of_their_voxels() -> None:
    codes = np.zeros((20, 20, 20), np.uint8)
    codes[2:8, 2:8, 2:8], codes[10:20, 10:20, 10:20] = 3, 250
    preview = PreviewVolume(codes.shape, voxel_size=VoxelSize(z=3, y=2, x=1, unit="um"), most=10)
    preview.add(0, codes)
    colors = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    surface = trace_preview(preview, colors)
    assert surface is not None
    in_first = (surface.vertices < np.array([9, 18, 27])).all(axis=1)
    assert set(surface.colors[in_first, 0].tolist()) == {3}
    assert set(surface.colors[~in_first, 0].tolist()) == {250}
    assert as_mesh(surface).is_watertight


def test_a_surface_of_too_many_triangles_is_made_of_a_thinner_preview() -> None:
    codes = np.where(ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(50, 50, 50)), 2.5) > 0, 7, 0)
    preview = PreviewVolume((50, 50, 50))
    preview.add(0, codes)
    colors = np.zeros((256, 3), np.uint8)
    fine, coarse = trace_preview(preview, colors), trace_preview(preview, colors, most=8_000)
    assert fine is not None
    assert coarse is not None
    assert len(fine.faces) > 25_000
    assert 2_000 < len(coarse.faces) < 10_000
    assert as_mesh(coarse).volume == pytest.approx(as_mesh(fine).volume, rel=0.25)
    np.testing.assert_allclose(coarse.vertices.min(axis=0), fine.vertices.min(axis=0), atol=2.5)


def test_an_empty_preview_has_no_surface() -> None:
    assert trace_preview(PreviewVolume((3, 3, 3)), np.zeros((256, 3), np.uint8)) is None
