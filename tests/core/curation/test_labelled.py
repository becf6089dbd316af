"""Labels for photos without a class: drafts, and the version that they make."""

import json
import threading

import numpy as np
import pytest

from core.curation.decisions import PhotoAction, decide, decisions_on, standing, undo
from core.curation.labelled import check_can_add, label_photos, labelled_pool, new_classes, set_aside
from core.curation.versions import apply_decisions
from core.datasets.manifest import read_manifest, read_unlabelled
from core.datasets.pool import pool_of
from core.errors import Forbidden, InvalidInput, NotFound
from core.files.home import dataset_folder
from core.people.acting import Person, Role, acting_as
from tests.pools import fill_pool


@pytest.fixture
def pool(settings, dataset):
    """Six photos without a class."""
    return fill_pool(settings, dataset, 6)


@pytest.fixture
def label(dataset, settings):
    def label(*digests, name="tulip", **options):
        return label_photos(dataset, dict.fromkeys(digests, name), settings=settings, **options)

    return label


@pytest.fixture
def apply(dataset, registry, settings):
    def apply(**options):
        return apply_decisions(dataset, registry=registry, settings=settings, **options)

    return apply


def test_labelled_photos_become_training_photos_of_a_new_version(dataset, registry, settings, pool, label, apply):
    before = registry.photos(dataset.id)
    label(pool[0], pool[1])
    set_aside(dataset, [pool[2]], settings=settings)
    made = apply()
    assert (made.name, made.version, made.photo_count) == (dataset.name, 2, dataset.photo_count + 2)
    after = {photo.digest: photo for photo in registry.photos(made.id)}
    for photo in before:
        assert after[photo.digest] == photo
    for digest in pool[:2]:
        assert (after[digest].class_name, after[digest].split) == ("tulip", "train") and after[digest].pixels
        assert dataset_folder(settings, made.id).photo(digest).is_file()
    assert [one.digest for one in registry.unlabelled_photos(made.id)] == pool[3:]
    assert {one.digest for one in read_unlabelled(dataset_folder(settings, made.id).path)} == set(pool[3:])
    assert read_manifest(dataset_folder(settings, made.id).path)[0].digest == made.digest
    (part,) = pool_of(dataset_folder(settings, made.id))
    assert all(part.path(digest).is_file() for digest in pool[3:]) and not part.path(pool[2]).exists()


def test_the_version_before_stays_and_the_lineage_is_told(dataset, registry, settings, pool, label, apply):
    label(pool[0])
    made = apply()
    assert registry.dataset(dataset.id) == dataset and len(pool_of(dataset_folder(settings, dataset.id))[0].photos) == 6
    assert made.notes[-1].startswith(f"Made from version 1 ({dataset.id}): 1 photo labelled (labelled photos for train")
    (one,) = json.loads(dataset_folder(settings, made.id).lineage.read_text())["decisions"]
    assert (one["digest"], one["action"], one["target"]) == (pool[0], "label", "tulip")
    assert decisions_on(dataset, settings) == ()


def test_labelling_goes_on_from_the_new_version(registry, settings, pool, label, apply):
    label(pool[0])
    second = apply()
    label_photos(second, {pool[1]: "rose"}, settings=settings)
    third = apply_decisions(second, registry=registry, settings=settings)
    assert third.version == 3 and third.unlabelled == 4 and registry.photo(third.id, pool[1]).class_name == "rose"


def test_validation_photos_are_drawn_where_that_is_asked_for_and_test_photos_never(dataset, settings, label):
    many = fill_pool(settings, dataset, 40)
    label(*many)
    decisions = decisions_on(dataset, settings)
    drawn = [labelled_pool(dataset, decisions, settings=settings, validation=wanted).photos for wanted in (False, True)]
    assert {photo.split for photo in drawn[0]} == {"train"}
    splits = [photo.split for photo in drawn[1]]
    sizes = dataset.split_sizes
    share = sizes["validation"] / (sizes["validation"] + sizes["train"])
    assert splits.count("validation") == int(share * 40 + 0.5) > 0 and "test" not in splits


def test_the_only_photo_of_a_new_class_is_for_training(dataset, registry, pool, label, apply):
    label(pool[0], name="orchid", new_class=True)
    made = apply(validation=True)
    assert made.class_names == ("daisy", "orchid", "rose", "sunflower", "tulip")
    assert registry.photo(made.id, pool[0]).split == "train"


