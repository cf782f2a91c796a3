"""Styles and color maps of QGIS: what QGIS itself loads, saves and paints, and what old and hand-made files hold."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import TRANSPARENT, Kind, Lut
from tsraster.lutfiles.lutformat import LutFile, LutFormat
from tsraster.lutfiles.qgisstyle import QML
from tsraster.lutfiles.qgistext import QGIS
from tsraster.lutfiles.sldstyle import SLD

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 128, 0, 77), (0, 0, 255, 0)

CLASSES = Lut(
    name="mine", kind="classes", keys=(1, 2, 300), colors=(RED, GREEN, BLUE), names=("sea, deep", "", 'a <b> & "c"')
)
FRACTIONS = Lut(name="mine", kind="classes", keys=(-1.5, 2), colors=(RED, GREEN), names=("low", ""))
INTERVALS = Lut(
    name="mine", kind="intervals", keys=(-math.inf, 1.5, 3, math.inf), colors=(RED, GREEN, BLUE), names=("low", "", "")
)
CLOSED_END = Lut(name="mine", kind="intervals", keys=(-math.inf, 2, 5), colors=(RED, GREEN), names=("", "up to 5"))
RAMP = Lut(
    name="mine", kind="ramp", keys=(0, 2.5, 2.5, 5), colors=(RED, GREEN, BLUE, RED), names=("", "jump", "", "end")
)
TABLES = {"classes": CLASSES, "fractions": FRACTIONS, "intervals": INTERVALS, "closed end": CLOSED_END, "ramp": RAMP}

PROGRAM = r"""
import json, os, sys
from qgis.core import *
from qgis.PyQt.QtGui import QColor

app = QgsApplication([], False)
app.initQgis()
S = QgsColorRampShader
TYPES = {"EXACT": S.Exact, "DISCRETE": S.Discrete, "INTERPOLATED": S.Interpolated}
WORDS = {kind: word for word, kind in TYPES.items()}

def paint(layer):
    block = layer.renderer().block(1, layer.extent(), layer.width(), layer.height())
    pixels = [QColor.fromRgba(block.color(0, i)) for i in range(layer.width())]
    return [list(pixel.getRgb()) for pixel in pixels]

def describe(layer):
    renderer = layer.renderer()
    said = {"type": renderer.type(), "painted": paint(layer), "legend": [text for text, _ in renderer.legendSymbologyItems()]}
    said["nodata"] = list(renderer.nodataColor().getRgb()) if renderer.nodataColor().isValid() else None
    if renderer.type() == "paletted":
        items = renderer.classes()
    else:
        shader = renderer.shader().rasterShaderFunction()
        items, said["shader"], said["clip"] = shader.colorRampItemList(), WORDS[shader.colorRampType()], shader.clip()
        said["range"] = [renderer.classificationMin(), renderer.classificationMax()]
    said["items"] = [[item.value, list(item.color.getRgb()), item.label] for item in items]
    return said

def load(style, raster):
    layer = QgsRasterLayer(raster, "r")
    if style.endswith(".sld"):
        return {"error": layer.loadSldStyle(style)[0]}
    message, ok = layer.loadNamedStyle(style)
    return describe(layer) if ok else {"error": message}

def parse(path):
    ok, items, kind, errors = QgsRasterRendererUtils.parseColorMapFile(path)
    return {"ok": ok, "shader": WORDS[kind], "items": [[i.value, list(i.color.getRgb()), i.label] for i in items]}

def save(raster, word, items, folder, clip=False, nodata=None, minimum=0, maximum=0):
    layer = QgsRasterLayer(raster, "r")
    if word == "paletted":
        C = QgsPalettedRasterRenderer.Class
        classes = [C(value, QColor(*color), label) for value, color, label in items]
        renderer = QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes)
    else:
        function = S(minimum, maximum)
        function.setColorRampType(TYPES[word])
        function.setClip(clip)
        items = [S.ColorRampItem(float(value), QColor(*color), label) for value, color, label in items]
        function.setColorRampItemList(items)
        QgsRasterRendererUtils.saveColorMapFile(os.path.join(folder, "saved.txt"), items, TYPES[word])
        shader = QgsRasterShader()
        shader.setRasterShaderFunction(function)
        renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    if nodata:
        renderer.setNodataColor(QColor(*nodata))
    layer.setRenderer(renderer)
    layer.saveNamedStyle(os.path.join(folder, "saved.qml"))
    layer.saveSldStyle(os.path.join(folder, "saved.sld"))
    return paint(layer)

