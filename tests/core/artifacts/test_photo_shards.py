"""A large dataset on several machines: published and fetched in shards, and in part."""

import pytest

from core.artifacts import bringing, parts
from core.artifacts.fetching import Altered
from core.artifacts.photo_shards import by_dataset, files_by_artifact, publish_shards
from core.artifacts.repair import repair
from core.artifacts.upkeep import keep_up, ownerless
from core.datasets import shards
from core.datasets.shards import folder_with, in_order, shards_of
from core.errors import NotFound
from core.files.folders import MANIFEST
from core.files.here import dataset_here, photos_here, photos_name, records_here
from core.files.home import dataset_folder
from core.workbench import delete
from tests.factories import make_dataset, make_photos
from tests.machines import read, stored

PHOTOS = make_photos(per_class=20)
DATASET = make_dataset(PHOTOS)
NAME = f"datasets/{DATASET.id}"


@pytest.fixture
def large(machines, monkeypatch):
    """A dataset of the first machine; the second has nothing of it."""
    monkeypatch.setattr(shards, "LARGE_PHOTOS", len(PHOTOS) - 1)
    monkeypatch.setattr(shards, "SHARD_PHOTOS", 16)
    first, second = machines
    folder = dataset_folder(first.settings, DATASET.id)
    folder.photos.mkdir(parents=True)
    for photo in PHOTOS:
        folder.photo(photo.digest).write_bytes(photo.digest.encode())
    folder.unlabelled.mkdir()
    folder.unlabelled_photo("ab").write_bytes(b"no class")
    (folder.path / MANIFEST).write_text("{}")
    folder.lineage.write_text("{}")
    first.registry.add_dataset(DATASET, PHOTOS)
    yield first, second
    bringing._registry_of.cache_clear()


def publish(machine):
    parts.publish_dataset(machine.settings, machine.registry, DATASET.id)


def photos_of(folder):
    return {path.stem for path in folder.glob("*.jpg")}


def test_each_shard_is_an_artifact_and_the_manifest_is_the_last_one(large):
    first, second = large
    publish(first)
    names = [one.name for one in first.registry.artifacts()]
    assert names == sorted(
        [NAME, f"{NAME}/pool", f"{NAME}/records", *(photos_name(DATASET.id, one) for one in shards_of(PHOTOS))]
    )
    assert first.registry.artifact(NAME).files == 1 and parts.unpublished(first.settings, first.registry) == []
    assert read(dataset_here(second.settings, DATASET.id).path) == read(dataset_folder(first.settings, DATASET.id).path)
    assert ownerless(first.registry) == []


def test_a_machine_fetches_the_shards_that_it_needs(large):
    first, second = large
    publish(first)
    train = [photo for photo in PHOTOS if photo.split == "train"]
    some = in_order(train)[16:32]
    folder = folder_with(some, of=train, dataset=DATASET, settings=second.settings)
    assert photos_of(folder) == {photo.digest for photo in some}
    assert not (folder.parent / MANIFEST).exists() and parts.unpublished(second.settings, second.registry) == []
    assert keep_up(second.settings, second.registry).published == 0
    again = in_order(train)[30:34]
    folder_with(again, of=train, dataset=DATASET, settings=second.settings)
    assert photos_of(folder) == {photo.digest for photo in in_order(train)[16:48]}
    assert dataset_here(second.settings, DATASET.id).photos == folder and photos_of(folder) == {
        photo.digest for photo in PHOTOS
    }


def test_the_records_are_here_without_the_photos(large):
    first, second = large
    publish(first)
    folder = records_here(second.settings, DATASET.id)
    assert list(read(folder.path)) == ["lineage.json"]


def test_what_is_here_is_not_fetched_again(large, store):
    first, second = large
    publish(first)
    wanted = list(shards_of(PHOTOS))[:1]
    folder = photos_here(second.settings, DATASET.id, wanted)
    store.rename(store.with_name("away"))
    assert photos_here(second.settings, DATASET.id, wanted) == folder
    assert photos_here(first.settings, DATASET.id, wanted) == dataset_folder(first.settings, DATASET.id).photos


def test_a_publication_that_was_interrupted_goes_on_and_nothing_is_seen_before(large, store, monkeypatch):
    first, second = large
    done = []

    def two(settings, registry, name, *arguments, **options):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(name)
        return real(settings, registry, name, *arguments, **options)

    real = publish_shards.__globals__["publish"]
    monkeypatch.setitem(publish_shards.__globals__, "publish", two)
    with pytest.raises(KeyboardInterrupt):
        publish(first)
    monkeypatch.setitem(publish_shards.__globals__, "publish", real)
    assert not dataset_here(second.settings, DATASET.id).path.exists()
    assert parts.unpublished(first.settings, first.registry) == [NAME]
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    parts.publish_missing(first.settings, first.registry, lambda name: None)
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())
    assert read(dataset_here(second.settings, DATASET.id).path) == read(dataset_folder(first.settings, DATASET.id).path)


def test_a_dataset_without_one_of_its_photos_is_not_published(large):
    first, _ = large
    dataset_folder(first.settings, DATASET.id).photo(PHOTOS[0].digest).unlink()
    with pytest.raises(NotFound, match="1 of 16 files"):
        publish(first)
    assert first.registry.artifact(NAME) is None


def test_a_large_dataset_that_was_published_whole_is_fetched_whole(large, monkeypatch):
    first, second = large
    monkeypatch.setattr(shards, "LARGE_PHOTOS", len(PHOTOS))
    publish(first)
    assert [one.name for one in first.registry.artifacts()] == [NAME]
    monkeypatch.setattr(shards, "LARGE_PHOTOS", len(PHOTOS) - 1)
    folder = folder_with(PHOTOS[:1], of=PHOTOS[:1], dataset=DATASET, settings=second.settings)
    assert photos_of(folder) == {photo.digest for photo in PHOTOS} and (folder.parent / MANIFEST).exists()


def test_a_deletion_deletes_all_shards_everywhere(large, store):
    first, second = large
    publish(first)
    folder = photos_here(second.settings, DATASET.id, list(shards_of(PHOTOS))[:1])
    delete.delete_dataset(first.settings, first.registry, DATASET)
    assert first.registry.artifacts() == [] and stored(store) == set()
    assert keep_up(second.settings, second.registry).removed == 1 and not folder.exists()


def test_a_damaged_shard_is_put_again_by_a_machine_that_has_it(large, store):
    first, second = large
    publish(first)
    content = PHOTOS[0].digest.encode()
    blob = next(path for path in store.rglob("*") if path.is_file() and path.read_bytes() == content)
    blob.write_bytes(content[::-1])
    with pytest.raises(Altered, match="core artifacts --repair"):
        dataset_here(second.settings, DATASET.id)
    assert repair(first.settings, first.registry).repaired == 1
    assert photos_of(dataset_here(second.settings, DATASET.id).photos) == {photo.digest for photo in PHOTOS}


def test_which_files_are_which_artifact(large):
    first, _ = large
    folder = dataset_folder(first.settings, DATASET.id)
    found = files_by_artifact(first.registry, DATASET.id, folder)
    assert found[NAME] == [MANIFEST] and found[f"{NAME}/pool"] == ["unlabelled/ab.jpg"]
    assert found[f"{NAME}/records"] == ["lineage.json"]
    assert sorted(path for files in found.values() for path in files) == sorted(read(folder.path))
    names = [NAME, f"{NAME}/records", f"{NAME}/photos/test-16-00000", "datasets/other", "runs/r/model"]
    assert by_dataset(names) == {NAME: names[1:3]}
