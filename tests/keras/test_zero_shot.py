"""Tiny networks of photos and texts as zero-shot classifiers: their numbers, their model, and what they share."""

import keras
import numpy as np
import pytest

from core.features import networks
from core.features.store import key_of, stored_cost
from core.features.texts import text_vectors
from core.features.views import View
from core.files.home import dataset_folder, run_folder
from core.models.inference.stored import load_graph
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.prompts import texts_of, with_template
from tests import tiny_tokens

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_photos_are_given_to_the_nearest_text(full_bench, name):
    bench = full_bench
    backbone = tiny_tokens.register(bench.settings, bench.registry, name)
    prompts = with_template([("rose", "a photo of a cat | this is a dog")], backbone.family)
    bench.train("r-zero", Hyperparameters(), backbone=backbone.name, pattern=Pattern.CLASSIFIER, prompts=prompts)
    stored, folder = bench.answers("r-zero"), dataset_folder(bench.settings, bench.dataset.id)
    views = [View(folder.photo(str(digest)).read_bytes()) for digest in stored["digests"]]

    squares = np.stack([view.square(backbone.input_size) for view in views]).astype(np.float32)
    features = np.asarray(networks.prefix(backbone, bench.settings)(squares))
    texts = texts_of(bench.dataset.class_names, prompts)
    found = text_vectors(backbone, bench.settings, [text for several in texts.values() for text in several])
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    rose = unit[1] + unit[2]
    classes = np.stack([unit[0], rose / np.linalg.norm(rose), unit[3]])
    assert list(texts) == ["daisy", "rose", "tulip"]
    photos = features if found.projection is None else features @ found.projection
    scores = found.scale * (photos / np.linalg.norm(photos, axis=1, keepdims=True)) @ classes.T
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.abs(stored["probabilities"] - expected).max() < 1e-4

    graph = load_graph(run_folder(bench.settings, "r-zero").model)
    live = np.stack([graph(view) for view in views[:3]])
    assert np.abs(live - stored["probabilities"][:3]).max() < 1e-4
    model = keras.models.load_model(bench.model_path("r-zero"), safe_mode=True)
    assert np.abs(np.asarray(model(squares[:3])) - expected[:3]).max() < 1e-4
    assert bench.registry.model("r-zero").card["choice"]["texts"][1]["texts"] == [
        "a photo of a cat", "this is a dog",
    ]  # fmt: skip
    key = key_of(bench.dataset, backbone, "test")
    assert stored_cost(key, bench.settings) is not None, "an extractor on this network finds the same features"