for line in sys.stdin:
    name, arguments = json.loads(line)
    print("ANSWER", json.dumps(globals()[name](**arguments)), flush=True)
app.exitQgis()
"""

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def qgis() -> Iterator[Ask]:
    """Give a function that asks QGIS, which runs in a process of its own; skip where it is not installed."""
    python = shutil.which("python3", path="/usr/bin")
    if python is None or subprocess.run([python, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("the program QGIS is not installed, or not for the Python of the system")
    process = subprocess.Popen(
        [python, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        text=True,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def ask(name: str, **arguments: Any) -> Any:
        print(json.dumps([name, arguments]), file=questions, flush=True)
        answer = next((line for line in answers if line.startswith("ANSWER")), None)
        assert answer is not None, f"QGIS ended when it was asked to {name} {arguments}"
        return json.loads(answer.removeprefix("ANSWER"))

    yield ask
    questions.close()
    process.wait(timeout=60)
    answers.close()


VALUES = np.array([[-9, 0, 0.5, 1, 1.5, 1.75, 2, 2.5, 2.75, 3, 3.25, 5, 5.5, 300, np.nan]])


@pytest.fixture(scope="session")
def raster(tmp_path_factory: pytest.TempPathFactory, draw_raster: Callable[..., Path]) -> str:
    """Give a raster of the values that are painted; the last is nodata."""
    return str(draw_raster(tmp_path_factory.mktemp("qgis") / "values.tif", VALUES, nodata=np.nan))


def read(form: LutFormat, text: str | bytes) -> Lut:
    return form.read(LutFile(name="mine", data=text.encode("utf-8") if isinstance(text, str) else text))


def paint(lut: Lut, value: float) -> tuple[int, ...]:
    """Say by the definition of `Lut` how a value looks, with QGIS' way to cut off fractions of a color."""
    if math.isnan(value):
        return lut.nodata
    if lut.kind == "classes":
        return dict(zip(lut.keys, lut.colors, strict=True)).get(value, lut.nodata)
    if lut.kind == "intervals":
        i = int(np.searchsorted(lut.keys, value, side="left" if lut.closed == "right" else "right")) - 1
        return lut.colors[i] if 0 <= i < len(lut) else lut.nodata
    if lut.below is not None and not lut.keys[0] <= value <= lut.keys[-1]:
        return lut.below
    i = int(np.searchsorted(lut.keys, value, side="left"))
    if i in (0, len(lut)) or lut.keys[i] == value:
        return lut.colors[min(i, len(lut) - 1)]
    share = (value - lut.keys[i - 1]) / (lut.keys[i] - lut.keys[i - 1])
    return tuple(low + int((high - low) * share) for low, high in zip(lut.colors[i - 1], lut.colors[i], strict=True))


def multiply(color: tuple[int, ...]) -> list[int]:
    """Return a color as QGIS keeps that of a pixel: multiplied by its alpha."""
    return [*(level * color[3] / 255 for level in color[:3]), color[3]]


