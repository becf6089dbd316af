"""Class folders without folders of splits above them."""

from core.datasets.layouts.recognition import read_layouts
from tests.core.datasets.uploads_of import counts, upload


def test_split_folders_in_some_classes_only_leave_the_others_for_training():
    first, second = read_layouts(upload("cat/{train,test}/*2", "dog/train/*2", "bird/*3")).layouts
    assert counts(first) == {"train": {"bird": 3, "cat": 2, "dog": 2}, "test": {"cat": 2}}
    assert counts(second) == {"": {"bird": 3, "cat": 4, "dog": 2}}
