"""The training photos of a run: which stored features belong to which network of its graph, and reasons for none."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.backbones import get
from core.errors import Unavailable
from core.features import store
from core.files.home import dataset_folder, run_folder
from core.models.inference.nodes import Confidence, Head, Mean, Network, files_of, to_dict
from core.models.novelty import NEIGHBOURS
from core.models.training_photos import training_photos_of
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from tests.factories import fill
from tests.stored_features import store_features

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"
SIZE = {LITE0: 224, LITE1: 240}


def direction(photo, seed=0, size=6):
    """Features of a photo: its class, and a little of its own."""
    generator = np.random.default_rng([seed, int(photo.digest[:8], 16)])
    row = generator.uniform(0, 0.2, size)
    row[("daisy", "rose", "sunflower", "tulip").index(photo.class_name)] += 1
    return row


@pytest.fixture
def filled(registry, settings):
    """With 24 validation photos, so that there is a threshold."""
    return fill(registry, settings, runs=8, per_class=40)


def given(bench, run, recipe, node):
    """The run with another recipe, and another graph on its card."""
    path = run_folder(bench.settings, run.id).card
    engines = [{"file": name, "sha256": "0" * 64} for name in files_of(node)]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"answer": to_dict(node), "engines": engines}))
    return replace(run, recipe=recipe)


def network(name, file="prefix.tflite"):
    return Network(file=file, input_size=SIZE[name])


def head(*inputs):
    return Head(file="head.npz", inputs=inputs)


@pytest.fixture
def run(filled):
    return next(one for one in filled.with_status(Status.FINISHED) if one.recipe.backbone == LITE1)


def photos_of(bench, run, split="train"):
    return bench.registry.photos(run.dataset_id, split=split)


def test_the_nearest_training_photos_of_a_training_photo_begin_with_itself(bench, run):
    store_features(bench, run.dataset_id, get(LITE1), direction)
    training, photo = training_photos_of(run, bench.registry, bench.settings), photos_of(bench, run)[7]
    found = training.novelty({network(LITE1): direction(photo)}, 5)
    assert [one.class_name for one in found.nearest] == [photo.class_name] * 5
    first, second = found.nearest[:2]
    assert (first.digest, first.file) == (photo.digest, photo.file) and first.distance < 2e-3 < second.distance
    distances = [one.distance for one in found.nearest]
    assert distances == sorted(distances)
    assert found.distance == pytest.approx(np.mean(distances[:NEIGHBOURS]), abs=1e-6)
    assert found.source == f"features of {get(LITE1).title}"
    assert not found.unlike and found.threshold and found.photos == len(photos_of(bench, run, "validation")) == 24
    assert found.false_alarms == pytest.approx(1 / 25)


def test_a_photo_in_a_direction_of_its_own_is_unlike_training(bench, run):
    store_features(bench, run.dataset_id, get(LITE1), direction)
    training = training_photos_of(run, bench.registry, bench.settings)
    assert training.novelty({network(LITE1): np.array([0, 0, 0, 0, 0, 1])}, 3).unlike
    for photo in photos_of(bench, run, "validation"):
        assert not training.novelty({network(LITE1): direction(photo)}, 3).unlike, "the most novel one is the threshold"


def test_features_of_a_fusion_are_put_side_by_side_each_at_its_network(bench, run):
    recipe = Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(LITE1,))
    first, second = network(LITE0, "prefix_0.tflite"), network(LITE1, "prefix_1.tflite")
    fused = given(bench, run, recipe, head(first, second))
    store_features(bench, run.dataset_id, get(LITE0), direction)
    store_features(bench, run.dataset_id, get(LITE1), lambda photo: 100 * direction(photo, 1, 9))
    training, photo = training_photos_of(fused, bench.registry, bench.settings), photos_of(bench, run)[3]
    found = training.novelty({first: direction(photo), second: 100 * direction(photo, 1, 9)}, 1)
    assert found.nearest[0].digest == photo.digest and found.nearest[0].distance < 2e-3
    assert found.source == f"features of {get(LITE0).title} and {get(LITE1).title}"


def test_each_cut_of_a_probe_has_its_own_columns(bench, run):
    numbers = Hyperparameters(cuts=2)
    recipe = Recipe(backbone=LITE1, pattern=Pattern.MULTI_LAYER_PROBE, hyperparameters=numbers)
    probe = given(bench, run, recipe, head(network(LITE1)))
    at = (len(get(LITE1).blocks) - 1) // 2
    one, width = get(LITE1).blocks[at], get(LITE1).block_shapes[at][-1]
    store_features(bench, run.dataset_id, get(LITE1), lambda photo: direction(photo, 2, width), cut=f"{one}.pool")
    store_features(bench, run.dataset_id, get(LITE1), lambda photo: direction(photo, 3, 1280))
    training, photo = training_photos_of(probe, bench.registry, bench.settings), photos_of(bench, run)[5]
    output = np.concatenate([direction(photo, 2, width), direction(photo, 3, 1280)])
    found = training.novelty({network(LITE1): output}, 1)
    assert found.nearest[0].digest == photo.digest and found.nearest[0].distance < 2e-3


def test_a_fine_tuned_network_is_measured_by_its_frozen_blocks_averaged_over_their_positions(bench, run):
    numbers = Hyperparameters(depth=2, epochs=8, head_epochs=3)
    recipe = Recipe(backbone=LITE1, pattern=Pattern.FINE_TUNING, hyperparameters=numbers)
    tuned = given(bench, run, recipe, head(network(LITE1)))
    cut = get(LITE1).blocks[-3]

    def maps(photo):
        return np.stack([direction(photo), 3 * direction(photo)]).reshape(1, 2, 6)

    store_features(bench, run.dataset_id, get(LITE1), maps, cut=cut)
    training, photo = training_photos_of(tuned, bench.registry, bench.settings), photos_of(bench, run)[2]
    found = training.novelty({network(LITE1): maps(photo)}, 1)
    assert found.nearest[0].digest == photo.digest
    assert found.source == f"features of {get(LITE1).title} up to {cut}"


@pytest.mark.parametrize("kind", [Cascade.ENSEMBLE, Cascade.CONFIDENCE])
def test_models_that_combine_others_are_measured_by_their_members(bench, filled, kind):
    members = [one for one in filled.with_status(Status.FINISHED) if one.recipe.backbone in (LITE0, LITE1)][:2]
    assert len({one.recipe.backbone for one in members}) == 2
    for one in members:
        store_features(bench, one.dataset_id, get(one.recipe.backbone), direction)
    networks = [network(one.recipe.backbone, f"prefix-{number}.tflite") for number, one in enumerate(members)]
    if kind is Cascade.ENSEMBLE:
        node, titles = Mean(inputs=tuple(map(head, networks))), [get(one.recipe.backbone).title for one in members]
    else:
        node = Confidence(cheap=head(networks[0]), costly=head(networks[1]), threshold=0.7)
        titles = [get(members[0].recipe.backbone).title]
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=kind, members=tuple(one.id for one in members))
    combined = given(bench, filled.with_status(Status.FINISHED)[3], recipe, node)
    training, photo = training_photos_of(combined, bench.registry, bench.settings), photos_of(bench, combined)[1]
    seen = {one: direction(photo) for one in networks[: len(titles)]}
    found = training.novelty(seen, 1)
    assert found.nearest[0].digest == photo.digest
    assert found.source == f"features of {' and '.join(titles)}"


def smaller(bench, run, precision):
    recipe = Recipe(
        backbone="",
        pattern=Pattern.QUANTIZATION,
        hyperparameters=Hyperparameters(precision=precision),
        members=(run.id,),
    )
    return given(bench, run, recipe, head(network(LITE1, f"prefix-{precision}.tflite")))


def test_a_model_in_16_bits_has_those_of_the_model_it_was_made_from(bench, run):
    store_features(bench, run.dataset_id, get(LITE1), direction)
    half = smaller(bench, run, Precision.FLOAT16)
    training, photo = training_photos_of(half, bench.registry, bench.settings), photos_of(bench, run)[4]
    found = training.novelty({network(LITE1, "prefix-float16.tflite"): direction(photo)}, 1)
    assert found.nearest[0].digest == photo.digest


# --- without stored features ---


def test_a_model_in_8_bits_is_not_compared_with_features_in_32(bench, run):
    store_features(bench, run.dataset_id, get(LITE1), direction)
    with pytest.raises(Unavailable, match="in 8 bits"):
        training_photos_of(smaller(bench, run, Precision.INT8), bench.registry, bench.settings)


def test_a_network_that_is_trained_down_to_the_pixels_has_none(bench, run):
    recipe = Recipe(backbone=LITE1, pattern=Pattern.WEIGHT_INITIALIZATION)
    whole = given(bench, run, recipe, network(LITE1))
    with pytest.raises(Unavailable, match="no frozen part"):
        training_photos_of(whole, bench.registry, bench.settings)


def test_a_pretrained_classifier_by_names_has_none(bench, run):
    named = given(bench, run, Recipe(backbone=LITE1, pattern=Pattern.CLASSIFIER), head(network(LITE1)))
    with pytest.raises(Unavailable, match="no frozen part"):
        training_photos_of(named, bench.registry, bench.settings)


def test_a_model_that_was_imported_without_its_photos_says_so(bench, run):
    photos = dataset_folder(bench.settings, run.dataset_id).photos
    shutil.rmtree(photos)
    photos.mkdir()
    with pytest.raises(Unavailable, match=r"are not stored: the model was imported, and its training photos are not"):
        training_photos_of(run, bench.registry, bench.settings)


def test_deleted_features_are_said_and_not_computed(bench, run):
    said = f"the features of {get(LITE1).title} for the photos of flowers are not stored: they were deleted"
    with pytest.raises(Unavailable, match=said):
        training_photos_of(run, bench.registry, bench.settings)
    store_features(bench, run.dataset_id, get(LITE1), direction)
    training = training_photos_of(run, bench.registry, bench.settings)
    store.forget(bench.settings, weights=get(LITE1).identity)
    assert not list(bench.settings.home.glob("features/[!.]*/features.npy")), "reading them does not keep them"
    assert training.novelty({network(LITE1): np.ones(6)}, 2).nearest, "what was read stays readable"
