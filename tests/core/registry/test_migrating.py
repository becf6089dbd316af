"""The check of the revision, and what a home would lose; the migrations themselves are in ``test_opening``."""

import pytest

from core.errors import Unavailable
from core.registry.migrating import check_revision, what_home_has


def test_an_older_or_equal_revision_is_opened_and_a_newer_one_refused():
    for revision in (None, "0013", "0014"):
        check_revision("registry.db", revision, "0014")
    with pytest.raises(Unavailable, match="registry.db was written by a newer Graft .schema 0015; .* up to 0014"):
        check_revision("registry.db", "0015", "0014")


def test_what_a_home_has(tmp_path):
    assert what_home_has(tmp_path) == ""
    (tmp_path / "runs" / "r-1").mkdir(parents=True)
    assert what_home_has(tmp_path) == "1 run"
    for name in ("d-1", "d-2"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
    assert what_home_has(tmp_path) == "1 run and 2 datasets"
