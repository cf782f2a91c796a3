"""What every format of color tables must do, now and later; nothing is said of any one but its `Capacity`."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lutfiles.strategies import luts
from tsraster.errors import LutError, LutFormatError, LutWarning, UsageError
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, LutFormat, fit_lut, read_lut
from tsraster.lutfiles.finding import find_format
from tsraster.lutfiles.lutformat import LutFile

derandomized = settings(derandomize=True, deadline=None, database=None, max_examples=150)
fewer = settings(derandomized, max_examples=40)
each_format = pytest.mark.parametrize("name", list(LUT_FORMATS))

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())
"""In a folder a format; what is wrong begins with bad, and what may be a table or not, as others read it, with odd."""
GOOD = [path for path in FILES if path.parent.name in LUT_FORMATS and not path.name.startswith(("bad-", "odd-"))]

SECONDS = 3
"""No read takes longer."""

RED, BLUE = (200, 0, 0, 255), (0, 0, 200, 255)
PLAIN = (
    Lut(name="mine", kind="classes", keys=(0, 1), colors=(RED, BLUE), names=("wood", "open water")),
    Lut(name="mine", kind="ramp", keys=(-1.5, 7), colors=(RED, BLUE), names=("cold", "warm")),
    Lut(name="mine", kind="intervals", keys=(1, 2.5, 4), colors=(RED, BLUE), names=("low", "high")),
    Lut(name="mine", kind="index", colors=(RED, BLUE) * 128, names=("a", "b") * 128),
)


def shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def read(name: str, data: bytes) -> Lut:
    """Read, whatever other programs would make of it; any other warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", LutWarning)
        return LUT_FORMATS[name].read(LutFile(name="mine", data=data))


def fit(lut: Lut, form: LutFormat) -> Lut | None:
    """Return what the format can hold of a table, or None."""
    try:
        return fit_lut(lut, form)[0]
    except LutError:
        return None


def write_plain(name: str) -> bytes:
    """Return a small file of a format."""
    form = LUT_FORMATS[name]
    return next(form.write(lut) for lut in (fit(plain, form) for plain in PLAIN) if lut is not None)


def is_text(name: str) -> bool:
    try:
        return write_plain(name).decode("utf-8").replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False


def seeds(name: str) -> list[bytes]:
    """Return files of a format: of its own, and of the corpus."""
    form = LUT_FORMATS[name]
    written = [form.write(lut) for lut in (fit(plain, form) for plain in PLAIN) if lut is not None]
    return written + [path.read_bytes() for path in FILES if path.parent.name == name]


TEXTS = [name for name in LUT_FORMATS if is_text(name)]


def check_read(name: str, data: bytes) -> Lut | None:
    """Read anything: it is a table or an error that says what is wrong, and where, in a line, and soon."""
    start = time.monotonic()
    try:
        lut = read(name, data)
    except LutFormatError as error:
        check_error(error, data)
        return None
    finally:
        assert time.monotonic() - start < SECONDS
    assert isinstance(lut, Lut)
    assert lut.name == "mine"
    return lut


def check_error(error: LutFormatError, data: bytes) -> None:
    text = str(error)
    where = "mine" if error.line is None else f"mine, line {error.line}"
    assert error.path == "mine"
    assert text.startswith(f"{where}: ")
    assert len(text.splitlines()) == 1, "a line break"
    assert text.isprintable(), "a control character"
    assert len(text) < 500
    assert not text.endswith(".")
    if error.line is not None:
        assert 1 <= error.line <= len(re.findall(rb"\r\n|\r|\n", data)) + 2


def check_refusal(error: LutError) -> None:
    text = str(error)
    assert type(error) is LutError
    assert text.startswith("mine cannot become ")
    assert len(text.splitlines()) == 1
    assert len(text) < 400
    assert not text.endswith(".")


# Fitting, writing, reading -----------------------------------------------------------------------------------------------


@each_format
@derandomized
@given(lut=luts())
def test_what_fits_is_read_back_as_it_was_written(name: str, lut: Lut) -> None:
    form = LUT_FORMATS[name]
    fitted = fit(lut, form)
    if fitted is None:
        return
    assert read(name, form.write(fitted)) == fitted


