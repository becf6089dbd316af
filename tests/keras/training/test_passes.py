"""Passes over vectors in memory, through TensorFlow."""

import tempfile

import keras
import numpy as np
import pytest

from core.training.passes import Passes

pytestmark = pytest.mark.keras


def test_a_pass_writes_no_file_that_a_killed_process_would_leave(tmp_path, monkeypatch):
    """What AutoGraph generates lies in the temporary folder until the process ends by itself."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], steps_per_execution=2)
    columns = (np.ones((7, 4), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 0, 1, 1]])
    passes = Passes(model, batch_size=2)
    steps: list[int] = []
    passes.train(np.arange(7), columns, steps.append)
    passes.test(columns)
    assert steps == [2, 4]
    assert list(tmp_path.iterdir()) == []
