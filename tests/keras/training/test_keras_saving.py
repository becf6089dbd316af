"""``model.keras`` of runs that share a network has the content that ``model.save`` writes."""

import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from tests.tiny import use_tiny

pytestmark = pytest.mark.keras


@pytest.fixture
def network(monkeypatch, settings):
    from core.features import networks

    found = networks.network(use_tiny(monkeypatch), settings)
    found.trainable = False
    return found


def model_of(network, seed=1, **chosen):
    """A model with a head of its own."""
    import keras

    from core.recipes.hyperparameters import Hyperparameters
    from core.training.heads import build_head

    seen = np.random.default_rng(seed).random((20, network.output.shape[-1]), np.float32)
    head = build_head(network.output.shape[-1], 3, replace(Hyperparameters(seed=seed), **chosen), seen)
    return keras.Model(network.input, head(network.output), name="graft")


def content(path):
    """(config, {name of a group or array: its attributes and values}) of a ``.keras`` file."""
    import h5py

    with ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
        config, weights = json.loads(archive.read("config.json")), BytesIO(archive.read("model.weights.h5"))
    found = {}

    def visit(name, one):
        values = one[()].tolist() if isinstance(one, h5py.Dataset) else None
        found[name] = (dict(one.attrs), values, str(getattr(one, "dtype", "")))

    with h5py.File(weights) as file:
        file.visititems(visit)
    return config, found


@pytest.mark.parametrize("chosen", [{"normalize": True}, {"hidden_units": 5}, {"zero_head": True, "dropout": 0.0}])
def test_it_has_the_same_configuration_groups_names_and_values(chosen, network, tmp_path):
    from core.training import keras_saving

    file = keras_saving.network_file(model_of(network), network)
    model = model_of(network, seed=2, **chosen)
    keras_saving.save(model, network, file, tmp_path / "shared.keras")
    model.save(tmp_path / "plain.keras")
    (config, found), (plain_config, plain) = content(tmp_path / "shared.keras"), content(tmp_path / "plain.keras")
    assert config == plain_config
    assert sum(values is not None for _, values, _ in plain.values()) == len(model.weights)
    assert found == plain


def test_it_is_loaded_as_the_model_it_was(network, tmp_path):
    import keras

    from core.training import keras_saving

    file = keras_saving.network_file(model_of(network), network)
    before, photos = bytes(file), np.random.default_rng(0).random((4, 16, 16, 3), np.float32) * 255
    for seed in (2, 3):
        model = model_of(network, seed=seed, normalize=True)
        keras_saving.save(model, network, file, tmp_path / f"{seed}.keras")
        loaded = keras.models.load_model(tmp_path / f"{seed}.keras", safe_mode=True)
        np.testing.assert_array_equal(loaded.predict(photos, verbose=0), model.predict(photos, verbose=0))
    assert file == before


def test_a_model_that_ends_at_its_features_has_no_head_to_add(network, tmp_path):
    import keras

    from core.training import keras_saving

    model = keras.Model(network.input, network.output, name="graft")
    keras_saving.save(model, network, keras_saving.network_file(model, network), tmp_path / "shared.keras")
    model.save(tmp_path / "plain.keras")
    assert content(tmp_path / "shared.keras") == content(tmp_path / "plain.keras")


def test_the_size_of_a_network_is_that_of_its_variables(network):
    from core.training import keras_saving

    assert keras_saving.weights_bytes(network) == sum(np.asarray(one).nbytes for one in network.variables)
