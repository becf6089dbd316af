"""Names of datasets."""

from pathlib import Path

import pytest

from core.datasets.names import ARCHIVE_SUFFIXES, archive_stem, class_name, dataset_name, quoted_list
from core.errors import InvalidInput
from tests.core.datasets.imports import refusal


@pytest.mark.parametrize("name", ["", "   ", "a:b", "a/b", "x" * 81, "tab\there", "a\u202eb"])
def test_names_that_cannot_be_used_are_refused_before_anything_is_read(tmp_path, home, name):
    assert "dataset name" in refusal(tmp_path / "missing.zip", home, name=name)


def test_the_default_name_is_the_uploads_own(tmp_path):
    (tmp_path / "My photos").mkdir()
    assert dataset_name(None, tmp_path / "pets v2.zip") == "pets v2"
    for suffix in ARCHIVE_SUFFIXES:
        assert (
            dataset_name(None, tmp_path / f"pets v2{suffix.upper()}") == archive_stem(f"pets v2{suffix}") == "pets v2"
        )
    assert archive_stem(".zip") == ".zip" and archive_stem("pets.tar.old") == "pets.tar"
    assert dataset_name(None, tmp_path / "My photos") == "My photos"
    assert dataset_name(None, Path("a:b\x07.zip")) == "a-b"
    assert dataset_name("  Blumen ", tmp_path) == "Blumen"


@pytest.mark.parametrize("folder", ["", " ", "\u200b", "a\nb", "a\x1bb", "a\ud800b", "x" * 81])
def test_class_names_that_cannot_be_shown_are_refused(folder):
    with pytest.raises(InvalidInput, match="class name"):
        class_name(folder)


def test_class_names_are_in_one_unicode_form_and_keep_what_lookalike_decides_about():
    assert class_name(" A\u0308pfel ") == "Äpfel"
    assert class_name("ca\u200bt") == "ca\u200bt"
    assert class_name("می‌خواهم") == "می‌خواهم"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "'a'"),
        (["a", "b"], "'a' and 'b'"),
        (["a", "b", "c"], "'a', 'b' and 'c'"),
        (["a", "b", "c", "d"], "'a', 'b', 'c' and 1 more"),
    ],
)
def test_names_in_a_sentence_are_joined_as_in_a_sentence(names, text):
    assert quoted_list(names, 3) == text
