"""Color rules of GRASS: the grammar, what r.colors paints with them, the rules that GRASS ships, and each error with its line."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.grassrules import GRASS, NAMED
from tsraster.lutfiles.lutformat import LutFile

VALUES = (-5.0, 0.0, 0.5, 1.0, 2.0, 3.0, 25.0, 33.25, 49.5, 50.0, 50.5, 75.0, 99.75, 100.0, 101.0, np.nan)
"""What the rules of the oracle are painted at."""

RED, BLUE, GREEN, GRAY = (200, 0, 0, 255), (0, 0, 200, 255), (9, 99, 19, 255), (77, 88, 99, 255)


def read(text: str, **options: Any) -> Lut:
    return GRASS.read(LutFile(name="mine", data=text.encode(), **options))


# The oracle --------------------------------------------------------------------------------------------------------------


Paint = Callable[[Mapping[str, bytes]], dict[str, NDArray[np.int64] | str]]


@pytest.fixture(scope="module")
def paint_grass(tmp_path_factory: pytest.TempPathFactory) -> Paint:
    """Give a function that paints VALUES by many rules in one session of GRASS: colors, shape (value, 3), or what it says."""
    program = shutil.which("grass")
    if program is None:
        pytest.skip("the program grass is not installed")

    def paint(rules: Mapping[str, bytes]) -> dict[str, NDArray[np.int64] | str]:
        folder = tmp_path_factory.mktemp("grass")
        size = f"north: 1\nsouth: 0\neast: {len(VALUES)}\nwest: 0\nrows: 1\ncols: {len(VALUES)}\n"
        (folder / "map.txt").write_text(size + " ".join("nan" if np.isnan(v) else repr(v) for v in VALUES) + "\n")
        lines = ["r.in.ascii in=map.txt out=m type=DCELL null_value=nan --q", "g.region raster=m"]
        for number, content in enumerate(rules.values()):
            (folder / f"{number}.rules").write_bytes(content)
            lines += [
                f"if r.colors m rules={number}.rules --q 2> {number}.error; then",
                '  r.mapcalc "x = r#m * 65536 + g#m * 256 + b#m" --q --overwrite',
                f"  r.out.ascii -h x precision=0 output={number}.out --q",
                "fi",
            ]
        (folder / "job.sh").write_text("\n".join(lines) + "\n")
        command = [program, "--tmp-location", "XY", "--exec", "bash", "job.sh"]
        environment = {**os.environ, "HOME": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return {name: _collect(folder, number) for number, name in enumerate(rules)}

    return paint


def _collect(folder: Path, number: int) -> NDArray[np.int64] | str:
    out = folder / f"{number}.out"
    if not out.exists():
        return (folder / f"{number}.error").read_text()
    packed = np.array([int(word) if word != "*" else -1 for word in out.read_text().split()])
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1)


def evaluate(lut: Lut) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the colors of VALUES, straight between keys, and which of the values the rules say anything of."""
    values = np.array(VALUES)
    colors = np.stack([np.interp(values, lut.keys, channel) for channel in lut.array[:, :3].T], axis=-1)
    known = (values >= lut.keys[0]) & (values <= lut.keys[-1])
    if lut.below is not None:
        colors[~known & ~np.isnan(values)] = lut.below[:3]
        known |= ~np.isnan(values)
    if lut.nodata != TRANSPARENT:
        colors[np.isnan(values)] = lut.nodata[:3]
        known |= np.isnan(values)
    return colors, known


WRITTEN = {
    "ramp": Lut(name="mine", kind="ramp", keys=(0, 33.25, 100), colors=(RED, BLUE, GREEN)),
    "ramp with everything": Lut(
        name="mine", kind="ramp", keys=(0.5, 50), colors=(RED, BLUE), below=GREEN, above=GREEN, nodata=GRAY
    ),
    "jump": Lut(name="mine", kind="ramp", keys=(0, 50, 50, 100), colors=(RED, RED, BLUE, GREEN)),
    "one stop": Lut(name="mine", kind="ramp", keys=(50,), colors=(RED,), below=GREEN, above=GREEN),
    "negative": Lut(name="mine", kind="ramp", keys=(-5, 101), colors=(RED, BLUE), nodata=GRAY),
    "classes": Lut(name="mine", kind="classes", keys=(1, 2, 3, 50), colors=(RED, BLUE, GREEN, GRAY)),
    "class that is negative": Lut(name="mine", kind="classes", keys=(-5, 0.5, 1), colors=(RED, BLUE, GREEN)),
    "large": Lut(name="mine", kind="ramp", keys=(-1e20, 1e20), colors=(RED, BLUE), nodata=GRAY),
}

