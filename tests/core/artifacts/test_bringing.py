"""What is fetched when a page or a trainer asks for files of another machine."""

from dataclasses import replace

import pytest

from core.artifacts import bringing
from core.artifacts.publishing import publish
from core.files.folders import MANIFEST
from core.files.here import curves_here, dataset_here, predictions_here
from tests.machines import read, write


def test_a_dataset_of_another_machine(machines):
    first, second = machines
    publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", photos__a=b"1"), 1)
    assert dataset_here(second.settings, "d-1").path == second.home / "datasets" / "d-1"
    assert read(second.home / "datasets" / "d-1") == {"photos/a.bin": b"1"}


def test_into_the_cache(machines, tmp_path):
    first, second = machines
    publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", photos__a=b"1"), 1)
    settings = replace(second.settings, cache=tmp_path / "cache")
    assert dataset_here(settings, "d-1").path == tmp_path / "cache" / "datasets" / "d-1"
    own = write(second.home / "datasets" / "d-1", job=b"2")
    assert dataset_here(settings, "d-1").path == tmp_path / "cache" / "datasets" / "d-1", "that is no dataset"
    (own / MANIFEST).touch()
    assert dataset_here(settings, "d-1").path == second.home / "datasets" / "d-1"


def test_what_grows_is_fetched_again(machines, monkeypatch):
    monkeypatch.setattr(bringing, "NEWER_SECONDS", 0.0)
    first, second = machines
    folder, name = first.home / "events", "datasets/tensorboard"
    publish(first.settings, first.registry, name, write(folder, events=b"1"), 1)
    copy = second.home / "copy"
    bringing.bring(second.settings, name, copy)
    publish(first.settings, first.registry, name, write(folder, events=b"12"), 1)
    bringing.bring(second.settings, name, copy, newer=True)
    assert read(copy) == {"events.bin": b"12"}


def test_what_was_made_here_is_never_replaced(machines):
    first, second = machines
    publish(first.settings, first.registry, "datasets/x", write(first.home / "d", a=b"1"), 1)
    own = write(second.home / "own", a=b"2")
    bringing.bring(second.settings, "datasets/x", own, newer=True)
    assert read(own) == {"a.bin": b"2"}


def test_what_nobody_published_is_missing_as_at_home(machines):
    settings = machines[1].settings
    assert not dataset_here(settings, "d-9").path.exists()
    assert not curves_here(settings, "r-9").exists()
    assert not predictions_here(settings, "r-9", "test").exists()


def test_the_registry_is_opened_once(settings):
    assert bringing.registry_of(settings) is bringing.registry_of(settings)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(bringing, "_asked", {})
    yield
    bringing._registry_of.cache_clear()
