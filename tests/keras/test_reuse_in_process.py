"""What runs of one trainer process share: they are faster, and give the same results as runs that share nothing."""

from dataclasses import replace

import pytest

from tests.keras.training_bench import NUMBERS

pytestmark = pytest.mark.keras


def test_a_network_that_two_runs_share_is_timed_once(full_bench, monkeypatch):
    from core.features.litert import LiteRTEngine

    calls, engine = [], LiteRTEngine.__call__
    monkeypatch.setattr(LiteRTEngine, "__call__", lambda self, rows: calls.append(len(rows)) or engine(self, rows))
    first = full_bench.train("r-first")
    test_photos = full_bench.dataset.split_sizes["test"]
    assert len(calls) > test_photos
    calls.clear()
    second = full_bench.train("r-second", replace(NUMBERS, seed=4))
    assert len(calls) < test_photos
    one, two = (full_bench.registry.cost(run.id) for run in (first, second))
    assert one.ms_per_photo > 0 and two.ms_per_photo > 0
    assert two.alone_cpu_seconds > two.cpu_seconds


def test_saving_a_network_makes_no_layers(monkeypatch, tmp_path):
    import keras

    from core.training import assembling  # noqa: F401 it corrects how Keras saves

    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(3)(inputs)))
    model.save(tmp_path / "once.keras")
    made, init = [], keras.layers.Layer.__init__
    monkeypatch.setattr(keras.layers.Layer, "__init__", lambda self, **given: made.append(self) or init(self, **given))
    model.save(tmp_path / "again.keras")
    assert not made
    loaded = keras.models.load_model(tmp_path / "again.keras")
    for mine, its in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert (mine == its).all()