def test_a_class_that_does_not_exist_is_asked_about(dataset, settings, pool, label):
    with pytest.raises(InvalidInput, match="has no class 'tulp'. Did you mean 'tulip'.*or say that it is a new class"):
        label(pool[0], name="tulp")
    with pytest.raises(InvalidInput, match="must not be empty"):
        label(pool[0], name=" ", new_class=True)
    assert decisions_on(dataset, settings) == ()
    assert label(pool[0], name="Tulip ", new_class=True) == {pool[0]: "tulip"}
    assert label(pool[1], name="orchid", new_class=True) == {pool[1]: "orchid"}
    assert label(pool[2], name="orchid") == {pool[2]: "orchid"}
    assert new_classes(dataset, decisions_on(dataset, settings)) == ["orchid"]


def test_only_photos_of_the_pool_are_labelled(dataset, registry, settings, pool, label):
    own = registry.photos(dataset.id)[0].digest
    for digest in (own, "0" * 64):
        with pytest.raises(NotFound, match="has no photo without a class"):
            label(digest)
        with pytest.raises(NotFound):
            set_aside(dataset, [digest], settings=settings)
    with pytest.raises(NotFound):
        decide(dataset, [pool[0]], PhotoAction.KEEP, registry=registry, settings=settings)


def test_labels_and_checks_make_one_version(dataset, registry, settings, pool, label, apply):
    own = registry.photos(dataset.id)[0].digest
    decide(dataset, [own], PhotoAction.EXCLUDE, registry=registry, settings=settings)
    label(pool[0])
    made = apply()
    assert made.photo_count == dataset.photo_count and "1 photo labelled and 1 photo excluded" in made.notes[-1]
    assert made.unlabelled == 5


def test_a_version_by_a_check_keeps_the_pool(dataset, registry, settings, pool, apply):
    own = registry.photos(dataset.id)[0].digest
    decide(dataset, [own], PhotoAction.EXCLUDE, registry=registry, settings=settings)
    assert apply().unlabelled == 6


def test_undo_takes_back_a_label(dataset, settings, pool, label):
    label(pool[0])
    label(pool[0], name="rose")
    assert undo(dataset, settings=settings).target == "rose"
    assert standing(decisions_on(dataset, settings))[pool[0]].target == "tulip"


def test_two_people_at_once_lose_nothing(dataset, settings, pool):
    def work(own):
        for digest in own:
            label_photos(dataset, {digest: "rose"}, settings=settings)

    people = [threading.Thread(target=work, args=(pool[number::3],)) for number in range(3)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert set(standing(decisions_on(dataset, settings))) == set(pool)


def test_a_viewer_labels_nothing(dataset, settings, pool, label):
    with acting_as(Person(name="eve", role=Role.VIEWER)):
        with pytest.raises(Forbidden):
            label(pool[0])
        with pytest.raises(Forbidden):
            set_aside(dataset, pool[:1], settings=settings)


def test_a_shared_dataset_takes_no_further_photos(dataset, settings, tmp_path):
    from dataclasses import replace

    check_can_add(dataset, settings)
    with pytest.raises(InvalidInput, match="several machines share"):
        check_can_add(dataset, replace(settings, artifacts=tmp_path.as_uri()))


def test_the_pool_is_deleted_with_its_dataset_and_so_are_its_features(bench, dataset, settings, pool, registry):
    from core.backbones import get
    from core.curation.inputs import CHEAPEST
    from core.datasets.values import Photo
    from core.features.compute import features_of
    from core.features.store import stored_features
    from tests.stored_features import RowsEngine

    (part,) = pool_of(dataset_folder(settings, dataset.id))
    photos = [Photo(**vars(photo), class_name="", split="train") for photo in part.photos]
    from dataclasses import replace

    engine = RowsEngine(dict.fromkeys(pool, np.ones(4, np.float32)))
    features_of(
        photos,
        dataset=replace(dataset, digest=part.digest, counts={"train": {"": len(photos)}}),
        backbone=get(CHEAPEST),
        settings=settings,
        engine=lambda: engine,
        folder=part.folder,
    )
    assert len(stored_features(settings)) == 1
    (row,) = bench.features()
    assert row.dataset == "flowers version 1, photos without a class" and row.dataset_id == dataset.id
    bench.delete_dataset(dataset.id)
    assert stored_features(settings) == () and not dataset_folder(settings, dataset.id).path.exists()
