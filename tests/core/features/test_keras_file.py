"""An own ``.keras`` file is refused before TensorFlow is started, where its configuration says enough."""

import pytest

from core.errors import InvalidInput
from core.features import keras_file
from core.features.keras_file import inspect_keras, store_keras
from tests.core.backbones.test_keras_config import STOCK, a_layer, functional, saved


@pytest.fixture
def asked(monkeypatch) -> list:
    """(module, the file that its path leads to, name), and the task."""
    found: list = []

    def answered(module, path, name, **task):
        assert path.suffix == ".keras"  # Keras opens no other
        found.append(((module, path.resolve(), name), task))
        return {}

    monkeypatch.setattr(keras_file, "answered", answered)
    return found


def test_a_lambda_never_reaches_the_process(tmp_path, asked):
    path = saved(tmp_path, functional(a_layer("Lambda")))
    with pytest.raises(InvalidInput, match="Lambda"):
        inspect_keras(path, "own.keras")
    assert asked == []


def test_a_task_names_what_is_written(tmp_path, asked):
    from core.backbones.scalings import preset

    path = saved(tmp_path, STOCK)
    inspect_keras(path, "own.keras", output="conv", compare=True)
    store_keras(path, "own.keras", tmp_path, output="", size=64, scaling=preset("bgr").scaling, classes=True)
    (first, told), (_, stored) = asked
    assert first == ("core.features.keras_inspection", path, "own.keras")
    assert told == {"compare": True, "output": "conv", "size": 0, "scaling": None}
    assert stored["target"] == str(tmp_path / "network.keras")
    assert (stored["size"], stored["scaling"]["bgr"], stored["compare"]) == (64, True, True)


def test_an_upload_without_an_ending_is_opened_too(tmp_path, asked):
    path = saved(tmp_path, STOCK).rename(tmp_path / "upload-x")
    inspect_keras(path, "own.keras")
    assert asked[0][0][1] == path
