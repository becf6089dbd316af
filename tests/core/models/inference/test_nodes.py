"""The inference graph as data."""

import json

import pytest

from core.errors import InvalidInput
from core.models.inference.nodes import Confidence, Head, Mean, Network, files_of, from_dict, renamed, to_dict

ONE = Network(file="one.tflite", input_size=8)


TWO = Network(file="two.tflite", input_size=12)


STACK = Head(file="top.npz", inputs=(ONE, Head(file="two.npz", inputs=(TWO,))))


def _deep(levels):
    node = to_dict(ONE)
    for _ in range(levels):
        node = {"kind": "mean", "inputs": [node]}
    return node


def of_one() -> Head:
    return Head(file="one.npz", inputs=(ONE,))


def of_two() -> Head:
    return Head(file="two.npz", inputs=(TWO,))


@pytest.mark.parametrize(
    "node", [ONE, STACK, Mean(inputs=(of_one(), STACK)), Confidence(cheap=of_one(), costly=STACK, threshold=0.8)]
)
def test_a_tree_on_a_card_is_the_tree(node):
    assert from_dict(json.loads(json.dumps(to_dict(node)))) == node


def test_the_files_of_a_tree_are_named_once_each():
    tree = Confidence(cheap=of_one(), costly=Mean(inputs=(STACK, of_one())), threshold=0.5)
    assert files_of(tree) == ("one.tflite", "one.npz", "two.tflite", "two.npz", "top.npz")
    assert files_of(renamed(tree, str.upper)) == ("ONE.TFLITE", "ONE.NPZ", "TWO.TFLITE", "TWO.NPZ", "TOP.NPZ")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"kind": "oracle"},
        {"kind": "network", "file": "a.tflite"},
        {"kind": "network", "file": "a.tflite", "input_size": "large"},
        {"kind": "head", "file": "a.npz", "inputs": []},
        {"kind": "mean", "inputs": [{"kind": "mean"}]},
        {"kind": "confidence", "cheap": to_dict(ONE), "costly": None, "threshold": 0.5},
        _deep(100),
    ],
)
def test_what_is_no_tree_is_refused(data):
    with pytest.raises(InvalidInput, match="consist of known nodes"):
        from_dict(data)
