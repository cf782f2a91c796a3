"""Meshes arrive as other programs read them, and the page needs no network."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tsraster.errors import DataError, MissingExtraError, UsageError, WriteError
from tsraster.writing.meshfiles import MESH_ENDINGS, Surface, join_surfaces, write_mesh, write_mesh_page

trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")


def make_box(name: str, x: float, color: tuple[int, int, int]) -> Surface:
    box = trimesh.creation.box(extents=(1, 2, 3))
    return Surface(
        vertices=(box.vertices + np.array([x, 0, 0])).astype(np.float32),
        faces=box.faces.astype(np.int32),
        color=color,
        name=name,
    )


SURFACES = [make_box("pore 7", 0, (200, 10, 30)), make_box("<b>", 5, (0, 90, 250))]


@pytest.mark.parametrize("ending", MESH_ENDINGS)
def test_a_mesh_is_read_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"m{ending}"
    write_mesh(path, SURFACES)
    mesh = trimesh.load(path, force="mesh")
    mesh.merge_vertices()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(12)
    np.testing.assert_allclose(mesh.bounds, [[-0.5, -1, -1.5], [5.5, 1, 1.5]])


def test_an_stl_is_binary(tmp_path: Path) -> None:
    write_mesh(tmp_path / "m.stl", SURFACES)
    assert (tmp_path / "m.stl").stat().st_size == 84 + 50 * 24


def test_a_ply_has_the_color_of_each_vertex(tmp_path: Path) -> None:
    write_mesh(tmp_path / "m.ply", SURFACES)
    colors = trimesh.load(tmp_path / "m.ply", process=False).visual.vertex_colors
    np.testing.assert_array_equal(colors[:, :3], np.repeat([(200, 10, 30), (0, 90, 250)], 8, axis=0))


def test_a_glb_has_each_surface_by_its_name(tmp_path: Path) -> None:
    write_mesh(tmp_path / "m.glb", SURFACES)
    scene = trimesh.load(tmp_path / "m.glb")
    assert set(scene.geometry) == {"pore 7", "<b>"}
    assert (scene.geometry["<b>"].visual.vertex_colors[:, :3] == (0, 90, 250)).all()


def test_joined_surfaces_keep_their_triangles() -> None:
    joined = join_surfaces(SURFACES)
    np.testing.assert_array_equal(joined.vertices[joined.faces[12:]], SURFACES[1].vertices[SURFACES[1].faces])
    assert joined.colors.shape == (16, 3)


def test_a_page_has_everything_inside_and_shows_names_as_text(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_mesh_page(path, SURFACES, title="a <script>", notes=["6 & 7"])
    page = path.read_text(encoding="utf-8")
    assert "<title>a &lt;script&gt;</title>" in page
    assert all(text in page for text in ("6 &amp; 7", "&lt;b&gt;", "#c80a1e", "pore 7"))
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert not re.search(r"<link|import\s*\(|@import", page)
    embedded = re.search(r'base64_data="([^"]+)"', page)
    assert embedded is not None
    scene = trimesh.load(io.BytesIO(base64.b64decode(embedded[1])), file_type="glb")
    assert len(scene.geometry) == 2
    # All of it lies before the camera, and in its view.
    place = np.linalg.inv(scene.camera_transform)
    x, y, z = trimesh.transform_points(trimesh.bounds.corners(scene.bounds), place).T
    assert (z < 0).all()
    half_wide, half_high = np.tan(np.radians(scene.camera.fov) / 2)
    assert (np.abs(x / z) < half_wide).all()
    assert (np.abs(y / z) < half_high).all()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"m\.obj has no ending that meshes can have; choose \.stl"):
        write_mesh(tmp_path / "m.obj", SURFACES)
    with pytest.raises(DataError, match="no surface"):
        write_mesh(tmp_path / "m.stl", [])
    with pytest.raises(DataError, match="no surface"):
        write_mesh_page(tmp_path / "m.html", [], title="")
    with pytest.raises(WriteError, match=r"m\.stl cannot be written"):
        write_mesh(tmp_path / "nowhere" / "m.stl", SURFACES)


def test_without_trimesh_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trimesh", None)
    with pytest.raises(MissingExtraError, match=r"tsraster\[meshes\]"):
        write_mesh(tmp_path / "m.stl", SURFACES)
