"""``label``: add, next, set, make."""

import shutil

import pytest

from core.__main__ import main
from core.curation.decisions import decisions_on, standing
from core.datasets.pool import pool_path, pool_photos
from core.files.atomic import digest_of
from core.files.home import dataset_folder
from tests.core.advising.test_labelling import DirectionsEngine
from tests.factories import fill
from tests.pools import fill_pool, folder_of_photos


@pytest.fixture
def dataset(registry, settings):
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def pool(settings, dataset):
    return fill_pool(settings, dataset, 5)


@pytest.fixture
def source(tmp_path):
    return folder_of_photos(tmp_path / "new")


@pytest.fixture
def engine(registry, dataset, monkeypatch):
    def use(looks):
        made = DirectionsEngine(registry, dataset, looks)
        monkeypatch.setattr("core.features.compute.choose_engine", lambda *_, **__: made)

    return use


def test_from_photos_to_a_version(call, source, dataset, settings, engine):
    shutil.copyfile(source / "0.jpg", source / "again.jpg")
    added = call("label", "add", "flowers", str(source))
    assert added["added"] == ["0.jpg", "1.jpg", "2.jpg"] and added["unlabelled"] == 3
    assert added["left_out"] == [{"file": "again.jpg", "reason": "is a copy of 0.jpg, which is kept"}]
    folder = dataset_folder(settings, dataset.id)
    digests = {one.file: digest for digest, one in pool_photos(folder).items()}
    engine({digest_of(pool_path(folder, digest)): ("rose",) for digest in digests.values()})
    found = call("label", "next", "flowers", "--count", "2")
    assert len(found["photos"]) == 2 and found["run"] is None and found["unlabelled"] == 3
    first = found["photos"][0]
    assert {"file", "digest", "suggested", "probability", "margin", "nearest_file", "similarity"} <= set(first)
    said = call("label", "set", "flowers", "0.jpg=rose", f"{digests['1.jpg'][:12]}=tulip", "2.jpg=")
    assert said["labelled"] == {"rose": 1, "tulip": 1} and said["excluded"] == 1 and said["unlabelled"] == 0
    assert said["set"]["2.jpg"] is None and said["set"]["0.jpg"] == "rose"
    made = call("label", "make", "flowers")
    assert made["version"] == 2 and made["splits"]["train"] == dataset.split_sizes["train"] + 2
    assert made["splits"]["test"] == dataset.split_sizes["test"]
    assert "2 photos labelled and 1 photo excluded" in made["made"]


def test_the_order_as_text(call, pool, engine, capsys, dataset):
    engine(dict.fromkeys(pool, ("rose",)))
    assert main(["label", "next", "flowers"]) == 0
    text = capsys.readouterr().out
    assert "5 photos without a class" in text and "By a linear head on features of EfficientNet-Lite0." in text
    assert "pool-00.jpg" in text and pool[0][:12] in text and "(rose)" in text
    assert main(["label", "set", "flowers", "pool-00.jpg=tulip", "pool-01.jpg="]) == 0
    text = capsys.readouterr().out
    assert "3 photos without a class; labelled so far: 1 tulip; 1 excluded." in text and "pool-01.jpg: excluded" in text
    assert main(["label", "make", "flowers"]) == 0
    assert "flowers (version 2" in capsys.readouterr().out


def test_a_new_class_has_to_be_said(call, pool, dataset, settings):
    assert "say that it is a new class" in call("label", "set", "flowers", "pool-00.jpg=orchid", code=1)
    assert decisions_on(dataset, settings) == ()
    call("label", "set", "flowers", "pool-00.jpg=orchid", "--new-class")
    assert standing(decisions_on(dataset, settings))[pool[0]].target == "orchid"
    assert call("label", "show", "flowers")["labelled"] == {"orchid": 1}


def test_what_cannot_be_done_is_one_sentence(call, pool, source, tmp_path):
    assert "no photo without a class that is called 'nothing.jpg'" in call(
        "label", "set", "flowers", "nothing.jpg=rose", code=1
    )
    assert "A label is PHOTO=CLASS" in call("label", "set", "flowers", "pool-00.jpg", code=1)
    assert "Name labels" in call("label", "set", "flowers", code=1)
    assert "Name one folder or archive" in call("label", "add", "flowers", code=1)
    assert "takes a dataset alone" in call("label", "make", "flowers", "x", code=1)
    assert "nothing to make a version of" in call("label", "make", "flowers", code=1)
    assert "--count must be 1 or more" in call("label", "next", "flowers", "--count", "0", code=1)
    assert "There is no dataset 'nothing'" in call("label", "show", "nothing", code=1)
    (source / "rose").mkdir()
    shutil.move(source / "0.jpg", source / "rose")
    message = call("label", "add", "flowers", str(source), code=1)
    assert "called like classes: 'rose'" in message and message.strip().endswith("That is: --flat")
    assert len(call("label", "add", "flowers", str(source), "--flat", code=1)) > 0, "they are copies of the pool"


def test_two_photos_of_one_name_are_told_apart_by_their_digests(call, dataset, settings, pool):
    (other, _) = fill_pool(settings, dataset, 2, addition="a-0", seed=50)
    message = call("label", "set", "flowers", "pool-00.jpg=rose", code=1)
    assert "2 photos are called 'pool-00.jpg'" in message and other[:12] in message and pool[0][:12] in message
    assert call("label", "set", "flowers", f"{other[:12]}=rose")["set"] == {"pool-00.jpg": "rose"}
