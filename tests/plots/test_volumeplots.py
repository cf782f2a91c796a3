"""Pictures of volumes show what is there, to scale."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tsraster.coloring.labelcolors import label_colors
from tsraster.errors import DataError, MissingExtraError, WriteError
from tsraster.plots.porescene import plot_scene
from tsraster.plots.slices import plot_slices
from tsraster.volume import VoxelSize
from tsraster.volumes.meshes import trace_preview
from tsraster.volumes.preview import PreviewVolume

COLORS = label_colors()


def make_preview() -> PreviewVolume:
    codes = np.zeros((20, 30, 40), np.uint8)
    codes[5:15, 10:20, 15:25], codes[2:5, 2:6, 30:38] = 2, 5
    preview = PreviewVolume(codes.shape, voxel_size=VoxelSize(z=4.0, y=2.0, x=2.0, unit="um"))
    preview.add(0, codes)
    return preview


def find_extent(path: Path, color: np.ndarray) -> tuple[int, int]:
    """Return rows and columns from the first to the last pixel of a color, in the left third of a picture."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    pixels = pixels[:, : pixels.shape[1] // 3]
    rows, cols = np.nonzero(np.abs(pixels - color).max(axis=2) < 8)
    return int(np.ptp(rows)), int(np.ptp(cols))


def test_slices_are_drawn_in_their_colors_and_to_scale(tmp_path: Path) -> None:
    path = tmp_path / "s.png"
    plot_slices(make_preview(), COLORS, path, title="rock $1")
    rows, cols = find_extent(path, COLORS[2])
    assert rows > 30
    assert rows == pytest.approx(cols, abs=3)
    black_rows, black_cols = find_extent(path, COLORS[0])
    assert black_cols > cols
    assert black_rows > rows


@pytest.mark.parametrize("shape", [(300, 4, 4), (1, 200, 100), (1, 1, 1)], ids=str)
def test_slices_of_any_proportion_can_be_drawn(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    path = tmp_path / "s.png"
    plot_slices(PreviewVolume(shape), COLORS, path)
    with Image.open(path) as picture:
        assert max(picture.size) < 1700
        assert min(picture.size) > 60


def test_pores_are_drawn_without_a_display(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyvista", reason="pyvista is not installed")
    preview = make_preview()
    surface = trace_preview(preview, COLORS)
    assert surface is not None
    path = tmp_path / "p.png"
    try:
        plot_scene([surface], preview, path, title="rock")
    except WriteError as error:
        pytest.skip(f"nothing can be drawn in three dimensions here: {error}")
    assert capfd.readouterr() == ("", "")
    pixels = np.asarray(Image.open(path).convert("HSV")).astype(int)
    hue = np.asarray(Image.new("RGB", (1, 1), tuple(COLORS[2].tolist())).convert("HSV")).astype(int)[0, 0, 0]
    vivid = pixels[pixels[:, :, 1] > 128]
    assert (np.abs(vivid[:, 0] - hue) < 6).sum() > 5000


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to draw"):
        plot_scene([], make_preview(), tmp_path / "p.png")


def test_without_pyvista_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvista", None)
    surface = trace_preview(make_preview(), COLORS)
    assert surface is not None
    with pytest.raises(MissingExtraError, match=r"tsraster\[meshes\]"):
        plot_scene([surface], make_preview(), tmp_path / "p.png")
