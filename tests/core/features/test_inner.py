"""The input of a network's last layer is found by the values of the tensors."""

import numpy as np
import pytest

from core.errors import Unavailable
from core.features import inner


class FakeInterpreter:
    """Twelve inputs, three features, four classes."""

    def __init__(self, broken=False):
        generator = np.random.default_rng(0)
        self.weights, self.bias = generator.normal(size=(4, 3)), generator.normal(size=4)
        self.broken = broken

    def get_input_details(self):
        return [{"index": 0, "shape": np.array([1, 12])}]

    def get_output_details(self):
        return [{"index": 9, "shape": np.array([1, 4])}]

    def get_tensor_details(self):
        shapes = {0: (1, 12), 1: (4, 3), 2: (4,), 3: (1, 3), 4: (1, 3), 9: (1, 4)}
        return [{"index": index, "shape": np.array(shape)} for index, shape in shapes.items()]

    def set_tensor(self, index, rows):
        self.features = rows.reshape(3, 4).sum(axis=1)

    def invoke(self):
        logits = self.weights @ self.features + self.bias + self.broken * np.arange(4)
        self.output = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()

    def get_tensor(self, index):
        if index == 3:
            raise ValueError("Tensor data is null")
        return {1: self.weights, 2: self.bias, 4: self.features[None], 9: self.output[None]}[index]


def test_the_input_of_the_last_layer_is_found_by_its_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(inner, "open_interpreter", lambda *_, **__: FakeInterpreter())
    row = np.arange(12.0)
    assert inner.InnerEngine(tmp_path / "network.tflite", 4)(row).tolist() == [6.0, 22.0, 38.0]


def test_numbers_that_do_not_give_the_networks_answer_are_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(inner, "open_interpreter", lambda *_, **__: FakeInterpreter(broken=True))
    with pytest.raises(Unavailable, match="does not end in a layer whose input could be read"):
        inner.InnerEngine(tmp_path / "network.tflite", 4)
