"""A machine that only trains does not fill up with what was deleted elsewhere, or with drafts of killed trainers."""

import os
import time

import pytest

from core.artifacts.parts import publish_dataset
from core.datasets.manifest import write_manifest
from core.files.here import dataset_here
from core.files.home import dataset_folder, run_folder, upkeep_stamp
from core.jobs.node_upkeep import EVERY_SECONDS, keep_up_here
from core.workbench.delete import delete_dataset
from tests.factories import make_dataset, make_photos
from tests.machines import two_machines


@pytest.fixture
def machines(tmp_path, registry):
    """One with the pages, which has published a dataset, and one that only trains, which has fetched it."""
    pages, node = two_machines(tmp_path, registry)
    photos = make_photos(per_class=2)
    dataset = make_dataset(photos)
    pages.registry.add_dataset(dataset, photos)
    folder = dataset_folder(pages.settings, dataset.id)
    folder.photos.mkdir(parents=True)
    for photo in photos:
        folder.photo(photo.digest).write_bytes(photo.digest.encode())
    write_manifest(folder.path, dataset, photos)
    publish_dataset(pages.settings, pages.registry, dataset.id)
    dataset_here(node.settings, dataset.id)
    return pages, node, dataset


def test_copies_of_what_was_deleted_on_the_machine_of_the_pages_go(machines):
    pages, node, dataset = machines
    copy = dataset_folder(node.settings, dataset.id).path
    keep_up_here(node.settings, node.registry)
    assert copy.exists()
    delete_dataset(pages.settings, pages.registry, dataset)
    keep_up_here(node.settings, node.registry)
    assert copy.exists()  # it was there a moment ago
    long_ago(upkeep_stamp(node.settings))
    keep_up_here(node.settings, node.registry)
    assert not copy.exists()


def test_old_drafts_of_killed_trainers_go_and_new_ones_stay(machines):
    _, node, _ = machines
    folder = run_folder(node.settings, "r-1").checkpoints
    old, new = folder / ".000003.1.part", folder / ".000004.2.part"
    for draft in (old, new):
        draft.mkdir(parents=True)
    long_ago(old)
    keep_up_here(node.settings, node.registry)
    assert not old.exists() and new.exists()


def test_a_registry_that_cannot_be_reached_keeps_no_trainer_from_starting(machines, monkeypatch):
    _, node, _ = machines
    monkeypatch.setattr(type(node.registry), "deleted", unreachable)
    keep_up_here(node.settings, node.registry)
    assert not upkeep_stamp(node.settings).exists()


def unreachable(_registry):
    from core.errors import Unavailable

    raise Unavailable("The registry cannot be reached.")


def long_ago(path):
    then = time.time() - EVERY_SECONDS - 1
    os.utime(path, (then, then))
