"""Own networks as one flat graph that computes the same, without their classification, in named blocks."""

import keras
import numpy as np
import pytest
from keras import layers

from core.backbones.scalings import preset
from core.errors import InvalidInput
from core.features.cuts import block_ends
from core.features.flattening import block_names, ending_of, rebuilt, scaling_inside
from core.features.scaling import scaled
from tests.keras import own_models

pytestmark = pytest.mark.keras

MODELS = {name: getattr(own_models, name) for name in ("tutorial", "transfer", "transformer", "class_map")}
PHOTOS = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)


def shaken(model: keras.Model) -> keras.Model:
    """With weights that differ from the initial ones, moving averages too."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(weight + rng.uniform(0, 0.3, weight.shape))
    return model


def flat(model: keras.Model) -> keras.Model:
    return rebuilt(model, keras.Input(model.inputs[0].shape[1:], name="photo"))


@pytest.mark.parametrize("name", MODELS)
def test_a_flat_network_computes_the_same_and_has_no_models_in_it(name):
    model = shaken(MODELS[name]())
    found = flat(model)
    assert not any(isinstance(one, keras.Model) for one in found.layers)
    np.testing.assert_allclose(found.predict(PHOTOS, verbose=0), model.predict(PHOTOS, verbose=0), rtol=1e-5, atol=1e-5)


def test_augmentation_is_left_out_and_half_precision_becomes_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = own_models.tutorial()
    finally:
        keras.config.set_dtype_policy("float32")
    found = flat(model)
    assert not any(type(one).__name__.startswith("Random") for one in found.layers)
    assert {layer.compute_dtype for layer in found.layers} == {"float32"}


def test_a_layer_used_twice_stays_one_layer():
    inputs = keras.Input((32, 32, 3))
    shared = layers.Conv2D(3, 3, padding="same")
    model = shaken(keras.Model(inputs, shared(shared(inputs))))
    found = flat(model)
    assert found.count_params() == model.count_params()
    np.testing.assert_allclose(found(PHOTOS), model(PHOTOS), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "last", "left_out", "classes"),
    [
        ("tutorial", "max_pooling2d", ["flatten", "dense", "dense"], 4),
        ("transfer", "block2b_add", ["pool_2", "dropout", "classes"], 3),
        ("transformer", "add", ["global_average_pooling1d", "dense"], 3),
        ("class_map", "first", ["last", "mean", "softmax"], 4),
    ],
)
def test_the_classification_is_found_and_left_out(name, last, left_out, classes):
    found = ending_of(flat(MODELS[name]()), "own.keras")
    assert found.operation.name.rstrip("_0123456789") == last.rstrip("_0123456789")
    plain = [one if one == "pool_2" else one.rstrip("_0123456789") for one in found.left_out]
    assert plain == [one if one == "pool_2" else one.rstrip("_0123456789") for one in left_out]
    assert found.classes == classes


def test_a_network_without_classification_is_kept_whole():
    found = ending_of(flat(own_models.base()), "own.keras")
    assert (found.operation.name, found.left_out, found.classes) == ("block2b_add", (), None)


@pytest.mark.parametrize(
    ("name", "pooling", "left_out"),
    [
        ("maximum", layers.GlobalMaxPooling2D, ["dense", "dense"]),
        ("attentive", layers.LayerNormalization, ["dense"]),
        ("tail", layers.Concatenate, ["dropout", "dense"]),
        ("class_token", layers.LayerNormalization, ["dense"]),
    ],
)
def test_a_pooling_of_its_own_is_kept(name, pooling, left_out):
    found = ending_of(flat(own_models.OWN_POOLING[name]()), "own.keras")
    assert isinstance(found.last, pooling) and found.last is found.pooling
    assert [one.rstrip("_0123456789") for one in found.left_out] == left_out
    assert len(found.operation.output.shape) > 2


def test_means_and_flattened_maps_are_no_pooling_of_its_own_nor_is_what_a_person_left_out():
    for make in MODELS.values():
        assert ending_of(flat(make()), "own.keras").pooling is None
    model = flat(own_models.maximum())
    last = ending_of(model, "own.keras").operation.name
    assert ending_of(model, "own.keras", last).pooling is None


def test_a_person_may_choose_the_last_layer():
    model = flat(own_models.transfer())
    assert ending_of(model, "own.keras", "block1a_add").operation.name == "block1a_add"
    with pytest.raises(InvalidInput, match=r"own\.keras cannot end at 'block2a_conv'\. It can end, among others, at"):
        ending_of(model, "own.keras", "block2a_conv")


def test_a_network_without_maps_is_refused():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    with pytest.raises(InvalidInput, match="has no feature map after its first weights"):
        ending_of(flat(model), "own.keras")


def stored(model: keras.Model, scaling) -> keras.Model:
    """As ``keras_inspection`` stores it."""
    whole = flat(model)
    body = keras.Model(whole.inputs[0], ending_of(whole, "x").operation.output)
    names = block_names(body)
    inputs = keras.Input((32, 32, 3), name="photo")
    return rebuilt(body, inputs, before=lambda x: scaled(x, scaling), name_of=lambda one: names.get(one, one))


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("tutorial", ["stem", "block1", "block2"]),
        ("transfer", ["stem", "block1a", "block2a", "block2b"]),
        ("transformer", ["stem", "block1", "block2", "block3", "block4"]),
        ("class_map", ["stem"]),
    ],
)
def test_blocks_have_the_names_of_known_families_or_numbers(name, blocks):
    found = stored(MODELS[name](), preset("inside").scaling)
    assert [block.replace("head", "stem") if name == "class_map" else block for block in block_ends(found)] == blocks


@pytest.mark.parametrize("one", ["imagenet", "bgr"])
def test_pixels_are_scaled_before_everything(one):
    scaling = preset(one).scaling
    model = shaken(own_models.base())
    wanted = (PHOTOS / 255 - np.array(scaling.mean)) / np.array(scaling.deviation)
    wanted = wanted[..., ::-1] if scaling.bgr else wanted
    expected = model.predict(wanted.astype(np.float32), verbose=0)
    found = stored(model, scaling).predict(PHOTOS, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_many_blocks_are_taken_evenly():
    inputs = x = keras.Input((8, 8, 3))
    for _ in range(40):
        x = layers.Conv2D(3, 3, padding="same")(x)
    model = keras.Model(inputs, x)
    assert len({name.partition("_")[0] for name in block_names(model).values()} - {"begin"}) == 23


@pytest.mark.parametrize(
    ("first", "inside"),
    [
        (lambda x: layers.Rescaling(1 / 255)(x), True),
        (lambda x: layers.Rescaling(2.0, -1.0)(x), False),
        (lambda x: x / 127.5 - 1.0, True),
        (lambda x: x * (1 / 255), True),
        (lambda x: (x - 0.5) / 0.5, False),
        (lambda x: layers.Normalization(mean=[120.0, 110, 100], variance=[3000.0, 3000, 3000])(x), True),
        (lambda x: layers.Normalization(mean=[0.4, 0.4, 0.4], variance=[0.05, 0.05, 0.05])(x), False),
        (lambda x: x, False),
    ],
)
def test_a_network_that_scales_pixels_itself_is_seen(first, inside):
    inputs = keras.Input((8, 8, 3))
    found = scaling_inside(flat(keras.Model(inputs, layers.Conv2D(3, 3)(first(inputs)))))
    assert (found is not None) == inside
    if found is not None:
        assert found.scaling == preset("inside").scaling
