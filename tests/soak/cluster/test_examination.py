"""The examination of several machines finds what is wrong; there is nothing to find where all is right."""

import pytest

from core.artifacts import publishing
from core.artifacts.blobs import open_blobs
from core.artifacts.parts import publish_dataset
from core.datasets.manifest import write_manifest
from core.files.home import dataset_folder
from core.registry.leases import lease_of_run
from tests.factories import make_dataset, make_photos
from tests.machines import two_machines
from tests.soak.cluster import examination
from tests.soak.cluster.examination import an_hour_later, problems

JPEG_END = b"\xff\xd9"


@pytest.fixture
def machines(tmp_path, registry):
    """Two machines on one store, with a dataset that the first one has published."""
    first, second = two_machines(tmp_path, registry)
    photos = make_photos(per_class=3)
    dataset = make_dataset(photos)
    first.registry.add_dataset(dataset, photos)
    folder = dataset_folder(first.settings, dataset.id)
    folder.photos.mkdir(parents=True)
    for photo in photos:
        folder.photo(photo.digest).write_bytes(photo.digest.encode() + JPEG_END)
    write_manifest(folder.path, dataset, photos)
    publish_dataset(first.settings, first.registry, dataset.id)
    return first, second


@pytest.fixture
def found(machines):
    """What the examination says, as one text."""
    first, second = machines
    return lambda: "\n".join(problems(first.settings, first.registry, [], [first.settings, second.settings]))


@pytest.fixture
def blobs(machines):
    return open_blobs(machines[0].settings.artifacts)


def test_nothing_is_wrong_where_everything_has_come_to_rest(found):
    assert found() == ""


def test_a_lease_that_somebody_still_has_is_found(machines, found, monkeypatch):
    monkeypatch.setattr(examination, "PATIENCE", 0.0)
    machines[0].registry.take(lease_of_run("r-1"), "process 7 of 'gpu-2' (place elsewhere)", token=1)
    assert "leases are held at rest" in found()


def test_a_blob_that_is_altered_missing_or_needed_by_nothing_is_found(machines, found, blobs):
    digest = next(iter(examination.names_in(blobs)))
    blobs.put(digest, b"something else")
    assert "blobs are missing or damaged" in found()
    blobs.delete(digest)
    assert "blobs are missing or damaged" in found()
    blobs.put("0" * 64, b"what nobody needs")
    assert "1 blobs of the store belong to nothing" in found()


def test_a_publication_that_was_killed_leaves_nothing_an_hour_later(machines, found, blobs, monkeypatch):
    first, _ = machines
    monkeypatch.setattr(publishing, "_put_all", lambda *_: blobs.put("1" * 64, b"half of it") or 1 / 0)
    for name in ("forget_artifacts", "forget_lease"):  # a killed process does neither
        monkeypatch.setattr(type(first.registry), name, lambda *_: None)
    folder = first.home / "new"
    folder.mkdir()
    (folder / "file.bin").write_bytes(b"half of it")
    with pytest.raises(ZeroDivisionError):
        publishing.publish(first.settings, first.registry, "runs/r-9/model", folder, 1)
    monkeypatch.undo()
    blobs.delete("1" * 64)
    assert [lease.name.partition("/")[0] for lease in first.registry.held_leases()] == ["publish"]
    an_hour_later(first.registry, [first.settings])
    assert found() == "" and first.registry.held_leases() == []


def test_a_draft_on_any_machine_is_found_until_it_is_old(machines, found):
    first, second = machines
    draft = second.home / ".status.json.7.part"
    draft.write_text("half")
    assert "temporary files: ['.status.json.7.part']" in found()
    assert an_hour_later(first.registry, [second.settings]) == 1
    assert found() == ""
