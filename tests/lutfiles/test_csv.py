"""The project's CSV: what it holds, and each error with its line."""

from __future__ import annotations

import math

import pytest

from tsraster.errors import LutError, LutFormatError
from tsraster.lut import TRANSPARENT, Lut
from tsraster.lutfiles.csvtable import read_csv, write_csv
from tsraster.lutfiles.lutformat import LutFile

HEADER = "code,red,green,blue,alpha,name\n"


def parse(text: str) -> Lut:
    return read_csv(LutFile(name="mine", data=text.encode()))


def test_columns_may_stand_in_any_order() -> None:
    lut = parse("Name, BLUE ,green,red,code\nsea,3,2,1,7\n")
    assert (lut.kind, lut.keys, lut.colors, lut.names) == ("classes", (7,), ((1, 2, 3, 255),), ("sea",))


def test_classes_may_stand_in_any_order() -> None:
    lut = parse(HEADER + '2,0,0,255,255,"sea, ""deep"""\n1,0,99,0,128,wood\n')
    assert (lut.keys, lut.names) == ((1, 2), ("wood", 'sea, "deep"'))
    assert lut.colors == ((0, 99, 0, 128), (0, 0, 255, 255))


def test_code_0_is_a_class_like_others() -> None:
    lut = parse(HEADER + "0,9,9,9,255,nothing\n1,1,2,3,,\n")
    assert (lut.keys, lut.names, lut.nodata) == ((0, 1), ("nothing", ""), TRANSPARENT)


def test_codes_may_be_any_finite_numbers() -> None:
    assert parse(HEADER + "-1,1,2,3,,\n1.5,1,2,3,,\n4294967296,1,2,3,,\n1e20,1,2,3,,\n").keys == (
        -1,
        1.5,
        2**32,
        10**20,
    )
    assert parse(HEADER + f"{2**64 - 1},1,2,3,,\n").keys == (2**64 - 1,)


def test_a_ramp_may_jump() -> None:
    lut = parse("value,red,green,blue\n-1.5,0,0,0\n1e3,255,255,255\n1000,0,0,0\n")
    assert (lut.kind, lut.keys, lut.percent) == ("ramp", (-1.5, 1000, 1000), False)
    assert [color[0] for color in lut.colors] == [0, 255, 0]


def test_stops_in_percent() -> None:
    lut = parse("percent,red,green,blue\n0,0,0,0\n37.5,0,0,0\n")
    assert (lut.kind, lut.keys, lut.percent) == ("ramp", (0, 37.5), True)


@pytest.mark.parametrize(
    ("rows", "keys", "closed"),
    [
        ('"(0, 1]",1,2,3\n"(1,2.5]",4,5,6\n', (0, 1, 2.5), "right"),
        ('"[0, 1)",1,2,3\n"[1 , 2.5)",4,5,6\n', (0, 1, 2.5), "left"),
        ('"(-inf, 1]",1,2,3\n"(1, INF]",4,5,6\n', (-math.inf, 1, math.inf), "right"),
    ],
)
def test_intervals(rows: str, keys: tuple[float, ...], closed: str) -> None:
    lut = parse("interval,red,green,blue\n" + rows)
    assert (lut.kind, lut.keys, lut.closed) == ("intervals", keys, closed)
    assert lut.colors == ((1, 2, 3, 255), (4, 5, 6, 255))


def test_colors_without_keys_have_positions() -> None:
    lut = parse("red,green,blue,name\n1,2,3,a\n4,5,6,\n")
    assert (lut.kind, lut.keys, lut.names) == ("index", (0, 1), ("a", ""))
    assert lut == parse("position,red,green,blue,name\n1,4,5,6,\n0,1,2,3,a\n")


def test_positions_are_written_only_beside_what_has_none() -> None:
    bare = Lut(name="mine", kind="index", colors=((1, 2, 3, 255),))
    assert write_csv(bare) == b"red,green,blue,alpha,name\n1,2,3,255,\n"
    lut = Lut(name="mine", kind="index", colors=((1, 2, 3, 255),), nodata=(7, 8, 9, 255))
    assert write_csv(lut) == b"position,red,green,blue,alpha,name\n0,1,2,3,255,\nnodata,7,8,9,255,\n"


@pytest.mark.parametrize("header", ["code", "value", "percent", "position"])
def test_words_give_the_colors_of_nodata_and_of_what_is_outside(header: str) -> None:
    text = f"{header},red,green,blue\nABOVE,7,7,7\n0,1,2,3\nbelow,8,8,8\nNoData,9,9,9\n"
    lut = parse(text)
    assert (lut.below, lut.above, lut.nodata) == ((8, 8, 8, 255), (7, 7, 7, 255), (9, 9, 9, 255))
    assert lut.keys == (0,)


