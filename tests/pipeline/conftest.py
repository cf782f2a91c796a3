"""What tests of jobs share: an attribute table beside a raster, the program gdal of GDAL 3.12, and QGIS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

FIELDS = (("Value", 0, 5), ("Class_Name", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8))
"""Name, type and usage, as GDAL numbers them."""

QGIS_PROGRAM = r"""
import json, sys
from qgis.core import QgsApplication, QgsRasterLayer

app = QgsApplication([], False)
app.initQgis()
layer = QgsRasterLayer(sys.argv[1], "r")
renderer = layer.renderer()
classes = renderer.classes() if renderer.type() == "paletted" else []
said = {"valid": layer.isValid(), "type": renderer.type()}
said["classes"] = [[one.value, list(one.color.getRgb()), one.label] for one in classes]
said["legend"] = [text for text, _ in renderer.legendSymbologyItems()]
if hasattr(layer, "attributeTable"):
    table = layer.attributeTable(1)
    said["fields"] = None if table is None else [field.name for field in table.fields()]
    said["rows"] = None if table is None else [[str(cell) for cell in row] for row in table.data()]
print("ANSWER", json.dumps(said), flush=True)
"""


@pytest.fixture(scope="session")
def write_rat() -> Callable[..., Path]:
    """Give a function that writes an attribute table into the .aux.xml of a raster, as GDAL spells it."""

    def write(
        path: Path, rows: Sequence[Sequence[Any]], fields: Sequence[tuple[str, int, int]] = FIELDS, attributes: str = ""
    ) -> Path:
        head = "".join(
            f'<FieldDefn index="{i}"><Name>{name}</Name><Type>{kind}</Type><Usage>{usage}</Usage></FieldDefn>'
            for i, (name, kind, usage) in enumerate(fields)
        )
        body = "".join(
            f'<Row index="{i}">{"".join(f"<F>{escape(str(cell))}</F>" for cell in row)}</Row>'
            for i, row in enumerate(rows)
        )
        path.with_name(f"{path.name}.aux.xml").write_text(
            f'<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable {attributes} tableType="thematic">{head}{body}'
            "</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture(scope="session")
def gdal312() -> Callable[..., bool]:
    """Give what `find_gdal312` finds."""
    return find_gdal312()


def find_gdal312() -> Callable[..., bool]:
    """Return a function that runs the program gdal of GDAL 3.12 or later, and says whether it did it."""
    beside = Path(__file__).parents[2].parent / "shared" / "bench" / "gdal"
    program = os.environ.get("TSRASTER_BENCH_GDAL", os.fspath(beside))
    if not Path(program).is_file():
        pytest.skip("the program gdal of GDAL 3.12 is not installed; name it in TSRASTER_BENCH_GDAL")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}

    def run(*arguments: object) -> bool:
        words = [program, *(os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments)]
        return subprocess.run(words, capture_output=True, env=own, check=False).returncode == 0

    if not run("--version"):
        pytest.skip("the program gdal of GDAL 3.12 cannot be run")
    return run


@pytest.fixture(scope="session")
def ask_qgis() -> Callable[[Path], dict[str, Any]]:
    """Give a function that returns what QGIS shows of a raster that somebody drops into it; skip where it is not installed."""
    python = shutil.which("python3", path="/usr/bin")
    if python is None or subprocess.run([python, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("the program QGIS is not installed, or not for the Python of the system")
    env = {"QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}

    def ask(path: Path) -> dict[str, Any]:
        command = [python, "-c", QGIS_PROGRAM, os.fspath(path)]
        done = subprocess.run(command, capture_output=True, env=env, check=False, encoding="utf-8")
        answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
        assert answers, f"QGIS ended without an answer: {done.stderr[-500:]}"
        said: dict[str, Any] = json.loads(answers[0].removeprefix("ANSWER"))
        return said

    return ask