@each_format
@derandomized
@given(lut=luts())
def test_a_loss_is_said_where_there_is_one_and_only_there(name: str, lut: Lut) -> None:
    form = LUT_FORMATS[name]
    try:
        fitted, losses = fit_lut(lut, form)
    except LutError as error:
        check_refusal(error)
        return
    assert (losses == []) == (fitted == lut)
    assert fit_lut(fitted, form) == (fitted, [])
    for loss in losses:
        assert loss == loss.strip()
        assert len(loss.splitlines()) == 1
        assert 0 < len(loss) < 150
        assert not loss.endswith(".")


@pytest.mark.parametrize(("name", "ending"), [(name, end) for name in LUT_FORMATS for end in LUT_FORMATS[name].endings])
@fewer
@given(lut=luts())
def test_a_file_with_an_ending_of_its_format_is_known_again(name: str, ending: str, lut: Lut) -> None:
    form = LUT_FORMATS[name]
    fitted = fit(lut, form)
    if fitted is None:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"mine{ending}"
        path.write_bytes(form.write(fitted))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LutWarning)
            again = read_lut(path)
    assert again == replace(fitted, name=str(path))


@each_format
def test_every_kind_a_format_says_it_holds_can_be_written(name: str) -> None:
    form = LUT_FORMATS[name]
    held = {lut.kind for lut in (fit(plain, form) for plain in PLAIN) if lut is not None}
    assert set(form.capacity.kinds) <= held


@each_format
def test_a_format_says_what_it_is(name: str) -> None:
    form = LUT_FORMATS[name]
    assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
    assert form.title
    assert form.title == form.title.strip(" .")
    assert all(re.fullmatch(r"(\.[a-z0-9]+)+", ending) for ending in form.endings)
    if form.capacity.codes == "dense" or form.capacity.by_code:
        # A code of a thousand millions would be filled up to.
        assert form.capacity.largest is not None
        assert form.capacity.largest < 2**20


def test_a_format_cannot_be_registered_twice() -> None:
    with pytest.raises(UsageError, match="registered already"):
        LUT_FORMATS.register("csv")(LUT_FORMATS["csv"])


# Line ends ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
@fewer
@given(lut=luts())
def test_line_ends_and_a_byte_order_mark_do_not_matter(name: str, lut: Lut) -> None:
    form = LUT_FORMATS[name]
    fitted = fit(lut, form)
    if fitted is None:
        return
    data = form.write(fitted)
    for mark, end in product((b"", b"\xef\xbb\xbf"), (b"\n", b"\r\n", b"\r")):
        assert read(name, mark + data.replace(b"\n", end)) == fitted


@pytest.mark.parametrize("name", TEXTS)
def test_text_ends_with_a_line_end_and_need_not(name: str) -> None:
    data = write_plain(name)
    assert data.endswith(b"\n")
    assert b"\r" not in data
    assert read(name, data.rstrip(b"\n")) == read(name, data) == read(name, data + b"\n\n")


# Wrong files -------------------------------------------------------------------------------------------------------------


@each_format
@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe"], ids=repr)
def test_an_empty_file_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(LutFormatError) as caught:
        read(name, data)
    check_error(caught.value, data)


