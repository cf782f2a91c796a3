"""Machine code is kept so that neither older sources nor another process can slip theirs in."""

import os

import pytest

pytest.importorskip("numba")

from tsraster.learning import compiling, eigenvalues


def test_kept_code_belongs_to_all_sources_and_to_one_process() -> None:
    files = eigenvalues.root_pairs._cache._cache_file
    assert files._source_stamp[1] == compiling._digest_sources()
    assert f".{os.getpid()}-1.nbc" in files._data_name(1)


def test_a_numba_that_keeps_files_otherwise_is_left_alone() -> None:
    compiling.keep_apart(object())
