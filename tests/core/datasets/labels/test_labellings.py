"""The labels that tables give photos."""

from core.datasets.labels.labellings import read_labellings
from tests.core.datasets.uploads_of import Texts, upload


def reading(texts: dict[str, str], *patterns: str):
    files = upload(*patterns, *texts)
    return read_labellings(files, [file for file in files if file.is_photo], Texts(texts))


def labels(labelling) -> dict[str, str]:
    return {"/".join(parts): label.label for parts, label in labelling.labels.items()}


def test_a_photo_gets_the_label_of_its_row():
    found = reading({"l.csv": "f,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n"}, "i/*4")
    assert found.certain and len(found.labellings) == 1
    (labelling,) = found.labellings
    assert labelling.id == "labels:l.csv:f:label" and not labelling.given and not labelling.rejections
    assert labels(labelling) == {"i/0.jpg": "a", "i/1.jpg": "b", "i/2.jpg": "a", "i/3.jpg": "b"}


def test_missing_files_and_several_labels_are_listed():
    text = "f,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n4.jpg,a|b\n0.jpg,a\n1.jpg,a\n9.jpg,b\n"
    (labelling,) = reading({"l.csv": text}, "i/*5").labellings
    assert {rejection.file: rejection.reason for rejection in labelling.rejections} == {
        "i/4.jpg": "has several labels ('a' and 'b'); a photo needs one",
        "i/1.jpg": "has several labels ('a' and 'b'); a photo needs one",
        "9.jpg": "is named in 'l.csv' but is not in the upload",
    }
    assert sorted(labels(labelling)) == ["i/0.jpg", "i/2.jpg", "i/3.jpg"]


def test_splits_of_a_column_of_tables_and_of_folders():
    column = "f,label,split\n" + "\n".join(f"{n}.jpg,{'ab'[n % 2]},{['train', 'val'][n // 2 % 2]}" for n in range(8))
    tables = {
        f"{name}.csv": f"f,label\n{n}.jpg,a\n{n + 1}.jpg,b\n{n + 2}.jpg,a\n{n + 3}.jpg,b\n"
        for n, name in ((0, "train"), (4, "val"))
    }
    for texts in ({"l.csv": column}, tables):
        (labelling,) = reading(texts, "i/*8").labellings
        assert labelling.given == {"train", "validation"}
        assert labelling.labels["i", "0.jpg"].split == "train"
    folders = "f,label\n" + "\n".join(f"{split}/{n}.jpg,{'ab'[n % 2]}" for split in ("train", "test") for n in range(4))
    (labelling,) = reading({"l.csv": folders}, "{train,test}/*4").labellings
    assert labelling.given == {"train", "test"} and labelling.labels["test", "0.jpg"].split == "test"
    assert not reading({"train.csv": "f,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n"}, "train/*4").labellings[0].given


def test_tables_that_say_nothing_are_ignored_with_a_reason():
    texts = {
        "sample_submission.csv": "f,label\n0.jpg,a\n1.jpg,b\n",
        "notes.csv": "x,y\n1,2\n",
        "README.txt": "Photos of pets\nCC0\n",
        "b.json": "{",
        "e.csv": "",
    }
    found = reading(texts, "i/p*4")
    assert not found.labellings
    assert {rejection.file: rejection.reason for rejection in found.ignored} == {
        "sample_submission.csv": "is a sample of a submission, not a table of labels",
        "notes.csv": "is a table that names no photos of the upload",
        "README.txt": "is a text file that names no photos of the upload",
        "b.json": "is no valid JSON",
    }


def test_lists_of_splits():
    found = reading({"train.txt": "a/0\nb/0\na/1\nb/1", "test.txt": "a/2\nb/2\n"}, "{a,b}/*3")
    assert found.split_lists["a", "0.jpg"] == "train" and found.split_lists["b", "2.jpg"] == "test"
    assert not reading({"test.txt": "a/2\nb/2\n"}, "{a,b}/*3").split_lists


def test_nothing_is_read_without_contents():
    assert read_labellings(upload("a/*3", "l.csv"), upload("a/*3"), None).labellings == ()
