"""Single layers compute what PyTorch's do, worked out by hand."""

import keras
import numpy as np
import pytest

from core.errors import Unavailable
from core.features.staged.layers import TensorLayers

pytestmark = pytest.mark.keras
INPUT = np.arange(4 * 4 * 2, dtype=np.float32).reshape(1, 4, 4, 2)


def outputs(make, tensors, x=INPUT):
    inputs = keras.Input(x.shape[1:])
    made = TensorLayers(tensors, ("net.",))
    found = np.asarray(keras.Model(inputs, make(made, inputs))(x, training=False))
    made.check_all_read()
    return found


def test_a_strided_convolution_is_padded_on_both_sides_as_in_pytorch():
    kernel = np.zeros((1, 2, 3, 3), np.float32)
    kernel[0, 0, 1, 1] = 1  # the centre of the window
    found = outputs(lambda made, x: made.conv(x, "a", "a", stride=2, padding=1), {"net.a.weight": kernel})
    assert found[0, :, :, 0].tolist() == [[0, 4], [16, 20]]


def test_a_convolution_of_every_channel_alone_has_a_kernel_for_each():
    kernel = np.array([2, 3], np.float32).reshape(2, 1, 1, 1)
    tensors = {"a.weight": kernel, "a.bias": np.array([1, 0], np.float32)}
    found = outputs(lambda made, x: made.conv(x, "a", "a", groups=2, bias=True), tensors)
    assert np.array_equal(found, INPUT * [2, 3] + [1, 0])


def test_dense_of_a_map_of_tokens_and_of_vectors_is_the_same():
    random = np.random.default_rng(0)
    tensors = {"a.weight": random.normal(size=(3, 2)).astype(np.float32), "a.bias": np.ones(3, np.float32)}
    expected = INPUT @ tensors["a.weight"].T + 1
    for x in (INPUT, INPUT.reshape(1, 16, 2), INPUT.reshape(16, 2)):
        found = outputs(lambda made, x: made.dense(x, "a", "a"), tensors, x)
        assert np.allclose(found, expected.reshape(found.shape), atol=1e-5)


def test_normalisation_uses_the_stored_averages():
    tensors = {f"a.{part}": np.full(2, value, np.float32)
               for part, value in (("weight", 2), ("bias", 1), ("running_mean", 4), ("running_var", 9))}  # fmt: skip
    found = outputs(lambda made, x: made.batch_norm(x, "a", "a", epsilon=0.0), tensors)
    assert np.allclose(found, (INPUT - 4) / 3 * 2 + 1, atol=1e-5)


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({}, "no tensor a.weight"),
        ({"a.weight": np.zeros((1, 2), np.float32)}, "does not fit .* Received: 1 x 2"),
        ({"a.weight": np.zeros((1, 5, 1, 1), np.float32)}, "expected 2 channels. Received: 5"),
        ({"a.weight": np.zeros((1, 2, 1, 1), np.float32), "b": np.zeros(1)}, "does not know 1 tensor .* example b"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tensors, sentence):
    with pytest.raises(Unavailable, match=sentence):
        outputs(lambda made, x: made.conv(x, "a", "a"), tensors)
