"""Networks in stages give the numbers of Transformers and timm, can be cut at every block, and run in LiteRT."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.backbones.staged.config import staged_network_of
from core.backbones.values import Backbone, Scaling
from core.errors import Unavailable
from core.features import converted, networks
from core.features.cuts import block_ends
from core.features.export import export_model
from core.features.measuring import measured
from core.features.pooling import pooled_features
from core.features.staged import conversion
from tests import staged_networks as tiny
from tests.core.registry.test_backbones import an_added

pytestmark = pytest.mark.keras
NAMES = tuple(tiny.TRANSFORMERS | tiny.TIMM)


def architecture_of(name: str, **changes):
    found = staged_network_of(tiny.config_of(name) | changes, "timm" if name in tiny.TIMM else "transformers")
    assert found is not None
    return found


def row_of(name: str) -> Backbone:
    architecture = architecture_of(name)
    return replace(
        an_added().backbone, name="tiny", title="Tiny", family=architecture.family, input_size=tiny.size_of(name),
        scaling=Scaling(mean=tiny.MEAN, deviation=tiny.DEVIATION), classes=True, blocks=(), block_shapes=(),
        fixed_size=architecture.fixed_size,
    )  # fmt: skip


@pytest.fixture(scope="module", params=NAMES)
def made(request, tmp_path_factory):
    """(name, row, folder with the stored network): from the files of a repository."""
    folder = tmp_path_factory.mktemp(request.param)
    for file, content in tiny.repository_of(request.param).items():
        (folder / file).write_bytes(content)
    row = conversion.convert(folder, folder, row_of(request.param), architecture_of(request.param))
    return request.param, measured(row, converted.network(row, folder)), folder


@pytest.fixture(scope="module")
def model(made) -> keras.Model:
    """The network with its weights, without a classifier; no test changes it."""
    _, row, folder = made
    return loaded(row, folder)


def loaded(row, folder, *, top=False):
    model = converted.network(row, folder, top=top)
    converted.load(model, folder)
    return model


def relative(found, wanted) -> float:
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def test_features_and_classes_are_those_of_the_reference(made, model):
    name, row, folder = made
    photos, expected = tiny.photos(row.input_size), tiny.reference()[name]
    whole = keras.Model(model.inputs[0], pooled_features(model.output, row, row.blocks[-1]))
    assert relative(whole(photos, training=False), expected["features"]) < 1e-5
    logits = loaded(row, folder, top=True)(photos, training=False)
    assert logits.shape == (2, 1000) and relative(logits[:, :20], expected["logits"]) < 1e-5


def test_every_cut_is_one(made, model):
    _, row, _ = made
    photos, ends = tiny.photos(row.input_size), block_ends(model)
    assert row.blocks[0] == "stem" and row.blocks[1] == "stage1_block1" and tuple(ends) == row.blocks
    maps = keras.Model(model.inputs[0], [ends[block].output for block in row.blocks[:-1]])(photos, training=False)
    whole = model(photos, training=False)
    for block, below in zip(row.blocks[:-1], maps, strict=True):
        assert relative(networks.suffix(model, block)(below, training=False), whole) < 1e-5, block


def test_litert_runs_it(model, tmp_path):
    assert export_model(model, tmp_path / "tiny.tflite") < 1e-4


def test_its_row_counts_all_of_it(made):
    name, row, _ = made
    classifier = sum(
        np.prod(shape)
        for tensor, shape in tiny.reference()[name]["tensors"].items()
        if shape[:1] == [1000] or tensor.endswith("num_batches_tracked")
    )
    all_tensors = sum(int(np.prod(shape)) for shape in tiny.reference()[name]["tensors"].values())
    assert row.parameters == sum(row.block_parameters) == all_tensors - classifier
    assert all(row.block_multiply_adds[:-1])


def test_without_imagenet_classes_the_classifier_is_left_out():
    architecture = architecture_of("resnet", id2label={"0": "cat", "1": "dog"})
    tensors = tiny.tensors_of("resnet")
    model = conversion.built(tensors, row_of("resnet"), architecture)
    assert not architecture.classes and len(model.outputs) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"depths": [3, 1]}, "no tensor encoder.stages.0.layers.2"), ({"depths": [1, 1]}, "does not know"),
     ({"hidden_sizes": [16, 16]}, "do not fit|does not fit"), ({"layer_type": "basic"}, "do not fit|does not fit")],
)  # fmt: skip
def test_weights_of_another_network_are_refused(changes, sentence):
    architecture = architecture_of("resnet", **changes)
    with pytest.raises(Unavailable, match=sentence):
        conversion.built(tiny.tensors_of("resnet"), row_of("resnet"), architecture)


def test_the_config_of_the_tests_is_json():
    assert all(json.loads(json.dumps(tiny.config_of(name))) for name in NAMES)