# What QGIS loads, paints and saves --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "renderer", "shader"),
    [
        ("classes", "paletted", None),
        ("fractions", "singlebandpseudocolor", "EXACT"),
        ("intervals", "singlebandpseudocolor", "DISCRETE"),
        ("closed end", "singlebandpseudocolor", "DISCRETE"),
        ("ramp", "singlebandpseudocolor", "INTERPOLATED"),
    ],
)
def test_qgis_loads_a_style_and_paints_every_value_as_the_table_says(
    qgis: Ask, raster: str, tmp_path: Path, name: str, renderer: str, shader: str | None
) -> None:
    lut = TABLES[name]
    (tmp_path / "mine.qml").write_bytes(QML.write(lut))
    said = qgis("load", style=str(tmp_path / "mine.qml"), raster=raster)
    assert (said["type"], said.get("shader")) == (renderer, shader)
    values = lut.keys[1:] if lut.kind == "intervals" else lut.keys
    assert [(item[0], tuple(item[1])) for item in said["items"]] == list(zip(values, lut.colors, strict=True))
    assert [shown for shown, label in zip(said["legend"], lut.names, strict=True) if label] == [
        n for n in lut.names if n
    ]
    for value, painted in zip(VALUES[0], said["painted"], strict=True):
        assert painted == pytest.approx(multiply(paint(lut, value)), abs=1), value


@pytest.mark.parametrize(
    ("name", "legend"),
    [
        ("classes", "2"),
        ("fractions", "2"),
        ("intervals", "1.5 - 3"),
        ("closed end", "<= 2"),
        ("ramp", "0"),
    ],
)
def test_the_legend_of_qgis_shows_the_number_of_an_entry_without_a_name(
    qgis: Ask, raster: str, tmp_path: Path, name: str, legend: str
) -> None:
    (tmp_path / "mine.qml").write_bytes(QML.write(TABLES[name]))
    said = qgis("load", style=str(tmp_path / "mine.qml"), raster=raster)
    assert said["legend"][TABLES[name].names.index("")] == legend


def test_qgis_takes_the_color_of_nodata_the_hidden_outside_and_the_range(
    qgis: Ask, raster: str, tmp_path: Path
) -> None:
    lut = Lut(name="mine", kind="ramp", keys=(1, 3), colors=(RED, RED), below=TRANSPARENT, above=TRANSPARENT)
    (tmp_path / "mine.qml").write_bytes(QML.write(lut))
    said = qgis("load", style=str(tmp_path / "mine.qml"), raster=raster)
    assert (said["clip"], said["range"], said["nodata"]) == (True, [1, 3], None)
    assert [pixel[3] for pixel in said["painted"]] == [255 if 1 <= value <= 3 else 0 for value in VALUES[0]]
    colored = Lut(name="mine", kind="classes", keys=(1,), colors=(RED,), nodata=(1, 2, 3, 255))
    (tmp_path / "mine.qml").write_bytes(QML.write(colored))
    said = qgis("load", style=str(tmp_path / "mine.qml"), raster=raster)
    assert said["nodata"] == said["painted"][-1] == [1, 2, 3, 255]


@pytest.mark.parametrize("name", TABLES)
def test_qgis_reads_the_color_map(qgis: Ask, tmp_path: Path, name: str) -> None:
    lut = TABLES[name]
    (tmp_path / "mine.txt").write_bytes(QGIS.write(lut))
    said = qgis("parse", path=str(tmp_path / "mine.txt"))
    word = {"classes": "EXACT", "intervals": "DISCRETE", "ramp": "INTERPOLATED"}[lut.kind]
    assert (said["ok"], said["shader"]) == (True, word)
    values = lut.keys[1:] if lut.kind == "intervals" else lut.keys
    assert [(item[0], tuple(item[1])) for item in said["items"]] == list(zip(values, lut.colors, strict=True))
    assert all(name in ("", item[2]) and item[2] for name, item in zip(lut.names, said["items"], strict=True))


ITEMS = {
    "paletted": [[1, RED, "sea & <land>"], [2.5, GREEN, ""], [123456789, BLUE, "x"]],
    "EXACT": [[-1.5, RED, "low"], [2, GREEN, "2"]],
    "DISCRETE": [[1.5, RED, "<= 1.5"], [3, GREEN, "middle"], ["inf", BLUE, "> 3"]],
    "INTERPOLATED": [[0, RED, ""], [2.5, GREEN, "a, b"], [2.5, BLUE, ""], [5, RED, "1e+06"]],
}
SAVED: dict[str, tuple[Kind, tuple[float, ...], tuple[str, ...]]] = {
    "paletted": ("classes", (1, 2.5, 123456789), ("sea & <land>", "", "x")),
    "EXACT": ("classes", (-1.5, 2), ("low", "")),
    "DISCRETE": ("intervals", (-math.inf, 1.5, 3, math.inf), ("", "middle", "")),
    "INTERPOLATED": ("ramp", (0, 2.5, 2.5, 5), ("", "a, b", "", "1e+06")),
}


