"""What the configuration of a ``.keras`` file may name, without Keras."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.backbones.keras_config import checked_config
from core.errors import InvalidInput


def a_layer(class_name: str = "Conv2D", module: Any = "keras.layers", registered: Any = None, **config: Any) -> dict:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def functional(*layers: dict, inputs: Any = None, outputs: Any = None) -> dict:
    return a_layer(
        "Functional",
        "keras.src.models.functional",
        "Functional",
        layers=list(layers),
        input_layers=["photo", 0, 0] if inputs is None else inputs,
        output_layers=["top", 0, 0] if outputs is None else outputs,
    )


def saved(tmp_path: Path, config: Any) -> Path:
    path = tmp_path / "own.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
    return path


STOCK = functional(
    a_layer("InputLayer"),
    a_layer(
        "Conv2D",
        kernel_initializer=a_layer("GlorotUniform", "keras.initializers"),
        activation={"module": "keras.activations", "class_name": "function", "config": "relu"},
        dtype=a_layer("DTypePolicy", "keras", name="float32"),
    ),
    a_layer("Add", "keras.src.ops.numpy", "Add"),
    a_layer("LayerScale", "keras.src.applications.convnext", "LayerScale"),
    functional(a_layer("BatchNormalization")),
    a_layer("Sequential", "keras", layers=[a_layer("Dense")]),
)


def test_stock_layers_nested_models_and_operations_are_let_through(tmp_path):
    assert checked_config(saved(tmp_path, STOCK), "own.keras") == STOCK


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (a_layer("Lambda"), "Lambda"),
        (a_layer("TFSMLayer", filepath="/etc"), "TFSMLayer"),
        (a_layer("Mine", None, "Mine"), "Mine"),
        (a_layer("Mine", "my_package.layers", "Mine"), "Mine"),
        (a_layer("Conv2D", "keras.layers", "Custom>Conv2D"), "Custom>Conv2D"),
        (a_layer("Conv2D", "kerasevil.layers"), "Conv2D"),
        (a_layer("StringLookup", vocabulary="/etc/passwd"), "StringLookup"),
        (a_layer("get_file", "keras.utils"), "get_file"),
        (
            a_layer(activation={"module": "keras.utils", "class_name": "function", "config": "get_file"}),
            "keras.utils.get_file",
        ),
        (a_layer(activation={"module": "builtins", "class_name": "function", "config": "eval"}), "builtins.eval"),
        (a_layer(function={"class_name": "__lambda__", "config": {"value": "abc"}}), "__lambda__"),
        (functional(a_layer("Sequential", "keras", layers=[a_layer("Lambda")])), "Lambda"),
    ],
)
def test_what_is_not_of_keras_or_runs_code_is_named(tmp_path, layer, named):
    with pytest.raises(InvalidInput, match="not Keras' own or can run code") as caught:
        checked_config(saved(tmp_path, functional(a_layer(), layer)), "own.keras")
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", r"own\.keras is no \.keras file that can be read"),
        ("[]", r"own\.keras holds no network but a list"),
        (a_layer("MyModel", None, "MyModel"), "but a MyModel, whose graph is only known to its own code"),
        (a_layer("Dense"), "but a Dense"),
        (functional(), "has no layers"),
        (functional(a_layer(), inputs=[["a", 0, 0], ["b", 0, 0]]), r"has 2 inputs \(a and b\)"),
        (functional(a_layer(), outputs={"x": ["a", 0, 0], "y": ["b", 0, 0]}), r"has 2 outputs \(a and b\)"),
    ],
)
def test_what_is_no_network_of_one_input_and_output_is_refused(tmp_path, config, reason):
    with pytest.raises(InvalidInput, match=reason) as caught:
        checked_config(saved(tmp_path, config), "own.keras")
    assert "\n" not in str(caught.value)


def test_lists_of_one_and_dicts_of_one_are_one_input(tmp_path):
    config = functional(a_layer(), inputs=[["photo", 0, 0]], outputs={"x": ["top", 0, 0]})
    assert checked_config(saved(tmp_path, config), "own.keras") == config


def test_names_in_a_message_have_no_control_characters(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        checked_config(saved(tmp_path, functional(a_layer("Bad\u202e\n", None))), "own.keras")
    assert "\u202e" not in str(caught.value)
    assert "\n" not in str(caught.value)
