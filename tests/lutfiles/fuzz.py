"""Feed readers of color tables with files that are nearly right, and keep what breaks them.

    python -m tests.lutfiles.fuzz --seconds 60 --seed 1 [--corpus DIR] [--format NAME] [--save DIR]

Each input is made from the files of the corpus: bits are flipped, parts of two files joined, words of the grammars put in,
numbers replaced by those at limits, parts doubled, the end cut off. Every reader gets it, and the detection of formats. Whatever
is neither a `Lut` nor a `LutFormatError`, takes long, or is not read back after it was written, is saved with its traceback. The
exit code is 1 where something was found. Add what was found to the corpus, so that it is tried by every run of the tests.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tsraster.errors import LutError, LutFormatError, LutWarning
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut
from tsraster.lutfiles.finding import find_format
from tsraster.lutfiles.lutformat import LutFile

CORPUS = Path(__file__).parent / "corpus"
SECONDS = 3.0
"""A read that takes longer is a finding; after twice the time it is stopped."""
MOST_BYTES = 2**18

_SIGNS = b"\n|\r\n|\r|\0|\xef\xbb\xbf|\xff\xfe|\xc3| |\t|\x0b|\x0c|\x1c|\xc2\x85|\xe2\x80\xa8".split(b"|")
_LINES = b"""# tsraster classes
# tsraster ramp
# QGIS Generated Color Map Export File
INTERPOLATION:DISCRETE
# COLOR_MODEL = HSV
# COLOR_MODEL = +CMYK
# HINGE = 0
# RANGE = -1/1
# CYCLIC
GIMP Palette
Name: x
Columns: 0
ENVI
classes = 2
file type = ENVI Classification
"""
_WORDS = b"""
, ; : # % / " ' = { } ( ] [ ) * @ - | \\
code value percent interval position red green blue alpha name nodata below above nv default end thru white grey
INTERPOLATION: EXACT DISCRETE INTERPOLATED B F N L U 50% 1:2:3 1/2/3 0-1-1 0/0/0/100 #ff0000 #f00 red@50 gray50 ICOL Index
<a> </a> <!-- --> <![CDATA[ ]]> &amp; &#0; &#xD800; &x; <?p?> <!DOCTYPE ]> xmlns:a="b" encoding="UTF-16" encoding="utf-7" <a:b/>
<item <paletteEntry <ColorMapEntry <Entry <Row> <F> </F> <Category/> value=" quantity=" color="# label=" opacity=" alpha="
band="2" type="intervals" type="values" type="paletted" lookup names {0,0,0}
"""
WORDS = (
    *_SIGNS,
    *_LINES.splitlines(keepends=True),
    *_WORDS.split(),
    b'<!DOCTYPE a [<!ENTITY x "y">]>',
    b'<?xml version="1.1"?>',
)
"""Words and signs of the grammars."""

NUMBERS = (
    *b"0 -0 1 -1 2 127 128 255 256 65535 65536 4294967296 -2147483649 9007199254740993 +1 1_0 0x10 01 1,5 1.2.3 --1 1e".split(),
    *b"0.5 .5 5. 1e3 1E-400 1e400 -1e308 1.8e308 5e-324 inf -inf nan NaN infinity \xd9\xa3 \xc2\xb2".split(),
    *(b"", b"9" * 310, b"9" * 5000, b"0." + b"1" * 5000),
)
"""Numbers at limits, and what only looks like one."""

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def _flip(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 4, 16))):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _splice(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    return data[: _place(chance, data)] + other[_place(chance, other) :]


def _insert(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(chance, data)
    return data[:at] + chance.choice(WORDS) * chance.choice((1, 1, 1, 2, 50)) + data[at:]


def _renumber(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    places = list(re.finditer(rb"[0-9.]+", data))
    if not places:
        return data
    place = chance.choice(places)
    return data[: place.start()] + chance.choice(NUMBERS) + data[place.end() :]


def _cut(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted((_place(chance, data), _place(chance, data)))
    return chance.choice((data[:end], data[start:], data[:start] + data[end:]))


def _double(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted((_place(chance, data), _place(chance, data)))
    return data[:start] + data[start:end] * chance.choice((2, 2, 3, 40)) + data[end:]


def _shuffle(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(chance.choice((1, 3)) if lines else 0):
        lines.insert(chance.randrange(len(lines)), lines.pop(chance.randrange(len(lines))))
    return b"".join(lines)


def _recode(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-7")))


def _place(chance: random.Random, data: bytes) -> int:
    """Choose where a line begins, or anywhere."""
    if chance.random() < 0.5:
        return chance.randint(0, len(data))
    return chance.choice([0, len(data), *(found.end() for found in re.finditer(rb"\n", data))])


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip, _splice, _splice, _insert, _insert, _insert, _renumber, _renumber, _renumber, _renumber),
    *(_cut, _double, _shuffle, _recode),
)


def mutate(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return a file of the corpus, changed in a few places."""
    data = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        data = chance.choice(MUTATIONS)(chance, data, seeds)[:MOST_BYTES]
    return data


