"""What the page carries out is what it spells, with the files that only the page can write."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.running.runs import Run, find_absolute, plan_classes_run, plan_options
from tsraster.cli.program import program
from tsraster.errors import WriteError
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.sourcing.sources import SourcePlan

OPTIONS: dict[str, Any] = {"band": 1, "smooth": None, "with_picture": False, "with_table": False}


@pytest.fixture
def band(tmp_path: Path, draw_raster: Callable[..., Path]) -> Path:
    return draw_raster(tmp_path / "band.tif", np.arange(64, dtype=np.uint8).reshape(8, 8))


def plan(band: Path, draft: ClassDraft, *, overwrite: bool = False) -> Run:
    destination = band.with_name("c.tif")
    return plan_classes_run([str(band)], [destination], draft.state, SourcePlan(), overwrite=overwrite, **OPTIONS)


def test_colors_of_a_table_need_no_file(band: Path) -> None:
    run = plan(band, ClassDraft.from_cutoffs([20, 40], lut=load_lut("categorical")))
    assert (run.needs, run.comment) == ((), "")
    assert "--lut categorical" in run.command


def test_colors_chosen_by_hand_are_saved_for_the_command(band: Path) -> None:
    draft = ClassDraft.from_cutoffs([20, 40], lut=load_lut("categorical"))
    draft.recolor(0, (1, 2, 3, 255))
    run, colors, own = plan(band, draft), band.with_name("c_colors.csv"), set[Path]()
    assert run.command.splitlines()[0] == f"# reads {colors}, saved by Run and by Copy"
    assert run.python.splitlines()[0] == run.command.splitlines()[0]
    run.save(own)
    run.save(own)  # what the page has saved it may replace
    done = CliRunner().invoke(program, shlex.split(run.command, comments=True)[1:])
    assert done.exit_code == 0, done.output
    assert "#010203" in colors.read_text(encoding="utf-8").lower() or "1,2,3" in colors.read_text(encoding="utf-8")


def test_files_of_others_are_not_replaced_unasked(band: Path) -> None:
    draft = ClassDraft.from_cutoffs([20, 40])
    colors = band.with_name("c_colors.csv")
    colors.write_text("mine")
    with pytest.raises(WriteError, match="exists already"):
        plan(band, draft).save(set())
    assert colors.read_text() == "mine"
    plan(band, draft, overwrite=True).save(set())
    assert colors.read_text() != "mine"


def test_nothing_is_saved_for_a_run_that_is_refused(band: Path) -> None:
    band.with_name("c.tif").write_text("mine")
    with pytest.raises(WriteError, match="exists already"):
        plan(band, ClassDraft.from_cutoffs([20, 40])).do(lambda _: None, threading.Event(), set())
    assert not band.with_name("c_colors.csv").exists()


def test_files_are_spelled_so_that_any_folder_will_do(band: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(band.parent)
    assert find_absolute("band.tif") == str(band)
    assert find_absolute("https://example.org/band.tif") == "https://example.org/band.tif"
    assert plan_options(SourcePlan(mask_file="band.tif"))["mask_file"] == str(band)
