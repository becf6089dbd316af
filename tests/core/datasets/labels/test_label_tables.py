"""Reading tables in every everyday form."""

import json
from pathlib import Path

import pytest

from core.datasets.labels.label_tables import as_text, read_table, table_files
from core.datasets.layout import UploadFile
from core.errors import InvalidInput
from tests.core.datasets.uploads_of import upload


def read(data: str | bytes, name: str = "labels.csv"):
    file = UploadFile(parts=(name,), size=1, source=Path(name))
    return read_table(file, data.encode() if isinstance(data, str) else data)


EXPECTED = (("a.jpg", "cat"), ("b.jpg", "Äpfel, rot"))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ('file,label\na.jpg,cat\nb.jpg,"Äpfel, rot"\n', "labels.csv"),
        ('"file";"label"\r\n"a.jpg";"cat"\r\n\r\n"b.jpg";"Äpfel, rot"\r\n', "labels.csv"),
        ("file\tlabel\na.jpg\tcat\nb.jpg\tÄpfel, rot\n", "labels.tsv"),
        ("file\tlabel\na.jpg\tcat\nb.jpg\tÄpfel, rot\n", "labels.txt"),
        ('\ufefffile,label\na.jpg, cat\nb.jpg,"Äpfel, rot"', "labels.csv"),
        ('file,label\na.jpg,cat\nb.jpg,"Äpfel, rot"\n'.encode("cp1252"), "labels.csv"),
        ('file,label\na.jpg,cat\nb.jpg,"Äpfel, rot"\n'.encode("utf-16"), "labels.csv"),
        (json.dumps([{"file": "a.jpg", "label": "cat"}, {"file": "b.jpg", "label": "Äpfel, rot"}]), "labels.json"),
        ('{"file": "a.jpg", "label": "cat"}\n{"file": "b.jpg", "label": ["Äpfel, rot"]}\n', "metadata.jsonl"),
        ('{"a.jpg": "cat", "b.jpg": "Äpfel, rot"}', "labels.json"),
        ('{"a.jpg": {"label": "cat"}, "b.jpg": {"label": "Äpfel, rot"}}', "labels.json"),
        ('{"v": 1, "items": [{"file": "a.jpg", "label": "cat"}, {"file": "b.jpg", "label": "Äpfel, rot"}]}', "x.json"),
    ],
)  # fmt: skip
def test_one_table_in_many_forms(data, name):
    table = read(data, name)
    assert table.columns == ("file", "label") and table.rows == EXPECTED


def test_a_table_without_a_head_has_numbers_for_columns():
    table = read("a.jpg 0\nb.jpg 1\n# no row\n", "train.txt")
    assert table.columns == ("1", "2") and table.rows == (("a.jpg", "0"), ("b.jpg", "1"))
    assert read("val_0.JPEG\tn1\t0\nval_1.JPEG\tn2\t4\n", "val.txt").columns == ("1", "2", "3")


def test_numbers_as_names_of_columns_are_a_head_over_names_of_files():
    assert read("file,0,1\na.jpg,1,0\nb.jpg,0,1\n").columns == ("file", "0", "1")


def test_a_column_that_is_there_twice_is_told_apart():
    assert read("file,x,x\na.jpg,1,2\n").columns == ("file", "x", "x 3")


@pytest.mark.parametrize("data", ["", "  \n", "\x00\x01"])
def test_what_is_no_table_is_none(data):
    assert read(data) is None


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        ("{", "a.json", "no valid JSON"),
        ("[" * 100_000, "a.json", "no valid JSON"),
        (",".join("x" * 3000) + "\n" + ",".join("1" * 3000), "a.csv", "3,000 columns"),
    ],
)
def test_damaged_and_hostile_tables_have_a_reason(data, name, why):
    with pytest.raises(InvalidInput, match=why):
        read(data, name)


def test_annotations_in_cocos_format_are_a_table():
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 1}, {"image_id": 2, "category_id": 1}]
        + [{"image_id": 2, "category_id": 2}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    table = read(json.dumps(content), "_annotations.coco.json")
    assert table.kind == "annotations" and table.rows == (("a.jpg", "cat"), ("b.jpg", ""))
    assert "'cat' and 'dog'" in table.several[1]


def test_text_of_unknown_encoding_is_guessed():
    assert as_text("Größe,Äpfel".encode("cp1252")) == "Größe,Äpfel"
    assert as_text("яблоко,груша,слива;вишня и черешня".encode("cp1251") * 40).startswith("яблоко")


def test_one_annotation_a_photo_is_no_table_of_labels():
    files = upload("train/images/*3", "train/images/{0,1,2}.txt", "data.json", "notes.md", "labels.csv")
    photos = [file for file in files if file.is_photo]
    assert {file.name for file in table_files(files, photos)} == {"data.json", "labels.csv"}
