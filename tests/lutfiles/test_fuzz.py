"""A short run of the fuzzer, the same each time; and that it finds what is there to be found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lutfiles import fuzz
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS
from tsraster.lutfiles.lutformat import LutFile


@pytest.mark.parametrize("name", ["", *LUT_FORMATS], ids=lambda name: name or "all")
def test_a_run_finds_nothing(name: str) -> None:
    tally = fuzz.fuzz(seed=len(name), inputs=300 if name else 1500, name=name)
    assert [text for _, _, text in tally.findings.values()] == []
    assert all(tally.tables.get(one, 0) > 0 for one in (name and [name]) or LUT_FORMATS)


def test_two_runs_make_the_same_inputs() -> None:
    first, second = (fuzz.fuzz(seed=3, inputs=100, name="csv") for _ in range(2))
    assert first == second
    assert first != fuzz.fuzz(seed=4, inputs=100, name="csv")


def _raise(file: LutFile) -> Lut:
    raise ValueError(f"{len(file.data)} bytes")


def _wait(file: LutFile) -> Lut:
    while True:
        time.sleep(0.01)


def _shout(file: LutFile) -> Lut:
    raise file.error("wrong", 3) if len(file.data) % 2 else ValueError


def _forget(file: LutFile) -> Lut:
    return Lut(name="mine", kind="classes", keys=(len(file.data),), colors=((1, 2, 3, 255),))


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (_raise, "ValueError: 8 bytes"),
        (_wait, "AssertionError: reading takes more than"),
        (_shout, "ValueError"),
        (_forget, "what is written is not read back"),
    ],
)
def test_a_reader_that_breaks_is_found(
    read: Callable[[LutFile], Lut],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    monkeypatch.setitem(LUT_FORMATS._things, "csv", replace(LUT_FORMATS["csv"], read=read))
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "seed").write_bytes(b"1 2 3 4\n")
    options = ["--corpus", tmp_path / "corpus", "--save", tmp_path / "found", "--inputs", 0, "--format", "csv"]
    assert fuzz.main([str(option) for option in options]) == 1
    assert "found: " in capsys.readouterr().out
    saved = sorted((tmp_path / "found").iterdir())
    assert [path.suffix for path in saved] == [".bin", ".txt"]
    assert saved[0].read_bytes() == b"1 2 3 4\n"
    assert words in saved[1].read_text()
