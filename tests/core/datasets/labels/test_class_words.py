"""Readable names for synsets and numbers."""

from pathlib import Path

import pytest

from core.datasets.labels.class_words import imagenet_names, label_words, readable, synset_names
from core.datasets.labels.label_tables import read_table
from core.datasets.layout import UploadFile


@pytest.mark.parametrize(
    "text",
    [
        "n01440764 tench, Tinca tinca\nn02012849 crane\n",
        "n01440764\ttench, Tinca tinca\nn02012849\tcrane\n",
        '{"n01440764": "tench, Tinca tinca", "n02012849": "crane"}',
        '{"0": ["n01440764", "tench"], "1": ["n02012849", "crane"]}',
    ],
)
def test_lists_of_synsets(text):
    assert synset_names(text) == {"n01440764": "tench", "n02012849": "crane"}


@pytest.mark.parametrize(
    "text",
    ["n01440764\nn02012849\n", "n01440764/a.jpg", "a.jpg,n01440764 115 49 448", "n01440764,train/n01440764_1.JPEG"],
)
def test_other_texts_with_synsets_name_none(text):
    assert synset_names(text) == {}


def test_synsets_as_classes():
    assert readable(["n02085620-Chihuahua", "n02086240-Shih-Tzu"], {}) == {
        "n02085620-Chihuahua": "Chihuahua",
        "n02086240-Shih-Tzu": "Shih-Tzu",
    }
    cranes = {"n02012849": "crane", "n03126707": "crane"}
    assert readable(cranes, cranes) == {"n02012849": "crane (n02012849)", "n03126707": "crane (n03126707)"}
    assert readable(["n02012849", "cat"], cranes) == readable(["n00000000"], cranes) == {}
    assert len(imagenet_names()) == 1000 and imagenet_names()["n01440764"] == "tench"


def test_numbers_with_a_table_of_names():
    def table(text, name):
        return read_table(UploadFile(parts=(name,), size=1, source=Path(name)), text.encode())

    for text, name in (('{"0": "Blight", "1": "Healthy"}', "m.json"), ("id,name\n0,Blight\n1,Healthy\n", "m.csv")):
        assert label_words(["0", "1"], [table(text, name)]) == {"0": "Blight", "1": "Healthy"}
    assert label_words(["0", "2"], [table('{"0": "Blight", "1": "Healthy"}', "m.json")]) == {}
    assert label_words(["a", "b"], []) == {}
