"""What is shown of each way to read an upload."""

import json
from dataclasses import asdict, replace

import pytest
from PIL import Image

from core.datasets.archives.uploads import open_upload
from core.datasets.layouts import layout_summary
from core.datasets.layouts.layout_summary import (
    CLASSES_SHOWN,
    SAMPLE_SIDE,
    UNLABELLED,
    LayoutSummary,
    summarise,
    with_samples,
)
from core.datasets.layouts.readings import read_upload
from tests.photo_files import archive, classes, jpeg


@pytest.fixture
def read(tmp_path):
    """The files of an archive, and the certain way to read it."""

    def read(files):
        source = archive(tmp_path / "photos.zip", files)
        return source, open_upload(source).files, read_upload(source).layouts[0]

    return read


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "samples"
    path.mkdir()
    return path


def test_files_are_counted_by_class_and_by_given_split(read):
    _, files, layout = read(classes("train/", cat=3, dog=2) | classes("test/", first=50, cat=1, dog=1))
    summary = summarise(replace(layout, unlabelled=files[:2]))
    assert summary.classes == {"cat": 4, "dog": 3} and summary.files == 7
    assert summary.splits == {"train": 5, "test": 2} and summary.unlabelled == 2
    drawn = summarise(read(classes(cat=3, dog=3))[2])
    assert drawn.splits == {}


def test_each_class_has_three_different_small_photos(read, folder):
    files = classes(cat=9, dog=2) | {"cat/a.txt": b"text", "dog/z.jpg": b"broken"}
    files["cat/copy.jpg"] = files["cat/0.jpg"]
    source, _, layout = read(files)
    (summary,) = with_samples([layout], source, folder)
    assert {name: len(set(some)) for name, some in summary.samples.items()} == {"cat": 3, "dog": 2}
    for name in summary.samples["cat"]:
        with Image.open(folder / name) as photo:
            assert photo.size == (SAMPLE_SIDE, SAMPLE_SIDE)


def test_several_layouts_share_their_samples(read, folder):
    source, files, layout = read(classes(cat=3, dog=3))
    other = replace(layout, id="other", candidates=layout.candidates[:3], unlabelled=files[3:])
    first, second = with_samples([layout, other], source, folder)
    assert first.samples["cat"] == second.samples["cat"] and set(second.samples) == {"cat", UNLABELLED}
    assert len(list(folder.iterdir())) == 6


def test_of_many_classes_the_first_ones_are_shown(read, folder):
    source, _, layout = read(
        {f"c{number:03}/{at}.jpg": jpeg(9 * number + at) for number in range(20) for at in range(3)}
    )
    (summary,) = with_samples([layout], source, folder)
    assert len(summary.classes) == 20 and list(summary.samples) == [f"c{number:03}" for number in range(CLASSES_SHOWN)]


def test_a_summary_survives_json(read, folder):
    source, files, layout = read(classes(cat=3, dog=3))
    (summary,) = with_samples([replace(layout, notes=("a", "b"), unlabelled=files[:1])], source, folder)
    assert LayoutSummary.from_json(json.loads(json.dumps(asdict(summary)))) == summary


def test_slow_files_do_not_delay_the_question(read, folder, monkeypatch):
    source, _, layout = read(classes(cat=9, dog=9))
    monkeypatch.setattr(layout_summary, "SECONDS", -1.0)
    (summary,) = with_samples([layout], source, folder)
    assert summary.files == 18 and sum(map(len, summary.samples.values())) == 0


def test_cancelling_stops_the_decoding(read, folder):
    source, _, layout = read(classes(cat=9, dog=9))
    (summary,) = with_samples([layout], source, folder, cancelled=lambda: True)
    assert summary.files == 18 and sum(map(len, summary.samples.values())) == 0
