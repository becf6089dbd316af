"""Class folders that lie in folders of splits, or beside them."""

import pytest

from core.datasets.layouts.recognition import read_layouts
from tests.core.datasets.uploads_of import counts, upload


def certain(*patterns: str):
    choice = read_layouts(upload(*patterns))
    assert not choice.question and len(choice.layouts) == 1
    return choice.layouts[0]


@pytest.mark.parametrize(("name", "split"), [("val", "validation"), ("Test", "test"), ("val/val", "validation")])
def test_a_split_beside_the_classes_that_it_repeats_is_that_split(name, split):
    layout = certain("{cat,dog}/*3", f"{name}/{{cat,dog}}/*2")
    assert counts(layout) == {"train": {"cat": 3, "dog": 3}, split: {"cat": 2, "dog": 2}}
    assert split in layout.notes[0]


def test_photos_set_aside_are_noted():
    layout = certain("train/{cat,dog}/*3", "test/*4")
    assert layout.notes == ("The folder 'test' holds 4 photos without a class: set aside as unlabelled.",)
