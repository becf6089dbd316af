"""``python -m core.features.keep``: which networks it exports, and what it leaves. No TensorFlow."""

import json

import numpy as np
import pytest

from core.features import keep
from core.features.engine_store import notes_of
from core.features.engines import engine_file, engine_path, needs_export
from core.features.kept import VARIABLE
from core.files.atomic import digest_of
from core.settings import Settings
from tests.tiny import TINY
from tests.tiny_lite import write_dense_network


@pytest.fixture
def exported(settings, tmp_path, monkeypatch):
    """A home that has exported the network, and an environment that has not."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "environment"))
    path = engine_path(TINY, settings)
    path.parent.mkdir(parents=True)
    weights = np.ones((TINY.input_size**2 * 3, TINY.feature_size), np.float32)
    write_dense_network(path, weights, np.zeros(TINY.feature_size, np.float32), TINY.input_size)
    cost = {"wall_seconds": 4.0, "cpu_seconds": 3.0}
    notes_of(path).write_text(json.dumps({"digest": digest_of(path), "cost": cost, "error": 0.0, "refused": ""}))
    return path


def test_the_networks_that_come_with_graft_are_five_of_three_families(settings):
    found = keep.backbones_of_graft(settings)
    assert len(found) == 5 and len({one.family for one in found}) == 3


def test_what_one_home_exported_serves_the_next_one(exported, settings, tmp_path):
    other = Settings(home=tmp_path / "other")
    assert needs_export(TINY, other)
    assert keep.keep(TINY, settings)
    assert not needs_export(TINY, other)
    assert engine_file(TINY, other).digest == digest_of(exported)
    assert not keep.keep(TINY, settings)


def test_a_folder_that_cannot_be_written_is_no_obstacle(exported, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "engines"))
    monkeypatch.setattr(keep, "backbones_of_graft", lambda _settings: [TINY])
    monkeypatch.setattr(keep, "engine_file", lambda _backbone, _settings: engine_file_of(exported))
    assert keep.main() == 1
    assert "Runs export their networks themselves." in capsys.readouterr().err


def engine_file_of(path):
    from core.features.engines import EngineFile
    from core.runs.costs import Spent

    return EngineFile(path=path, digest=digest_of(path), cost=Spent(), error=0.0)