@each_format
def test_a_file_that_is_cut_anywhere_is_a_table_or_refused(name: str) -> None:
    for data in seeds(name):
        for end in range(0, len(data), max(1, len(data) // 200)):
            check_read(name, data[:end])


@each_format
def test_a_flipped_bit_leaves_a_table_or_an_error(name: str) -> None:
    chance = random.Random(7)
    for data in seeds(name):
        for _ in range(150):
            broken = bytearray(data)
            for _ in range(chance.choice((1, 1, 2, 5))):
                broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            check_read(name, bytes(broken))


@each_format
@fewer
@given(data=st.data())
def test_any_bytes_within_a_file_leave_a_table_or_an_error(name: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(seeds(name)))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    odd = data.draw(
        st.binary(max_size=12) | st.text('0123456789,.:;-+ \t\n\r"#%eainfv<>&/{}=', max_size=12).map(str.encode)
    )
    check_read(name, whole[:start] + odd + whole[end:])


HUGE = {
    "digits": b"9" * 100_000,
    "fraction": b"0." + b"3" * 100_000,
    "exponent": b"1e999999999",
    "tiny": b"1e-999999999",
    "negative": b"-" + b"9" * 400,
    "just beyond floats": b"1" + b"0" * 309,
    "not ASCII": "٣".encode(),
    "superscript": "²".encode(),
    "underscore": b"1_0",
    "infinite": b"inf",
    "NaN": b"nan",
    "hexadecimal": b"0x1p9999",
    "line": b"x" * 100_000,
    "control": b"1\x0b",
    "NUL": b"1\x00",
    "separator": b"1\x1c",
    "spaces": b" " * 50_000,
    "spaces in parts": b"1 " + b" \t" * 20_000 + b"/",
    "signs": b"1-" * 20_000,
    "slashes": b"1/" * 20_000,
    "digits and no more": b"9" * 20_000 + b"x",
}


@each_format
@pytest.mark.parametrize("number", HUGE)
def test_a_number_that_is_none_in_any_place_is_an_error_or_passed_over(name: str, number: str) -> None:
    for data in seeds(name)[:4]:
        places = list(re.finditer(rb"-?[0-9]+(\.[0-9]+)?", data))
        for place in places[:: len(places) // 40 + 1]:
            check_read(name, data[: place.start()] + HUGE[number] + data[place.end() :])


@each_format
def test_a_large_file_of_anything_is_read_soon(name: str) -> None:
    chance = random.Random(1)
    size = 2**17  # what takes the square of it takes minutes
    check_read(name, chance.randbytes(size))
    for word in (
        b"\n",
        b"#",
        b" ",
        b"1",
        b"1 ",
        b"0,",
        b"<a>",
        b"&",
        b"<!--",
        b'"',
        b"{",
        b"=",
        b"1 2 3\n",
        b":\n",
        b"a;\n",
    ):
        check_read(name, word * (size // len(word)))
    for data in seeds(name)[:4]:
        check_read(name, data * (size // len(data)))
        for line in sorted(set(data.splitlines(keepends=True)[:8])):
            check_read(name, data.replace(line, line * (size // len(line)), 1))


@each_format
def test_deep_and_swelling_xml_is_refused_soon(name: str) -> None:
    deep = 200_000
    check_read(name, b"<a>" * deep + b"</a>" * deep)
    for data in filter(_is_xml, seeds(name)):
        for tag in {tag[1] for tag in re.finditer(rb"<([A-Za-z:]+)[ >]", data)}:
            check_read(name, data.replace(b"<" + tag, (b"<" + tag + b">") * deep + b"<" + tag, 1))
            check_read(name, data.replace(b"<" + tag, (b"<" + tag + b">") * 500 + b"<" + tag, 1))
        laughs = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 12))
        check_read(name, _declare(data, b'<!ENTITY l0 "ha">' + laughs, b"&l11;"))
        check_read(name, _declare(data, b'<!ENTITY l "' + b"x" * 100_000 + b'">', b"&l;" * 20_000))


def _is_xml(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")


def _declare(data: bytes, declared: bytes, used: bytes) -> bytes:
    """Put a document type before the root of XML, and a reference into every name and number."""
    head, root, rest = re.split(rb"(<(?:\w+:)?[A-Za-z]\w*)", data, maxsplit=1)
    head = re.sub(rb"<!DOCTYPE[^>]*>", b"", head)
    rest = re.sub(rb'((?:label|name|color|value|quantity)=")[^"]*', lambda found: found[1] + used, rest)
    return head + b"<!DOCTYPE " + root[1:] + b" [" + declared + b"]>" + root + rest


@each_format
def test_the_file_of_any_other_format_is_a_table_or_refused(name: str) -> None:
    for other in LUT_FORMATS:
        for data in seeds(other):
            check_read(name, data)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_file_of_the_corpus_is_a_table_or_refused(path: Path) -> None:
    data = path.read_bytes()
    for name in LUT_FORMATS:
        lut = check_read(name, data)
        assert lut is None or name != path.parent.name or not path.name.startswith("bad-")


@pytest.mark.parametrize("path", GOOD, ids=shown)
def test_a_file_of_the_corpus_is_a_table_and_known_by_its_content_and_ending(path: Path) -> None:
    own = path.parent.name
    assert check_read(own, path.read_bytes()) is not None
    if path.name.endswith(LUT_FORMATS[own].endings):
        assert find_format(str(path), path.read_bytes()) == own


@derandomized
@given(data=st.binary(max_size=200))
def test_the_format_of_any_bytes_is_found_or_refused(data: bytes) -> None:
    for ending in ("", ".txt", ".lut", ".xml", ".csv", ".unknown"):
        try:
            assert find_format(f"mine{ending}", data) in LUT_FORMATS
        except LutFormatError as error:
            assert error.path == f"mine{ending}"  # noqa: PT017


@each_format
def test_a_trap_is_said_in_one_line_that_names_the_file(name: str) -> None:
    for data in seeds(name):
        for given_by in (said for other in LUT_FORMATS for said in _warnings(other, data)):
            assert given_by.startswith("mine")
            assert len(given_by.splitlines()) == 1
            assert len(given_by) < 500
            assert not given_by.endswith(".")


def _warnings(name: str, data: bytes) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(LutFormatError):
            LUT_FORMATS[name].read(LutFile(name="mine", data=data))
    assert all(warning.category is LutWarning for warning in caught)
    return [str(warning.message) for warning in caught]


# No other file -----------------------------------------------------------------------------------------------------------


WATCH = """
import json, sys, warnings
from pathlib import Path
from tsraster.lutfiles import LUT_FORMATS
from tsraster.lutfiles.lutformat import LutFile
from tsraster.errors import LutFormatError

warnings.simplefilter("ignore")
files = [Path(path).read_bytes() for path in sys.argv[1:]]
seen, shown, watching = [], [], False

def hook(event, arguments):
    if watching and (event == "open" or event.startswith(("socket.", "urllib.", "subprocess.", "os.", "shutil.", "http."))):
        seen.append(f"{event} {arguments}")

sys.addaudithook(hook)
for watching in (False, True):  # at first modules are imported, and read from files
    for name in LUT_FORMATS:
        for data in files:
            try:
                shown.append(repr(LUT_FORMATS[name].read(LutFile(name="mine", data=data))))
            except LutFormatError as error:
                shown.append(str(error))
watching = False
print(json.dumps([seen, shown, len(LUT_FORMATS)]))
"""


def _outside(folder: Path) -> Iterator[bytes]:
    """Yield files that ask for what stands in others."""
    secret = (folder / "secret.txt").as_uri().encode()
    include = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="' + secret + b'"/>'
    xml = [data for name in LUT_FORMATS for data in seeds(name) if _is_xml(data)] or [
        b'<a label="x"><b color="#000"/></a>'
    ]
    for data in xml:
        yield _declare(data, b'<!ENTITY x SYSTEM "' + secret + b'">', b"&x;")
        yield _declare(data, b'<!ENTITY % x SYSTEM "' + secret + b'"> %x;', b"&x;")
        yield _declare(data, b'<!ENTITY x PUBLIC "-//X" "http://localhost:9/x">', b"&x;")
        root = re.search(rb"<[A-Za-z][\w:]*", data)
        assert root
        yield data.replace(root[0], b'<!DOCTYPE a SYSTEM "' + secret + b'">' + root[0], 1)
        yield data.replace(root[0], b'<?xml-stylesheet type="text/xsl" href="' + secret + b'"?>' + root[0], 1)
        yield re.sub(rb"(<[A-Za-z][^?!>]*[^/?]>)", lambda tag: tag[1] + include, data)
    for name in LUT_FORMATS:
        yield from (data.replace(b"water", secret) for data in seeds(name))


@contextmanager
def _written(files: Iterator[bytes], folder: Path) -> Iterator[list[Path]]:
    paths = []
    for number, data in enumerate(files):
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(data)
    yield paths


def test_reading_opens_no_other_file_and_no_connection(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("taken in from outside")
    with _written(_outside(tmp_path), tmp_path) as paths:
        command = [sys.executable, "-c", WATCH, *map(str, paths)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    seen, shown, formats = json.loads(done.stdout)
    assert len(shown) == 2 * len(paths) * formats
    assert seen == []
    assert not any("taken in" in text for text in shown)
