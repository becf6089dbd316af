"""Parameters and multiply-adds of blocks, counted by hand."""

import numpy as np

from core.backbones.onnx.counting import costs_of_blocks, weighted_outputs
from core.backbones.onnx.model import read_onnx
from core.backbones.onnx.points import single_tensors_of
from tests.onnx_files import computed, residual, tokens


def costs(made, output, ends):
    model = read_onnx(made.SerializeToString())
    points = {one.tensor: one for one in single_tensors_of(model, output, channels_last=False)}
    names = weighted_outputs(model, output)
    values = computed(made, np.zeros((1, 3, 32, 32), np.float32), names)
    shapes = {name: value.shape for name, value in zip(names, values, strict=True)}
    return costs_of_blocks(model, [points[end] for end in ends], shapes)


def test_convolutions_and_dense_layers():
    stem, block, head = 3 * 3 * 3 * 8, 8 * 8 * 3 * 3, 8 * 5
    assert costs(residual(), "logits", ["stem", "one", "two", "logits"]) == [
        (stem + 8, 16 * 16 * stem),
        (block, 16 * 16 * block),
        (block, 16 * 16 * block),
        (head + 5, head),
    ]


def test_attention_is_counted():
    projections, products = 3 * 17 * 8 * 8, 2 * 17 * 17 * 8
    (_, patches), (parameters, first) = costs(tokens(), "second", ["tokens", "first"])
    assert patches == 16 * 8 * 3 * 8 * 8
    assert parameters == 3 * 8 * 8
    assert first == projections + products
