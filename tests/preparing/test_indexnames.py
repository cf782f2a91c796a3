"""The names of indices: what is found, with which constants, and that the formulas are those of spyndex."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tsraster.errors import BandError, MissingExtraError, UnknownNameError, UsageError
from tsraster.preparing import indexnames
from tsraster.preparing.indexnames import find_index, list_indices, parse_index
from tsraster.preparing.indices import BAND_NAMES, compute_index, match_bands

KERNELS = {"kEVI", "kIPVI", "kNDVI", "kRVI", "kVARI"}
RADAR = ["HH", "HV", "VH", "VV"]


@pytest.fixture
def without_spyndex(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "spyndex", None)
    indexnames._list_others.cache_clear()
    yield
    indexnames._list_others.cache_clear()


def reflect(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {letter: rng.uniform(0.01, 0.9, 500) for letter in [*BAND_NAMES, *RADAR]}


def test_every_index_of_spyndex_is_computed_as_there_or_known_not_to_be() -> None:
    spyndex = pytest.importorskip("spyndex")
    bands = reflect()
    not_computed = set()
    for name in spyndex.indices:
        index = find_index(name)
        wanted = {
            letter: 500.0 + 100 * i for i, letter in enumerate(index.constants) if index.constants[letter] is None
        }
        given = ",".join(f"{letter}={value}" for letter, value in wanted.items())
        index = parse_index(f"{name}:{given}") if given else index
        try:
            found = compute_index(index, bands)
        except BandError as error:
            assert "is made of kernels" in str(error)  # noqa: PT017 - others are compared
            not_computed.add(name)
            continue
        with np.errstate(all="ignore"):
            expected = np.asarray(spyndex.computeIndex(name, params=bands | dict(index.constants)), dtype=np.float64)
        expected = np.where(np.isfinite(expected), expected, np.nan)
        np.testing.assert_allclose(found, np.broadcast_to(expected, (500,)), rtol=1e-12, err_msg=name)
    assert not_computed == KERNELS
    assert len(spyndex.indices) >= 280


def test_those_built_in_are_those_of_spyndex() -> None:
    spyndex = pytest.importorskip("spyndex")
    own, others = indexnames._list_own(), indexnames._list_others()
    assert len(own) == 16
    for name, index in own.items():
        other = others[name]
        assert index.expression.text.replace(" ", "") == spyndex.indices[name].formula.replace(" ", "")
        assert (index.long_name, index.bands, index.constants) == (other.long_name, other.bands, other.constants)
        assert index.reference == other.reference


def test_letters_are_those_of_spyndex_and_names_those_of_stac() -> None:
    spyndex = pytest.importorskip("spyndex")
    assert {letter: names[0] for letter, names in BAND_NAMES.items()} == {
        letter: spyndex.bands[letter].common_name for letter in spyndex.bands
    }


@pytest.mark.parametrize(
    ("text", "name", "constants"),
    [
        ("NDVI", "NDVI", {}),
        ("ndvi", "NDVI", {}),
        (" EVI ", "EVI", {"g": 2.5, "C1": 6, "C2": 7.5, "L": 1}),
        ("EVI: g = 2 , C1=1e0", "EVI", {"g": 2, "C1": 1, "C2": 7.5, "L": 1}),
        # What Huete published in 1988; spyndex has one L for all indices.
        ("SAVI", "SAVI", {"L": 0.5}),
        ("savi:L=0.3", "SAVI", {"L": 0.3}),
    ],
)
def test_an_index_is_read(text: str, name: str, constants: dict[str, float]) -> None:
    index = parse_index(text)
    assert (index.name, index.constants) == (name, constants)
    assert list(find_index(name).constants) == list(constants)


@pytest.mark.usefixtures("without_spyndex")
def test_common_indices_need_no_spyndex() -> None:
    assert find_index("NDVI").formula == "(N - R) / (N + R)"
    assert find_index("awEInsh").bands == ("G", "S1", "N", "S2")
    assert len(list_indices()) == 16
    with pytest.raises(
        MissingExtraError,
        match=r"the index 'BAI' is none of those built in \(.*\), and spyndex, .*run: pip install 'tsraster\[indices\]'",
    ):
        find_index("BAI")
    with pytest.raises(MissingExtraError, match=r"\(did you mean SAVI\?\)"):
        find_index("SAVVI")


def test_constants_that_were_published_with_an_index_come_before_those_for_all() -> None:
    pytest.importorskip("spyndex")
    assert find_index("WCI1").constants == {"epsilon": 1e-10}
    assert find_index("EBI").constants == {"epsilon": 1}
    assert find_index("SARVI").constants == {"L": 0.5}
    assert len(list_indices()) >= 280


def test_a_formula_of_ones_own_is_an_index() -> None:
    index = parse_index('("Band 5" - nir) / nir')
    assert index.bands == ("Band 5", "nir")
    assert compute_index(index, {"Band 5": [0.6], "nir": [0.2]}) == pytest.approx(2)
    with pytest.raises(BandError, match="needs Band 5, and the bands are called nir"):
        match_bands(index, ["nir"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("NDVII", "there is no index 'NDVII'; did you mean NDVI\\?"),
        ("bai", "there is no index 'bai'; did you mean BAI or BaI\\?"),
        ("xyzzyq", "there is no index 'xyzzyq'; there are 2.., such as NDVI, EVI"),
        ("", "there is no index ''"),
        ("SAVI:l=0.3", "SAVI has no constant 'l'; it has L"),
        ("NDVI:L=1", "NDVI has no constant 'L'; it has none"),
        ("SAVI:L", "the constant L of SAVI is ''; write SAVI:L=NUMBER"),
        ("SAVI:L=x", "the constant L of SAVI is 'x'"),
        ("SAVI:L=nan", "the constant L of SAVI is 'nan'"),
        ("SAVI:", "SAVI has no constant ''"),
        ("nir > red", "'nir > red' is no index; give the name of one, such as NDVI, or a formula"),
        ("1 + 1", "is no index"),
        ("(nir - red", "the expression"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    pytest.importorskip("spyndex")
    with pytest.raises((UsageError, UnknownNameError), match=problem) as said:
        parse_index(text)
    assert "\n" not in str(said.value)