class TooLong(BaseException):  # so that no reader takes it for an error of its own
    """A read does not come to an end."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooLong


@contextmanager
def alarm() -> Iterator[None]:
    """Stop what does not come to an end, where the system can."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, 2 * SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check(name: str, data: bytes) -> bool:
    """Read a file as a format, or find its format where no name is given; return whether it was a table.

    Raises
    ------
    Exception
        Something is wrong with the reader.
    """
    start = time.monotonic()
    try:
        with alarm():
            found = _find(data) if not name else _read(name, data)
    except TooLong:
        raise AssertionError(f"reading takes more than {2 * SECONDS:g} seconds") from None
    if time.monotonic() - start > SECONDS:
        raise AssertionError(f"reading takes more than {SECONDS:g} seconds")
    return found


def _find(data: bytes) -> bool:
    for ending in ("", ".txt", ".lut", ".xml", ".csv"):
        try:
            assert find_format(f"mine{ending}", data) in LUT_FORMATS
        except LutFormatError as error:
            _check_error(error, f"mine{ending}")
    return False


def _read(name: str, data: bytes) -> bool:
    form = LUT_FORMATS[name]
    try:
        lut = form.read(LutFile(name="mine", data=data))
    except LutFormatError as error:
        _check_error(error, "mine")
        return False
    assert isinstance(lut, Lut), f"{type(lut)} and no table"
    try:
        fitted, _ = fit_lut(lut, form)
    except LutError:
        return True
    assert form.read(LutFile(name="mine", data=form.write(fitted))) == fitted, "what is written is not read back"
    return True


def _check_error(error: LutFormatError, name: str) -> None:
    where = name if error.line is None else f"{name}, line {error.line}"
    assert error.path == name, f"the error has the path {error.path!r}"
    assert str(error).startswith(f"{where}: "), "the error does not begin with the file and the line"
    assert str(error).isprintable(), "the error holds a control character"
    assert len(str(error)) < 500, "the error is long"


@dataclass
class Tally:
    """What a run has done."""

    inputs: int = 0
    reads: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    findings: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    """By the place in the code: the reader, the smallest input, and the traceback."""


def try_input(tally: Tally, names: Sequence[str], data: bytes) -> None:
    """Give one input to readers, and note what happens."""
    tally.inputs += 1
    for name in names:
        tally.reads += 1
        try:
            tally.tables[name] = tally.tables.get(name, 0) + check(name, data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{name or 'find'}-{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
            if key not in tally.findings or len(data) < len(tally.findings[key][1]):
                tally.findings[key] = (name, data, traceback.format_exc())


def fuzz(
    *, seed: int = 1, inputs: int | None = None, seconds: float | None = None, corpus: Path = CORPUS, name: str = ""
) -> Tally:
    """Try inputs until there were as many, or until the time is over; with a number of them each run is the same."""
    chance = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(corpus.rglob("*")) if path.is_file()]
    names = [name] if name else ["", *LUT_FORMATS]
    tally, end = Tally(), time.monotonic() + (seconds or 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", LutWarning)
        for data in seeds:
            try_input(tally, names, data)
        while tally.inputs - len(seeds) < inputs if inputs is not None else time.monotonic() < end:
            try_input(tally, names, mutate(chance, seeds))
    return tally


def save(tally: Tally, folder: Path) -> list[Path]:
    """Write each finding, and beside it what happened."""
    paths = []
    for key, (_, data, text) in tally.findings.items():
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{key}-{hashlib.sha256(data).hexdigest()[:8]}"
        path.with_name(f"{path.name}.bin").write_bytes(data)
        path.with_name(f"{path.name}.txt").write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, say what was done, and return the exit code."""
    parser = argparse.ArgumentParser(description="Feed the readers of color tables with files that are nearly right.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, help="a number of inputs in place of a time: the same inputs each time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--format", default="", choices=list(LUT_FORMATS), help="only this one")
    parser.add_argument("--save", type=Path, default=Path("fuzz-findings"), help="the folder for what was found")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    tally = fuzz(
        seed=options.seed,
        inputs=options.inputs,
        seconds=options.seconds,
        corpus=options.corpus,
        name=options.format,
    )
    speed = tally.reads / (time.monotonic() - start)
    say = sys.stdout.write
    say(f"{tally.inputs} inputs, {tally.reads} reads, {speed:.0f} reads per second\n")
    say("tables: " + ", ".join(f"{name} {count}" for name, count in tally.tables.items() if name) + "\n")
    for path in save(tally, options.save):
        say(f"found: {path}.bin and .txt\n")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