GRAMMAR = {
    "names": "0 BROWN\n1 Aqua\n2 indigo\n3 violet\n25 orange\n50 gray\n75 grey\n100 purple\n",
    "more names": "0 white\n1 black\n2 red\n3 green\n25 blue\n50 yellow\n75 magenta\n100 cyan\n",
    "separators": "# a comment\n\n  0   0:255 255  \n50 1,2;3\n100\t7  :  8:9\n",
    "default and nv": "0 red\n50 blue\nDefault 1:2:3\nNV 4:5:6\n",
    "descending": "100 white\n50 red\n0 blue\n",
    "three colors at one value": "0 red\n50 blue\n50 green\n50 white\n100 black\n",
    "CRLF": "0 red\r\n100 0:0:9\r\n",
    "comment behind": "0 1:2:3 # water\n100 7:8:9\n",
}


def test_grass_paints_what_the_tables_say(paint_grass: Paint) -> None:
    """GRASS interpolates as here and cuts off the fraction, so that colors are within 1; at keys they are the same."""
    files = {name: GRASS.write(lut) for name, lut in WRITTEN.items()}
    files |= {name: text.encode() for name, text in GRAMMAR.items()}
    for name, painted in paint_grass(files).items():
        lut = GRASS.read(LutFile(name="mine", data=files[name], kind=None))
        colors, known = evaluate(lut)
        assert not isinstance(painted, str), f"{name}: {painted}"
        assert known.sum() > 0
        np.testing.assert_allclose(painted[known], np.floor(colors[known]), atol=1, err_msg=name)
        keys = np.isin(VALUES, lut.keys)
        np.testing.assert_array_equal(painted[keys], colors[keys], err_msg=name)


REFUSED = {
    "a gray level": (
        "0 128\n1 255\n",
        "line 1: '128' is no color; write value red:green:blue, #rrggbb, or one of black",
    ),
    "a name of others": ("0 red\n1 navy\n", "line 2: 'navy' is no color;"),
    "no color": ("0 red\n1 none\n", "line 2: 'none' is no color;"),
    "hexadecimal without a hash": ("0 ff0000\n1 red\n", "line 1: 'ff0000' is no color;"),
    "only a value": ("0 red\n1\n", "line 2: '' is no color;"),
    "comment behind a name": ("0 red # mine\n", "line 1: 'red # mine' is no color;"),
    "colons all along": ("1:255:0:0\n2:0:0:0\n", "line 1: '' is no color;"),
    "commas all along": ("1,255,0,0\n", "line 1: '' is no color;"),
    "out of range": ("0 1:2:256\n", "line 1: 256 is out of range; red, green, blue and alpha are 0 to 255"),
    "negative level": ("0 1:-2:3\n", "line 1: -2 is out of range"),
    "percentage out of range": ("0% red\n101% blue\n", "line 2: 101% is out of range; percentages are 0 to 100"),
    "word": ("offset 5:5:5\n0 red\n", "line 1: 'offset' is no number, percentage, nv, default or end"),
    "no rules": ("default red\nnv blue\n", "the color table is empty; give at least one color"),
}


def test_what_is_refused_grass_refuses_too(paint_grass: Paint) -> None:
    painted = paint_grass({name: text.encode() for name, (text, _) in REFUSED.items()})
    for name, said in painted.items():
        assert isinstance(said, str), f"GRASS takes {name}"
        assert "ERROR" in said


@pytest.mark.parametrize("name", REFUSED)
def test_an_error_names_the_line_and_what_to_do(name: str) -> None:
    text, words = REFUSED[name]
    with pytest.raises(LutFormatError) as caught:
        read(text)
    assert str(caught.value).startswith(f"mine, {words}" if words.startswith("line") else f"mine: {words}")


STRICTER = {
    "mixed": ("0% red\n10 blue\n", "line 1: some values are percentages and others are not; write all in one way"),
    "not in order": (
        "0.5 red\n9 blue\n7 green\n",
        "line 3: 7 is below the value before; GRASS interpolates from line to",
    ),
    "descending jump": ("9 red\n5 blue\n5 green\n1 gray\n", "line 2: 5 is below the value before"),
    "no number": ("nan red\n", "line 1: 'nan' is no number, percentage, nv, default or end"),
    "range": ("1:5 red\n", "line 1: '1:5' is no finite number"),
    "short hexadecimal": ("0 #f00\n1 red\n", "line 1: '#f00' is no color;"),
    "long hexadecimal": ("0 #ff000080\n1 red\n", "line 1: '#ff000080' is no color;"),
    "huge": (f"{'9' * 5000} red\n", "line 1: '999"),
}


@pytest.mark.parametrize("name", STRICTER)
def test_what_grass_would_paint_in_an_odd_way_is_refused(name: str) -> None:
    text, words = STRICTER[name]
    with pytest.raises(LutFormatError) as caught:
        read(text)
    assert str(caught.value).startswith(f"mine, {words}")


# What is shipped ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grass_colors() -> Path:
    program = shutil.which("grass")
    if program is None:
        pytest.skip("the program grass is not installed")
    found = subprocess.run([program, "--config", "path"], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()) / "etc" / "colors"