@pytest.mark.parametrize("word", ITEMS)
def test_what_qgis_saves_is_read_and_means_what_qgis_paints(qgis: Ask, raster: str, tmp_path: Path, word: str) -> None:
    painted = qgis("save", raster=raster, word=word, items=ITEMS[word], folder=str(tmp_path), nodata=[9, 9, 9, 255])
    lut = read(QML, (tmp_path / "saved.qml").read_bytes())
    assert (lut.kind, lut.keys, lut.names, lut.nodata) == (*SAVED[word], (9, 9, 9, 255))
    assert list(lut.colors) == [color for _, color, _ in ITEMS[word]]
    for value, pixel in zip(VALUES[0], painted, strict=True):
        assert pixel == pytest.approx(multiply(paint(lut, value)), abs=1), value
    if word != "paletted":
        text = read(QGIS, (tmp_path / "saved.txt").read_bytes())
        assert (text.kind, text.keys, text.names) == SAVED[word]
        assert text.colors == lut.colors


def test_qgis_hides_what_is_outside_of_a_clipped_ramp(qgis: Ask, raster: str, tmp_path: Path) -> None:
    items = [[1, RED, ""], [3, RED, ""]]
    painted = qgis("save", raster=raster, word="INTERPOLATED", items=items, folder=str(tmp_path), clip=True)
    lut = read(QML, (tmp_path / "saved.qml").read_bytes())
    assert (lut.below, lut.above) == (TRANSPARENT, TRANSPARENT)
    assert [pixel[3] for pixel in painted] == [paint(lut, value)[3] for value in VALUES[0]]


def test_qgis_does_not_sort_and_so_paints_what_is_unsorted_in_another_way(
    qgis: Ask, raster: str, tmp_path: Path
) -> None:
    items = [[5, RED, ""], [2, GREEN, ""], [7, BLUE, ""]]
    painted = qgis("save", raster=raster, word="DISCRETE", items=items, folder=str(tmp_path))
    with pytest.warns(LutWarning, match="do not increase"):
        lut = read(QML, (tmp_path / "saved.qml").read_bytes())
    assert lut.keys == (-math.inf, 2, 5, 7)
    assert painted[1] == list(RED) != list(paint(lut, VALUES[0, 1]))


@pytest.mark.parametrize("word", ITEMS)
def test_what_qgis_saves_as_sld_is_read_and_the_sides_of_its_intervals_are_said(
    qgis: Ask, raster: str, tmp_path: Path, word: str
) -> None:
    items = [item for item in ITEMS[word] if item[0] != 123456789]
    painted = qgis("save", raster=raster, word=word, items=items, folder=str(tmp_path))
    data = (tmp_path / "saved.sld").read_bytes()
    if word == "DISCRETE":
        with pytest.warns(LutWarning, match=r"line 18: GeoServer gives a value on the edge .* QGIS to the one below"):
            lut = read(SLD, data)
    else:
        lut = read(SLD, data)
    assert (lut.kind, lut.keys[: len(items)]) == (SAVED[word][0], SAVED[word][1][: len(items)])
    assert list(lut.colors) == [color for _, color, _ in items]
    assert list(lut.names) == [label for *_, label in items]
    other = [value for value, pixel in zip(VALUES[0], painted, strict=True) if pixel[3] != paint(lut, value)[3]]
    assert other == ([1.5, 3] if word == "DISCRETE" else [])


def test_qgis_reads_no_sld_of_rasters(qgis: Ask, raster: str, tmp_path: Path) -> None:
    (tmp_path / "mine.sld").write_bytes(SLD.write(CLASSES))
    assert "not supported" in qgis("load", style=str(tmp_path / "mine.sld"), raster=raster)["error"]


