"""Names of datasets."""

from pathlib import Path

import pytest

from core.datasets.names import dataset_name
from tests.core.datasets.imports import refusal


@pytest.mark.parametrize("name", ["", "   ", "a:b", "a/b", "x" * 81, "tab\there", "a\u202eb"])
def test_names_that_cannot_be_used_are_refused_before_anything_is_read(tmp_path, home, name):
    assert "dataset name" in refusal(tmp_path / "missing.zip", home, name=name)


def test_the_default_name_is_the_uploads_own(tmp_path):
    (tmp_path / "My photos").mkdir()
    assert dataset_name(None, tmp_path / "pets v2.zip") == "pets v2"
    assert dataset_name(None, tmp_path / "My photos") == "My photos"
    assert dataset_name(None, Path("a:b\x07.zip")) == "a-b"
    assert dataset_name("  Blumen ", tmp_path) == "Blumen"
