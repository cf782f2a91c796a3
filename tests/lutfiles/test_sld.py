"""The color maps of SLD: the dialect of GeoServer, those of SLD 1.1, and what programs write. What QGIS saves is in test_qgis."""

from __future__ import annotations

import math
import re
import sys
import time
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import Lut
from tsraster.lutfiles.lutformat import LutFile
from tsraster.lutfiles.sldstyle import SLD

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 128, 0, 77), (0, 0, 255, 0)
CLASSES = Lut(name="mine", kind="classes", keys=(-1.5, 2), colors=(RED, GREEN), names=("a <b> & \"c\" 'd'", ""))
INTERVALS = Lut(
    name="mine", kind="intervals", keys=(-math.inf, 1, math.inf), colors=(RED, BLUE), names=("low", ""), closed="left"
)
RAMP = Lut(name="mine", kind="ramp", keys=(0, 1, 1, 2.5), colors=(RED, GREEN, BLUE, RED))
TABLES = {"classes": CLASSES, "intervals": INTERVALS, "ramp": RAMP}


def read(text: str | bytes) -> Lut:
    return SLD.read(LutFile(name="mine", data=text.encode("utf-8") if isinstance(text, str) else text))


def color_map(entries: str, attributes: str = 'type="intervals"') -> str:
    return f"<RasterSymbolizer>\n<ColorMap {attributes}>\n{entries}\n</ColorMap></RasterSymbolizer>"


def entry(quantity: object, more: str = "") -> str:
    return f'<ColorMapEntry color="#000000" quantity="{quantity}" {more}/>'


# What other programs publish --------------------------------------------------------------------------------------------

# The cookbook of GeoServer, where 150 is the first value of the second color.
COOKBOOK = """<?xml version="1.0" encoding="ISO-8859-1"?>
<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:xlink="http://www.w3.org/1999/xlink">
  <NamedLayer><Name>Discrete colors</Name><UserStyle><FeatureTypeStyle><Rule><RasterSymbolizer>
    <ColorMap type="intervals">
      <ColorMapEntry color="#008000" quantity="150" />
      <ColorMapEntry color="#663333" quantity="256" />
    </ColorMap>
  </RasterSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer>
</StyledLayerDescriptor>"""


def test_an_interval_ends_before_its_quantity() -> None:
    lut = read(COOKBOOK)
    assert (lut.kind, lut.keys, lut.closed) == ("intervals", (-math.inf, 150, 256), "left")
    assert lut.colors == ((0, 128, 0, 255), (102, 51, 51, 255))
    assert (lut.below, lut.above) == (None, None)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ("", "ramp"),
        ('type="ramp" extended="true"', "ramp"),
        ('type="values"', "classes"),
        ('extended="false" type="VALUES"', "classes"),
        ('type="intervals"', "intervals"),
    ],
)
def test_the_type_says_what_the_quantities_are(attributes: str, kind: str) -> None:
    assert read(color_map(entry(1) + entry(2), attributes)).kind == kind


@pytest.mark.parametrize("prefix", ["", "sld:", "se:"])
def test_names_are_read_with_and_without_a_prefix(prefix: str) -> None:
    one = f'<{prefix}ColorMapEntry quantity="-1.5E1" color="0xFf0010" label=" open\n water "/>'
    text = f"<{prefix}ColorMap>{one}</{prefix}ColorMap>"
    lut = read(text)
    assert (lut.keys, lut.colors, lut.names) == ((-15,), ((255, 0, 16, 255),), ("open water",))


@pytest.mark.parametrize(
    "end", ["Infinity", "INF", "+inf", "1.79769e+308", "1.7976931348623157E308", "1e400", "9" * 400]
)
@pytest.mark.filterwarnings("ignore::tsraster.errors.LutWarning")
def test_an_open_end_is_read_in_every_way_it_is_written(end: str) -> None:
    assert read(color_map(entry(1) + entry(end))).keys == (-math.inf, 1, math.inf)


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        (entry(1) + "\n" + entry("inf"), 4),
        (entry(1, 'label="&lt;= 1"') + "\n" + entry("Infinity"), 3),
    ],
    ids=["inf", "label"],
)
def test_intervals_that_are_closed_on_the_right_elsewhere_are_said(entries: str, line: int) -> None:
    with pytest.warns(LutWarning, match=f"^mine, line {line}: GeoServer gives a value on the edge"):
        assert read(color_map(entries)).closed == "left"