def test_qgis_takes_a_label_for_the_header_and_reads_no_number_as_0(qgis: Ask, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("INTERPOLATION:EXACT\n1,1,2,3,4,by interpolation\n2,1,2,3,4,x\n")
    assert [item[0] for item in qgis("parse", path=str(path))["items"]] == [2]
    path.write_text("INTERPOLATION:EXACT\nx,1,2,3,4,x\n")
    assert [item[0] for item in qgis("parse", path=str(path))["items"]] == [0]
    path.write_text("INTERPOLATION:EXACT\n1,1,2,3,4\n2,1,2,3,4,\n")
    assert qgis("parse", path=str(path)) == {"ok": False, "shader": "EXACT", "items": []}


# What is written is read back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [QML, QGIS], ids=["qml", "text"])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_back_as_the_same(form: LutFormat, name: str) -> None:
    assert read(form, form.write(TABLES[name])) == TABLES[name]


LEVELS = st.integers(0, 255)
COLORS = st.tuples(LEVELS, LEVELS, LEVELS, LEVELS)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)
NAMES = st.text(max_size=6) | st.sampled_from(
    [
        "1",
        "<= 1",
        "> 1",
        "1 - 2",
        "-1 - 0",
        "inf",
        "<= inf",
        "Color entry 1",
        "Color entry 2",
        "1.0",
        "1e0",
        "+1",
        "#",
        ",,",
    ]
)


@st.composite
def luts(draw: st.DrawFn) -> Lut:
    kind = draw(st.sampled_from(["classes", "intervals", "ramp"]))
    keys: list[float] = sorted(draw(st.lists(NUMBERS, min_size=1, max_size=5, unique=True)))
    if kind == "ramp" and draw(st.booleans()):
        keys.insert(0, keys[0])
    if kind == "intervals":
        keys = [-math.inf, *keys, *([math.inf] if draw(st.booleans()) else [])]
    size = len(keys) - (kind == "intervals")
    nodata = draw(st.just(TRANSPARENT) | COLORS)
    outside = nodata if kind == "ramp" and draw(st.booleans()) else None
    return Lut(
        name="mine",
        kind=kind,
        keys=tuple(keys),
        colors=tuple(draw(COLORS) for _ in range(size)),
        names=tuple(draw(NAMES) for _ in range(size)),
        nodata=nodata,
        below=outside,
        above=outside,
    )


@settings(deadline=None)
@given(lut=luts())
def test_every_table_is_read_back_from_a_style(lut: Lut) -> None:
    assert read(QML, QML.write(lut)) == lut


@settings(deadline=None)
@given(lut=luts())
def test_every_table_is_read_back_from_a_color_map(lut: Lut) -> None:
    plain = Lut(name="mine", kind=lut.kind, keys=lut.keys, colors=lut.colors, names=lut.names)
    assert read(QGIS, QGIS.write(plain)) == plain


EXAMPLES = {
    "paletted": (QML, QML.write(CLASSES).decode()),
    "shader": (QML, QML.write(INTERVALS).decode()),
    "text": (QGIS, QGIS.write(INTERVALS).decode()),
}


@pytest.mark.filterwarnings("ignore::tsraster.errors.LutWarning")
@pytest.mark.parametrize("name", EXAMPLES)
@settings(deadline=None)
@given(data=st.data())
def test_any_text_is_a_table_or_refused(name: str, data: st.DataObject) -> None:
    form, example = EXAMPLES[name]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(example)), st.integers(0, len(example)))))
    odd = st.text(st.one_of(st.sampled_from('0123456789,.:;-+ \t\n\r"#%<>&/einfva'), st.characters()), max_size=12)
    text = example[:start] + data.draw(odd) + example[end:]
    try:
        said = read(form, text.encode("utf-8", "surrogatepass")).name
    except LutFormatError as error:
        said = str(error)
    assert said.startswith("mine")


# The color map as text --------------------------------------------------------------------------------------------------