BAD_CSV = {
    "no header": ("1,2,3,4\n", "line 1: the header is '1,2,3,4'; write code,red,green,blue,alpha,name"),
    "no blue": ("code,red,green\n", "line 1: the header"),
    "code and value": ("code,value,red,green,blue\n", "line 1: the header"),
    "column twice": ("code,red,red,green,blue\n", "line 1: the header"),
    "column unknown": ("code,red,green,blue,opacity\n", "line 1: the header"),
    "comment": ("# mine\n" + HEADER, "line 1: the header"),
    "semicolons": ("code;red;green;blue\n1;2;3;4\n", "line 1: the header"),
    "no rows": (HEADER, "is empty; give at least one color"),
    "only nodata": (HEADER + "nodata,1,2,3,4,\n", "is empty"),
    "too many fields": (HEADER + "1,1,2,3,255,sea,deep\n", "line 2: more fields than the header names"),
    "too few fields": (HEADER + "1,1,2\n", "line 2: '' is no whole number"),
    "code twice": (HEADER + "1,1,2,3,,\n1,1,2,3,,\n", "line 3: 1 stands there twice, in line 2 before"),
    "large code twice": (HEADER + "1234567,1,2,3,,\n" * 2, "line 3: 1234567 stands there twice"),
    "code twice in other words": (HEADER + "1,1,2,3,,\n1.0,1,2,3,,\n", "line 3: 1 stands there twice"),
    "code a word": (HEADER + "one,1,2,3,,\n", "line 2: the code 'one' is no number"),
    "code infinite": (HEADER + "inf,1,2,3,,\n", "line 2: the code 'inf' is no number"),
    "code huge": (HEADER + "9" * 400 + ",1,2,3,,\n", "line 2: '9{37}...' is no finite number"),
    "no code": (HEADER + ",1,2,3,,\n", "line 2: the code '' is no number"),
    "red not whole": (HEADER + "1,0.5,2,3,,\n", "line 2: '0.5' is no whole number; red, green, blue and alpha"),
    "red too large": (HEADER + "1,256,2,3,,\n", "line 2: 256 is out of range; red, green, blue and alpha are 0 to 255"),
    "blue negative": (HEADER + "1,1,2,-3,,\n", "line 2: -3 is out of range"),
    "alpha too large": (HEADER + "1,1,2,3,300,\n", "line 2: 300 is out of range"),
    "value not finite": ("value,red,green,blue\ninf,1,2,3\n", "line 2: 'inf' is no finite number"),
    "value NaN": ("value,red,green,blue\nnan,1,2,3\n", "line 2: 'nan' is no finite number"),
    "value no number": ("value,red,green,blue\nhot,1,2,3\n", "line 2: 'hot' is no finite number"),
    "value decreases": ("value,red,green,blue\n2,1,2,3\n1,1,2,3\n", "line 3: the value 1 is below the one before"),
    "value three times": ("value,red,green,blue\n2,1,2,3\n2,1,2,3\n2,1,2,3\n", "holds 2 more than twice"),
    "quote not closed": (HEADER + '1,1,2,3,,"sea\n2,1,2,3,,\n', "line 2: the fields cannot be told apart"),
    "text behind a quote": (HEADER + '1,1,2,3,,"sea"deep\n', "line 2: the fields cannot be told apart"),
    "percent too large": (
        "percent,red,green,blue\n0,1,2,3\n101,1,2,3\n",
        "in percent; only stops of a ramp can be, from 0 to 100",
    ),
    "no interval": ("interval,red,green,blue\n1-2,1,2,3\n", "line 2: '1-2' is no interval; write"),
    "interval open twice": ('interval,red,green,blue\n"(1, 2)",1,2,3\n', "line 2: .* is no interval"),
    "interval empty": (
        'interval,red,green,blue\n"(2, 2]",1,2,3\n',
        "line 2: the interval .* is empty; its ends increase",
    ),
    "interval over two lines": (
        'interval,red,green,blue\n"(3,\n1]",1,2,3\n',
        r"line 3: the interval '\(3,\\n1\]' is empty",
    ),
    "interval with a gap": (
        'interval,red,green,blue\n"(0, 1]",1,2,3\n"(2, 3]",1,2,3\n',
        "line 3: the interval begins at 2 and not",
    ),
    "interval from minus infinity": (
        'interval,red,green,blue\n"(0, 1]",1,2,3\n"(-inf, 3]",1,2,3\n',
        "line 3: the interval begins at -inf and not at the end of the one before",
    ),
    "intervals of both sides": (
        'interval,red,green,blue\n"(0, 1]",1,2,3\n"[1, 2)",1,2,3\n',
        "not all closed on the same side",
    ),
    "positions with a gap": ("position,red,green,blue\n0,1,2,3\n2,1,2,3\n", "has positions that are not 0, 1, 2"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_errors(name: str) -> None:
    text, words = BAD_CSV[name]
    with pytest.raises(LutFormatError, match=f"^mine.*{words}") as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_lines_are_counted_as_an_editor_does() -> None:
    text = HEADER + '1,1,2,3,,"a name\nof two lines"\n\n2,x,2,3,,\n'
    with pytest.raises(LutFormatError, match="line 5") as caught:
        parse(text)
    assert (caught.value.path, caught.value.line) == ("mine", 5)


@pytest.mark.parametrize("number", [2, 3, 40])
def test_an_error_names_the_line(number: int) -> None:
    rows = [f"{code},1,2,3,255,\n" for code in range(2, number)]
    with pytest.raises(LutError, match=rf"^mine, line {number}: 'x' is no whole number"):
        parse(HEADER + "".join(rows) + "1,x,2,3,255,\n")


def test_a_file_that_is_not_utf8_is_refused() -> None:
    data = (HEADER + "1,1,2,3,,h\xf6he\n").encode("latin-1")
    with pytest.raises(LutFormatError, match=r"^mine, line 2: this is not UTF-8 text; save the file as UTF-8"):
        read_csv(LutFile(name="mine", data=data))
