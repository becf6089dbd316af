"""Engine files of the environment: a home copies those that these versions have exported. No TensorFlow."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.features import engines
from core.features.engine_store import notes_of
from core.features.engines import engine_file, engine_path, is_exported, litert_engine, needs_export
from core.features.kept import VARIABLE, kept_notes, package_versions
from core.features.views import View
from core.files.atomic import digest_of
from core.runs.costs import Spent
from tests.factories import tiny_jpeg
from tests.tiny import TINY
from tests.tiny_lite import write_dense_network

COST = {"wall_seconds": 4.0, "cpu_seconds": 3.0}


@pytest.fixture
def kept(tmp_path, settings, monkeypatch):
    """An engine file of the environment."""
    path = tmp_path / "environment" / engine_path(TINY, settings).name
    path.parent.mkdir()
    monkeypatch.setenv(VARIABLE, str(path.parent))
    weights = np.ones((TINY.input_size**2 * 3, TINY.feature_size), np.float32)
    write_dense_network(path, weights, np.zeros(TINY.feature_size, np.float32), TINY.input_size)
    notes = {"digest": digest_of(path), "cost": COST, "error": 1e-6, "refused": "", "versions": package_versions()}
    notes_of(path).write_text(json.dumps(notes))
    return path


@pytest.fixture(autouse=True)
def no_export(monkeypatch):
    def exported(*_):
        raise AssertionError("exported")

    monkeypatch.setattr(engines, "_export", exported)


def change(kept, **changes):
    notes_of(kept).write_text(json.dumps(json.loads(notes_of(kept).read_text()) | changes))


def test_a_new_home_copies_it_and_needs_no_export(kept, settings):
    assert not is_exported(TINY, settings) and not needs_export(TINY, settings)
    found = engine_file(TINY, settings)
    assert found.path == engine_path(TINY, settings) and found.digest == digest_of(kept)
    assert (found.cost, found.error) == (Spent(**COST), 1e-6)
    assert is_exported(TINY, settings) and found.path.stat().st_nlink == kept.stat().st_nlink == 1
    engine = litert_engine(TINY, settings)
    assert engine([View(tiny_jpeg(1, 1))]).shape == (1, TINY.feature_size)


def test_a_home_that_has_it_does_not_read_it_again(kept, settings):
    engine_file(TINY, settings)
    kept.unlink()
    assert engine_file(TINY, settings).digest and not needs_export(TINY, settings)


@pytest.mark.parametrize(
    "changes", [{"versions": {"tensorflow": "1.0"}}, {"refused": "It cannot be run."}, {"versions": None}]
)
def test_what_other_versions_exported_or_refused_is_not_used(changes, kept, settings):
    change(kept, **changes)
    assert kept_notes(kept.name) is None and needs_export(TINY, settings)
    with pytest.raises(AssertionError, match="exported"):
        engine_file(TINY, settings)


def test_a_damaged_file_is_not_used(kept, settings):
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(AssertionError, match="exported"):
        engine_file(TINY, settings)
    assert not is_exported(TINY, settings)


def test_other_cuts_and_sizes_are_exported(kept, settings):
    assert needs_export(TINY, settings, "block1")
    assert needs_export(replace(TINY, input_size=32), settings)


def test_without_a_folder_everything_is_exported(settings, monkeypatch):
    monkeypatch.setenv(VARIABLE, "/nowhere")
    assert needs_export(TINY, settings)
    monkeypatch.setenv(VARIABLE, "")
    assert kept_notes("none") is None