HEAD = "# QGIS Generated Color Map Export File\nINTERPOLATION:{}\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "BOM"])
def test_a_color_map_is_read_whatever_its_line_ends_and_spaces(bom: str, ending: str) -> None:
    text = bom + HEAD.format("exact") + "\n 2 , 0, 0 ,255, 128, sea, deep \n  # no\n1,0,99,0,255, 1\n"
    lut = read(QGIS, text.replace("\n", ending))
    assert (lut.kind, lut.keys, lut.names) == ("classes", (1, 2), ("", "sea, deep"))
    assert lut.colors == ((0, 99, 0, 255), (0, 0, 255, 128))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(None, "intervals"), ("classes", "classes"), ("ramp", "ramp")],
    ids=["default", "classes", "ramp"],
)
def test_without_the_header_the_user_says_what_the_numbers_are(kind: Any, expected: str) -> None:
    with pytest.warns(LutWarning, match=r"^mine: without INTERPOLATION it is read as"):
        assert QGIS.read(LutFile(name="mine", data=b"1,1,2,3,4,x\n", kind=kind)).kind == expected
    assert QGIS.read(LutFile(name="mine", data=b"INTERPOLATION:DISCRETE\n1,1,2,3,4,x\n", kind=kind)).kind == "intervals"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x,1,2,3,4,n", "'x' is no finite number"),
        ("1,5,1,2,n,3", "'n' is no whole number"),
        ("nan,1,2,3,4,n", "'nan' is no finite number"),
        ("-inf,1,2,3,4,n", "'-inf' is no finite number"),
        ("0x10,1,2,3,4,n", "'0x10' is no finite number"),
        ("1,1,2,3,256,n", "256 is out of range"),
        ("1,1,2,,4,n", "'' is no whole number"),
        ("1,1,2,3", "is no entry; write value,red,green,blue,alpha,label"),
        ("5,1,2,3,4,n", "5 stands there twice, in line 3 before"),
        ("INTERPOLATION:EXACT", "INTERPOLATION stands there twice"),
        ("9" * 5000 + ",1,2,3,4,n", "is no finite number"),
    ],
)
def test_a_wrong_line_of_a_color_map_is_named(row: str, problem: str) -> None:
    text = HEAD.format("DISCRETE") + "5,1,2,3,4,n\n" + row + "\n"
    with pytest.raises(LutFormatError, match=re.escape(problem)) as caught:
        read(QGIS, text)
    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the color table is empty"),
        (HEAD.format("LINEAR"), "line 2: INTERPOLATION:LINEAR is unknown; choose from EXACT, DISCRETE, INTERPOLATED"),
        (HEAD.format("EXACT") + "inf,1,2,3,4,n\n", "line 3: 'inf' is no finite number"),
        (HEAD.format("DISCRETE") + "inf,1,2,3,4,n\n" * 2, "line 4: inf stands there twice"),
        (HEAD.format("INTERPOLATED") + "2,1,2,3,4,n\n" * 3, "line 5: 2 stands there three times"),
    ],
)
def test_a_wrong_color_map_is_refused(text: str, problem: str) -> None:
    with pytest.raises(LutFormatError, match=re.escape(problem)):
        read(QGIS, text)


@pytest.mark.parametrize(
    ("row", "trap", "name"),
    [
        ("1,1,2,3,4,linear interpolation", "for the header", "linear interpolation"),
        ("1,1,2,3,4,", "without a label", ""),
        ("1,1,2,3,4", "without a label", ""),
    ],
)
def test_what_qgis_reads_in_another_way_is_said(row: str, trap: str, name: str) -> None:
    with pytest.warns(LutWarning, match=f"^mine, line 3: .*{trap}"):
        assert read(QGIS, HEAD.format("EXACT") + row + "\n").names == (name,)


def test_only_a_color_map_is_recognized_as_one() -> None:
    assert QGIS.recognize(QGIS.write(CLASSES))
    assert QGIS.recognize(b"\xef\xbb\xbfinterpolation:discrete\r\n")
    assert not QGIS.recognize(b"1 0 0 0 # INTERPOLATION: none\n")
    assert not QGIS.recognize(b"<a>\nINTERPOLATION:EXACT</a>")
    assert not QGIS.recognize(b"")


# The style --------------------------------------------------------------------------------------------------------------


