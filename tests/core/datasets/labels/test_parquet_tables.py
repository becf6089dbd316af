"""Uploads of Parquet files with photos and labels."""

import pytest

from core.datasets.layout import Ambiguous
from core.errors import InvalidInput
from tests.core.datasets.imports import imported, leftovers, reasons
from tests.core.datasets.parquet_uploads import parquet_of
from tests.photo_files import archive, folder, jpeg

NAMES = ["cat", "dog"]


def upload(tmp_path, files: dict[str, bytes], kind: str):
    return folder(tmp_path / "set", files) if kind == "folder" else archive(tmp_path / "set.zip", files)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_splits_are_in_the_names_of_the_files(tmp_path, home, kind):
    files = {
        "README.md": b"---\nlicense: mit\n---",
        "data/train-00000-of-00002.parquet": parquet_of(0, [0, 1] * 4, names=NAMES),
        "data/train-00001-of-00002.parquet": parquet_of(100, [0, 1] * 4, names=NAMES),
        "data/test-00000-of-00001.parquet": parquet_of(200, [0, 1] * 3, names=NAMES),
    }
    dataset, photos = imported(upload(tmp_path, files, kind), home)
    assert dataset.class_sizes == {"cat": 11, "dog": 11} and dataset.split_given
    assert dataset.split_sizes["test"] == 6 and reasons(dataset) == {"README.md": "is no photo"}
    first = next(photo for photo in photos if photo.file == "data/train-00001-of-00002.parquet/000001.jpg")
    assert first.class_name == "dog"


def test_photos_without_a_label_are_unlabelled(tmp_path, home):
    files = {
        "train.parquet": parquet_of(0, [0, 1] * 4, names=NAMES),
        "test.parquet": parquet_of(200, [-1] * 3, names=NAMES),
    }
    dataset, _ = imported(upload(tmp_path, files, "zip"), home)
    assert dataset.class_sizes == {"cat": 4, "dog": 4} and dataset.unlabelled == 3 and not dataset.split_given


def test_several_columns_of_labels_are_asked_about(tmp_path, home):
    data = parquet_of(0, ["a", "b"] * 8, column="coarse_label", fine_label=["x", "x", "y", "z"] * 4)
    source = upload(tmp_path, {"a.parquet": data}, "zip")
    with pytest.raises(Ambiguous) as asked:
        imported(source, home)
    ids = [layout.id for layout in asked.value.layouts]
    assert ids == ["labels:a.parquet:file:coarse_label", "labels:a.parquet:file:fine_label"]
    assert imported(source, home, layout=ids[1])[0].photo_count == 16


def test_a_damaged_file_is_listed_and_the_rest_is_imported(tmp_path, home):
    good = parquet_of(0, [0, 1] * 4, names=NAMES)
    files = {"train-0.parquet": good, "train-1.parquet": good[:-30], "train-2.parquet": b"PAR1"}
    dataset, _ = imported(upload(tmp_path, files, "zip"), home)
    assert dataset.photo_count == 8
    assert reasons(dataset) == dict.fromkeys(("train-1.parquet", "train-2.parquet"), "is damaged or no Parquet file")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.parquet": b"PAR1"}, "'a.parquet' is damaged or no Parquet file"),
        ({"a.parquet": parquet_of(0, ["a", "b", "c", "d"])}, "no column of classes"),
    ],
)
def test_nothing_to_learn_from_is_one_sentence(tmp_path, home, files, why):
    with pytest.raises(InvalidInput, match=why):
        imported(upload(tmp_path, files, "zip"), home)
    assert leftovers(home) == []


def test_beside_other_photos_a_parquet_file_is_no_photo(tmp_path, home):
    files = {f"{name}/{number}.jpg": jpeg(number + 10 * len(name)) for name in ("cat", "mouse") for number in range(4)}
    dataset, _ = imported(upload(tmp_path, files | {"index.parquet": parquet_of(0, [0, 1])}, "zip"), home)
    assert dataset.class_sizes == {"cat": 4, "mouse": 4} and "index.parquet" in reasons(dataset)