@pytest.mark.parametrize("alpha", range(256))
def test_every_alpha_survives_as_an_opacity(alpha: int) -> None:
    lut = Lut(name="mine", kind="classes", keys=(1,), colors=((1, 2, 3, alpha),))
    assert read(SLD.write(lut)).colors == lut.colors
    # QGIS writes six digits, and GeoServer adds a half and cuts off.
    assert read(color_map(entry(1, f'opacity="{alpha / 255:.6g}"'), 'type="values"')).colors[0][3] == alpha


# SLD 1.1 ----------------------------------------------------------------------------------------------------------------


def categorize(inner: str, attributes: str = "") -> str:
    function = (
        f'<se:Categorize fallbackValue="#78c818" {attributes}>\n<se:LookupValue>Rasterdata</se:LookupValue>\n{inner}'
    )
    return f'<se:ColorMap xmlns:se="http://www.opengis.net/se">\n{function}</se:Categorize></se:ColorMap>'


VALUE, OTHER = "<se:Value>#ff0000</se:Value>\n", "<se:Value><ogc:Literal>#0000FF</ogc:Literal></se:Value>\n"


@pytest.mark.parametrize(
    ("attributes", "closed"),
    [("", "left"), ('thresholdsBelongTo="succeeding"', "left"), ('thresholdsBelongTo="preceding"', "right")],
)
def test_categorize_makes_intervals_closed_on_the_side_that_it_says(attributes: str, closed: str) -> None:
    lut = read(
        categorize(f"{VALUE}<se:Threshold>-5</se:Threshold>{OTHER}<se:Threshold>2.5</se:Threshold>{VALUE}", attributes)
    )
    assert (lut.keys, lut.closed) == ((-math.inf, -5, 2.5, math.inf), closed)
    assert lut.colors == (RED, (0, 0, 255, 255), RED)


def interpolate(points: str, attributes: str = "") -> str:
    return f"<ColorMap>\n<Interpolate {attributes}><LookupValue>Rasterdata</LookupValue>\n{points}</Interpolate></ColorMap>"


def point(data: object) -> str:
    return f"<InterpolationPoint>\n<Data>{data}</Data><Value>#ff0000</Value></InterpolationPoint>"


def test_interpolate_makes_a_ramp() -> None:
    lut = read(interpolate(point(0) + point(1.5), 'mode="linear" method="color"'))
    assert (lut.kind, lut.keys, lut.colors) == ("ramp", (0, 1.5), (RED, RED))