def style(inner: str, **attributes: str) -> str:
    said = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    return f"<qgis>\n<pipe>\n<rasterrenderer {said}>\n{inner}\n</rasterrenderer></pipe></qgis>"


def shader(items: str, attributes: str = 'colorRampType="DISCRETE"') -> str:
    inner = f"<rastershader><colorrampshader {attributes}>\n{items}</colorrampshader></rastershader>"
    return style(inner, type="singlebandpseudocolor")


def test_a_style_of_qgis_2_without_alphas_is_read() -> None:
    inner = (
        '<colorPalette><paletteEntry value="0" color="#FFAB4B" label="no data"/>'
        '<paletteEntry color="#000000" value="2"/></colorPalette>'
    )
    lut = read(
        QML, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + style(inner, type="paletted", band="1")
    )
    assert (lut.keys, lut.names) == ((0, 2), ("no data", ""))
    assert lut.colors == ((255, 171, 75, 255), (0, 0, 0, 255))


def test_a_style_with_a_source_ramp_and_legend_settings_is_read() -> None:
    items = (
        '<colorramp name="[source]" type="gradient"><prop k="color1" v="27,24,215,255"/><Option type="Map">'
        '<Option name="stops" value="0.2;236,244,252,255"/></Option></colorramp>'
        '<item value="-10" label="&lt;= -10" color="#1407c9" alpha="255"/><!-- more -->'
        '<item color="#2f24d5" label="more" alpha="255" value="1e+01"/>'
        '<rampLegendSettings><numericFormat id="basic"/></rampLegendSettings>'
    )
    lut = read(QML, shader(items, 'classificationMode="3" colorRampType="INTERPOLATED" clip="0"'))
    assert (lut.kind, lut.keys, lut.below) == ("ramp", (-10, 10), None)
    assert lut.names == ("<= -10", "more")


def test_the_color_of_nodata_is_read_in_the_old_and_the_new_form() -> None:
    palette = '<colorPalette><paletteEntry value="1" color="#000000"/></colorPalette>'
    for text in ("255,0,0,128", "255,0,0,128,rgb:1,0,0,0.5"):
        assert read(QML, style(palette, type="paletted", nodataColor=text)).nodata == (255, 0, 0, 128)
    assert read(QML, style(palette, type="paletted", nodataColor="")).nodata == TRANSPARENT
    with pytest.raises(LutFormatError, match=r"line 3: the nodataColor '#ff0000' is no color"):
        read(QML, style(palette, type="paletted", nodataColor="#ff0000"))


def test_of_several_layers_the_first_is_read() -> None:
    one, two = (
        f'<rasterrenderer type="paletted"><paletteEntry value="{i}" color="#000000"/></rasterrenderer>' for i in (1, 2)
    )
    assert read(QML, f"<qgis>{one}{two}</qgis>").keys == (1,)


OLD = """<qgis version="1.7.4">
<rasterproperties><mDrawingStyle>{style}</mDrawingStyle>
<mColorShadingAlgorithm>{shading}</mColorShadingAlgorithm>
<customColorRamp><colorRampType>{word}</colorRampType>
<colorRampEntry red="1" blue="3" green="2" value="{low}" label="low"/>
<colorRampEntry red="4" blue="6" green="5" value="2.000000" label=""/>
</customColorRamp></rasterproperties></qgis>"""