def test_the_rules_that_grass_ships_are_read_but_for_those_that_mix_percentages(grass_colors: Path) -> None:
    files = sorted(path for path in grass_colors.iterdir() if path.is_file())
    assert len(files) > 30
    for path in files:
        keys = [line.split()[0] for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        shares = {key.endswith("%") for key in keys if key not in ("nv", "default")}
        file = LutFile(name=path.name, data=path.read_bytes())
        if len(shares) == 2:
            with pytest.raises(LutFormatError, match="some values are percentages and others are not"):
                GRASS.read(file)
        else:
            assert GRASS.read(file).percent == shares.pop()


# The model ---------------------------------------------------------------------------------------------------------------


def test_rules_are_classes_or_a_ramp_by_the_same_rule_as_the_color_text_of_gdal() -> None:
    assert read("3 red\n1 blue\n").keys == (1, 3)
    assert read("3 red\n1 blue\n").kind == "classes"
    assert read("0 red\n1.5 blue\n").kind == "ramp"
    assert read("-1 red\n1 blue\n").kind == "ramp"
    assert read("0% red\n100% blue\n").percent


def test_two_colors_at_one_value_are_the_jump_of_a_ramp() -> None:
    lut = read("0 red\n5 red\n5 blue\n9 blue\n")
    assert (lut.kind, lut.keys) == ("ramp", (0, 5, 5, 9))


@pytest.mark.parametrize("kind", ["classes", "ramp"])
def test_a_comment_or_the_user_says_what_rules_are(kind: Any) -> None:
    assert read(f"# tsraster {kind}\n1 red\n2 blue\n").kind == kind
    assert read("# tsraster ramp\n1 red\n2 blue\n", kind=kind).kind == kind


def test_classes_with_one_code_twice_are_refused() -> None:
    with pytest.raises(LutFormatError, match="line 3: 1 stands there twice, in line 2 before"):
        read("# tsraster classes\n1 red\n1 blue\n")


def test_default_is_the_color_below_and_above() -> None:
    lut = read("0 red\n5 blue\ndefault 1:2:3\nnv gray\n")
    assert (lut.below, lut.above, lut.nodata) == ((1, 2, 3, 255), (1, 2, 3, 255), NAMED["gray"])


def test_nothing_is_read_behind_the_end() -> None:
    assert read("0 red\n5 blue\nend\nthis is passed over\n").keys == (0, 5)


def test_an_alpha_that_grass_passes_over_is_said() -> None:
    with pytest.warns(
        LutWarning, match="mine, line 1: GRASS passes over ':128' behind the color, and so it is left out"
    ):
        assert read("1 9:9:9:128\n").colors == ((9, 9, 9, 255),)


def test_classes_in_no_order_are_said_because_grass_paints_other_colors() -> None:
    with pytest.warns(
        LutWarning, match="mine, line 4: GRASS interpolates from line to line, and so gives other colors"
    ):
        assert read("0 black\n3 red\n7 blue\n1 white\n").keys == (0, 1, 3, 7)


def test_what_is_written_is_plain() -> None:
    lut = Lut(
        name="x", kind="ramp", keys=(0, 99.5), colors=(RED, BLUE), percent=True, below=GREEN, above=GREEN, nodata=GRAY
    )
    assert GRASS.write(lut).decode().splitlines() == [
        *("# tsraster ramp", "0% 200:0:0", "99.5% 0:0:200", "nv 77:88:99", "default 9:99:19")
    ]


def test_what_rules_cannot_hold_is_said() -> None:
    clear: RGBA = (1, 2, 3, 40)
    lut = Lut(name="x", kind="ramp", keys=(0, 1), colors=(RED, clear), names=("a", "b"), below=RED, above=BLUE)
    fitted, losses = fit_lut(lut, GRASS)
    assert (fitted.colors, fitted.names, fitted.below) == ((RED, (1, 2, 3, 255)), ("", ""), None)
    assert len(losses) == 3


# Recognition -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_sure"),
    [
        ("0 255:0:0\n1 0:255:0\n", True),
        ("# mine\n0 red\nend\n", True),
        ("0% red\n100% blue\ndefault gray\n", True),
        ("nv 1:2:3\n0 red\n", True),
        ("1:255:0:0\n2:0:255:0\n", False),
        ("1 255 0 0\n2 0 255 0\n", False),
        ("1 255:0:0:128\n", False),
        ("1 red\n2 blue\nnv black\n", False),
        ("0% black\n100% white\n", False),
        ("code,red,green,blue\n1,2,3,4\n", False),
        ("0 1/2/3 5 1/2/3\n", False),
        ("end\n", False),
        ("", False),
    ],
)
def test_rules_are_recognized_where_they_can_be_nothing_else(text: str, is_sure: bool) -> None:
    with warnings.catch_warnings(action="error"):
        assert GRASS.recognize(text.encode()) is is_sure


def test_long_rules_are_recognized_by_their_first_lines() -> None:
    assert GRASS.recognize(b"".join(b"%d 1:2:3\n" % i for i in range(100_000)))