# What is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<StyledLayerDescriptor/>", "line 1: this style holds no ColorMap"),
        ("1 2 3", "line 1: this is no well-formed XML"),
        (color_map(""), "the color table is empty"),
        (color_map(entry(1), 'type="bands"'), "line 2: the type 'bands' of this ColorMap is unknown; choose from ramp"),
        (color_map("<Entry/>"), "line 3: the Entry in this ColorMap is unknown"),
        (color_map("<ColorMapEntry color='#000000'/>"), "line 3: this ColorMapEntry has no quantity"),
        (color_map("<ColorMapEntry quantity='1'/>"), "line 3: this ColorMapEntry has no color"),
        (color_map(entry("NaN")), "line 3: 'NaN' is no finite number"),
        (color_map(entry("-Infinity")), "line 3: '-Infinity' is no finite number"),
        (color_map(entry("Infinity"), ""), "line 3: 'Infinity' is no finite number"),
        (color_map(entry("1.7.9")), "line 3: '1.7.9' is no finite number"),
        (color_map(entry("${env('low',3)}")), "line 3: the quantity \"${env('low',3)}\" is an expression"),
        (color_map(entry(1, "opacity=\"${env('o',1)}\"")), "line 3: the opacity \"${env('o',1)}\" is an expression"),
        (color_map(entry(1, 'opacity="255"')), "line 3: the opacity 255 is out of range; it is 0 to 1"),
        (color_map(entry(1, 'opacity="half"')), "line 3: 'half' is no finite number"),
        (color_map(entry(1).replace("#000000", "#00000080")), "line 3: '#00000080' is no color; write #rrggbb"),
        (color_map(entry(1).replace("#000000", "black")), "line 3: 'black' is no color"),
        (color_map(entry(2) + "\n" + entry(1)), "line 4: the quantity 1 is not above the one before"),
        (color_map(entry(1) + "\n" + entry(1)), "line 4: the quantity 1 is not above the one before"),
        (color_map(entry(2) + "\n" + entry(1), ""), "line 4: the quantity 1 is not above the one before"),
        (color_map(entry(1) * 3, ""), "the color table holds 1 more than twice"),
        (
            color_map("\n".join(map(entry, [1, 2, 1])), 'type="values"'),
            "line 5: the quantity 1 stands there twice, in line 3",
        ),
        (color_map('<ogc:Function name="ras:Fire"/>'), "line 3: the colors come from the function 'ras:Fire'"),
        (categorize(VALUE + VALUE), "line 5: Value stands where a Threshold belongs"),
        (categorize(VALUE + "<Threshold>1</Threshold>"), "line 2: this Categorize does not end with a Value"),
        (categorize(""), "line 2: this Categorize does not end with a Value"),
        (categorize(VALUE, 'thresholdsBelongTo="both"'), "line 2: thresholdsBelongTo is 'both'"),
        (
            categorize(VALUE + ("<Threshold>1</Threshold>" + VALUE) * 2),
            "line 6: the Threshold 1 is not above the one before",
        ),
        (categorize(VALUE + "<Threshold>x</Threshold>" + VALUE), "line 5: 'x' is no finite number"),
        (categorize("<Value>#FF0000FF</Value>"), "line 4: '#FF0000FF' is no color"),
        (categorize("<Value><Add><Literal>1</Literal></Add></Value>"), "line 4: this Value is an expression"),
        (interpolate(point(1), 'mode="cubic"'), "line 2: the mode 'cubic' of Interpolate cannot be read"),
        (
            interpolate("<InterpolationPoint><Data>1</Data></InterpolationPoint>"),
            "line 3: this InterpolationPoint has no Data or",
        ),
        (interpolate(point(2) + point(1)), "line 4: the quantity 1 is not above the one before"),
        (interpolate(""), "the color table is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(LutFormatError, match=re.escape(problem)):
        read(text)


# What is written --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_back_as_the_same(name: str) -> None:
    assert read(SLD.write(TABLES[name])) == TABLES[name]


@pytest.mark.parametrize(("name", "word"), [("classes", "values"), ("intervals", "intervals"), ("ramp", "ramp")])
def test_what_is_written_has_the_elements_of_sld_in_its_namespace(name: str, word: str) -> None:
    path = ["NamedLayer", "UserStyle", "FeatureTypeStyle", "Rule", "RasterSymbolizer", "ColorMap"]
    root = ET.fromstring(SLD.write(TABLES[name]))
    table = root.find("/".join(f"{{http://www.opengis.net/sld}}{step}" for step in path))
    assert table is not None
    assert (table.get("type"), len(table)) == (word, len(TABLES[name]))
    # Java, and so GeoServer, knows no other spelling of an infinite number.
    assert [child.get("quantity") for child in table][-1] == {"intervals": "Infinity", "classes": "2", "ramp": "2.5"}[
        name
    ]


LEVELS = st.integers(0, 255)
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-9, 9)
    | st.sampled_from([sys.float_info.max, 1.79769e308])
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
    return Lut(
        name="mine",
        kind=kind,
        keys=tuple(keys),
        colors=tuple(draw(st.tuples(LEVELS, LEVELS, LEVELS, LEVELS)) for _ in range(size)),
        names=tuple(draw(st.text(max_size=6) | st.sampled_from(["1", "${x}", "]]>", "&amp;"])) for _ in range(size)),
        closed="left",
    )


@settings(deadline=None)
@given(lut=luts())
def test_every_table_is_read_back(lut: Lut) -> None:
    assert read(SLD.write(lut)) == lut


@pytest.mark.filterwarnings("ignore::tsraster.errors.LutWarning")
@pytest.mark.parametrize(
    "example", [SLD.write(INTERVALS).decode(), categorize(VALUE + "<Threshold>1</Threshold>" + VALUE)]
)
@settings(deadline=None)
@given(data=st.data())
def test_any_text_is_a_table_or_refused(example: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(example)), st.integers(0, len(example)))))
    odd = st.text(st.one_of(st.sampled_from('0123456789,.:;-+ \t\n\r"#%<>&/einfva$'), st.characters()), max_size=12)
    text = example[:start] + data.draw(odd) + example[end:]
    try:
        said = read(text.encode("utf-8", "surrogatepass")).name
    except LutFormatError as error:
        said = str(error)
    assert said.startswith("mine")


def test_a_style_is_recognized_by_its_outermost_element() -> None:
    assert SLD.recognize(SLD.write(CLASSES))
    assert SLD.recognize(b"<?xml version='1.0'?>\n<sld:StyledLayerDescriptor>")
    assert not SLD.recognize(b"<qgis/>")
    assert not SLD.recognize(b"<PAMDataset/>")


def test_a_large_file_is_read_in_linear_time() -> None:
    start = time.perf_counter()
    assert len(read(color_map("\n".join(map(entry, range(20_000))), ""))) == 20_000
    assert time.perf_counter() - start < 10