@pytest.mark.parametrize(
    ("drawing", "word", "low", "kind"),
    [
        ("SingleBandPseudoColor", "DISCRETE", "1.5", "intervals"),
        ("SingleBandPseudoColor", "INTERPOLATED", "1.5", "ramp"),
        ("SingleBandPseudoColor", "EXACT", "1", "classes"),
        ("PalettedColor", "INTERPOLATED", "1.000000", "classes"),
        ("PalettedColor", "INTERPOLATED", "1.5", "ramp"),
        ("PalettedColor", "INTERPOLATED", "-1", "ramp"),
    ],
)
def test_a_style_of_qgis_1_is_read_as_later_ones_convert_it(drawing: str, word: str, low: str, kind: Kind) -> None:
    lut = read(QML, OLD.format(style=drawing, shading="ColorRampShader", word=word, low=low))
    assert (lut.kind, lut.names) == (kind, ("low", ""))
    assert lut.colors == ((1, 2, 3, 255), (4, 5, 6, 255))
    assert lut.keys[-2:] == (float(low), 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (style("", type="multibandcolor"), "line 3: the renderer multibandcolor of this style has no color table"),
        (style("", type="singlebandgray"), "line 3: the renderer singlebandgray of this style has no color table"),
        (style("", type="hillshade"), "line 3: the renderer hillshade"),
        (style("", type="singlebandpseudocolor"), "line 3: the renderer singlebandpseudocolor"),
        (style(""), "line 3: the renderer without a type"),
        (
            "<qgis>\n<renderer-v2 type='categorizedSymbol'/></qgis>",
            "line 2: the style is for a vector layer (categorizedSymbol)",
        ),
        ("<qgis/>", "line 1: the style holds no rasterrenderer"),
        ("<qgis", "line 1: this is no well-formed XML"),
        (OLD.format(style="SingleBandGray", shading="", word="", low=1), "line 2: the drawing style 'SingleBandGray'"),
        (
            OLD.format(style="SingleBandPseudoColor", shading="FreakOutShader", word="", low=1),
            "line 2: the drawing style",
        ),
        (OLD.format(style="PalettedColor", shading="", word="", low="x"), "line 5: 'x' is no finite number"),
        (shader(""), "the color table is empty"),
        (shader("", 'colorRampType="LINEAR"'), "line 4: the colorRampType 'LINEAR' is unknown"),
        (shader('<item color="#000000"/>'), "line 5: this item has no value"),
        (shader('<item value="1"/>'), "line 5: this item has no color"),
        (shader('<item value="1" color="red"/>'), "line 5: 'red' is no color; write #rrggbb"),
        (shader('<item value="1" color="#ff000080"/>'), "line 5: '#ff000080' is no color"),
        (shader('<item value="1" color="0,128,0,128"/>'), "line 5: '0,128,0,128' is no color"),
        (shader('<item value="1" color="#000000" alpha="0.5"/>'), "line 5: '0.5' is no whole number"),
        (shader('<item value="nan" color="#000000"/>'), "line 5: 'nan' is no finite number"),
        (shader('<item value="1,5" color="#000000"/>'), "line 5: '1,5' is no finite number"),
        (shader('\n<item value="1" color="#000000"/>' * 2), "line 7: 1 stands there twice, in line 6 before"),
        (shader('<item value="inf" color="#000000"/>', ""), "line 5: 'inf' is no finite number"),
    ],
)
def test_a_style_without_a_color_table_or_with_a_wrong_one_is_refused(text: str, problem: str) -> None:
    with pytest.raises(LutFormatError, match=re.escape(problem)):
        read(QML, text)


def test_values_that_a_style_makes_transparent_are_said() -> None:
    inner = (
        '<rasterTransparency><singleValuePixelList><pixelListEntry min="-2" max="0" percentTransparent="100"/>'
        '</singleValuePixelList></rasterTransparency><colorPalette><paletteEntry value="1" color="#000000"/></colorPalette>'
    )
    with pytest.warns(LutWarning, match="the values -2 to 0 transparent"):
        read(QML, style(inner, type="paletted"))


def test_a_style_is_recognized_by_its_outermost_element() -> None:
    assert QML.recognize(QML.write(CLASSES))
    assert QML.recognize(b"<!-- mine -->\n<qgis version='3'>")
    assert not QML.recognize(b"<StyledLayerDescriptor/>")
    assert not QML.recognize(b"1 2 3 4")


@pytest.mark.parametrize("form", [QML, QGIS], ids=["qml", "text"])
def test_a_large_file_is_read_in_linear_time(form: LutFormat) -> None:
    colors = ((1, 2, 3, 255),) * 20_000
    data = form.write(Lut(name="mine", kind="ramp", keys=tuple(range(20_000)), colors=colors))
    start = time.perf_counter()
    assert len(read(form, data)) == 20_000
    assert time.perf_counter() - start < 10
