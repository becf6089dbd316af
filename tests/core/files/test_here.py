"""Where files of other machines are on this one; the fetching is in ``tests/core/artifacts/test_bringing.py``."""

from dataclasses import replace

import pytest

from core.files import here
from core.files.home import run_folder

READERS = {
    "datasets/x": lambda settings: here.dataset_here(settings, "x").path,
    "runs/x/model": lambda settings: here.model_here(settings, "x"),
    "runs/x/results": lambda settings: here.predictions_here(settings, "x", "test").parent,
    "runs/x/photo_map": lambda settings: here.map_here(settings, "x").parent,
    "runs/x/exports/onnx": lambda settings: here.export_here(settings, "x", "onnx"),
    "runs/x/tensorboard": lambda settings: here.curves_here(settings, "x"),
    "backbones/x": lambda settings: here.backbone_here(settings, "x"),
}


@pytest.fixture
def asked(monkeypatch):
    calls = []
    monkeypatch.setattr(here, "_fetchers", [lambda settings, name, folder, **_: calls.append((name, folder))])
    return calls


def test_at_home_nothing_is_asked_for(settings, asked):
    for read in READERS.values():
        read(settings)
    assert asked == []


@pytest.mark.parametrize("name", READERS)
def test_what_is_missing_is_asked_for_by_its_name(settings, asked, name):
    shared = replace(settings, artifacts="file:///shared")
    folder = READERS[name](shared)
    assert asked == [(name, folder)] and folder.is_relative_to(settings.home)
    cached = replace(shared, cache=settings.home / "cache")
    assert READERS[name](cached).is_relative_to(settings.home / "cache") == (name == "datasets/x")


def test_what_is_here_is_not_asked_for(settings, asked):
    shared = replace(settings, artifacts="file:///shared", cache=settings.home / "cache")
    run_folder(settings, "x").path.mkdir(parents=True)
    run_folder(settings, "x").predictions("test").touch()
    assert here.predictions_here(shared, "x", "test") == run_folder(settings, "x").predictions("test")
    assert asked == []


def test_a_process_that_forgot_to_say_how_to_fetch(settings, monkeypatch):
    monkeypatch.setattr(here, "_fetchers", [])
    with pytest.raises(RuntimeError, match="install"):
        here.dataset_here(replace(settings, artifacts="file:///shared"), "x")
