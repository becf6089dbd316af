"""The model of a finished run works as a backbone."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.backbones import availability, obtain
from core.backbones.saved import from_card, row_for_card
from core.backbones.values import Availability
from core.errors import InvalidInput, Unavailable
from core.features import networks
from core.features.compute import features_of
from core.features.store import stored_features
from core.files import atomic
from core.files.atomic import digest_of
from core.files.home import run_folder
from tests.tiny import TINY, use_tiny

pytestmark = pytest.mark.keras


@pytest.fixture
def photos():
    return np.random.default_rng(0).uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)


@pytest.fixture
def leave(settings, monkeypatch):
    """Saves a network with a head as a run would, with slightly changed weights, and returns it as a backbone."""
    use_tiny(monkeypatch)

    def leave(run_id: str = "r-parent01", depth: int = 0, **changes):
        network = networks.network(TINY, settings, depth=depth)
        for variable in network.variables:
            variable.assign(variable + 0.1)
        inputs = keras.Input(network.output.shape[1:])
        head = keras.Model(inputs, keras.layers.Dense(3, "softmax")(inputs), name="head")
        path = run_folder(settings, run_id).path / "model" / "model.keras"
        path.parent.mkdir(parents=True)
        keras.Model(network.inputs[0], head(network.output), name="graft").save(path)
        row = row_for_card(TINY, depth=depth, parameters=network.count_params(), multiply_adds=7)
        card = {
            "title": "Tiny · fine-tuned",
            "recipe": {"pattern": "fine_tuning"},
            "backbone": {"name": "tiny", "row": row},
            "model": {"file": path.name, "sha256": digest_of(path), "bytes": path.stat().st_size},
        }
        return network, from_card(run_id, card | changes, path)

    return leave


@pytest.mark.parametrize("depth", [0, 1])
def test_a_finished_model_gives_its_own_features_as_a_backbone(settings, leave, photos, depth):
    network, backbone = leave(depth=depth)
    assert backbone.name == "r-parent01" and backbone.title == "Tiny · fine-tuned (r-parent01)"
    assert backbone.blocks == TINY.blocks[: 3 - depth] and backbone.feature_size == 8 and backbone.multiply_adds == 7
    assert availability(backbone, settings) is Availability.READY
    assert obtain(backbone, settings).name == "model.keras"
    found = networks.prefix(backbone, settings)(photos)
    np.testing.assert_allclose(found, network(photos), rtol=1e-6)
    plain = networks.prefix(TINY, settings, f"{backbone.blocks[-1]}.pool")(photos)
    assert np.abs(found - plain).max() > 0.01


def test_its_features_are_stored_beside_those_of_the_backbone_it_came_from(settings, leave, tiny_dataset):
    network, backbone = leave()
    dataset, photos, pixels = tiny_dataset
    wanted = [photo for photo in photos if photo.split == "test"]
    found = features_of(wanted, dataset=dataset, backbone=backbone, settings=settings)
    original = features_of(wanted, dataset=dataset, backbone=TINY, settings=settings)
    assert found.key != original.key and found.engine == "LiteRT"
    np.testing.assert_allclose(found.array, network(pixels(wanted).astype(np.float32)), rtol=1e-5, atol=1e-5)
    assert sorted(one.source for one in stored_features(settings)) == ["r-parent01", "tiny"]


def test_it_can_be_cut_and_saved_and_built_on_again(settings, leave, photos):
    network, backbone = leave()
    again = networks.network(backbone, settings)
    assert [layer.name for layer in again.layers] == [layer.name for layer in network.layers]
    below = networks.prefix(backbone, settings, "block1")(photos)
    np.testing.assert_allclose(networks.suffix(again, "block1")(below), network(photos), rtol=1e-6)
    assert list(networks.layers_by_block(again, backbone.blocks)) == list(TINY.blocks)


def test_without_its_weights_it_is_the_same_network_untrained(settings, leave, photos):
    network, backbone = leave()
    fresh = networks.network(backbone, settings, weights=False)
    assert [variable.shape for variable in fresh.variables] == [variable.shape for variable in network.variables]
    assert not np.allclose(fresh(photos), network(photos))


def test_a_cascades_model_has_no_network_to_build_on(settings, leave, tmp_path):
    with pytest.raises(InvalidInput, match="combines the predictions of other runs; use its predictions in a"):
        leave(backbone={"name": "tiny"})
    card = {"title": "Mean of 3", "recipe": {"pattern": "cascade"}}
    with pytest.raises(InvalidInput, match=r"Mean of 3 \(r-mean\) combines the predictions of other runs"):
        from_card("r-mean", card, tmp_path / "card.json")


def test_the_model_of_a_classifier_is_its_backbone_in_the_catalogue(leave):
    _, backbone = leave(recipe={"pattern": "classifier", "hyperparameters": {}})
    assert replace(backbone, title="") == replace(TINY, title="")


def test_a_trained_model_knows_no_imagenet_classes(settings, leave):
    _, backbone = leave()
    with pytest.raises(InvalidInput, match="has classes of its own, not ImageNet's"):
        networks.classifier(backbone, settings)


def test_a_model_that_was_changed_is_refused(settings, leave):
    _, backbone = leave()
    path = obtain(backbone, settings)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    atomic._digest.cache_clear()
    with pytest.raises(Unavailable, match="was changed or damaged"):
        networks.build(backbone, settings)
    path.unlink()
    assert availability(backbone, settings) is Availability.GONE
    with pytest.raises(Unavailable, match="is gone"):
        networks.build(backbone, settings)


def test_a_file_that_is_no_model_is_refused_in_one_sentence(settings, leave):
    _, backbone = leave()
    path = obtain(backbone, settings)
    path.write_bytes(b"no zip")
    with pytest.raises(Unavailable, match="cannot be read"):
        networks.build(replace(backbone, weights_digest=f"sha256:{digest_of(path)}"), settings)
