"""Numbers of a ``config.json`` are checked before anything is downloaded."""

import pytest

from core.backbones.staged.values import arguments_of, choice, numbers, real, same_length, three_channels, whole
from core.errors import InvalidInput


@pytest.mark.parametrize("value", [0, -1, 1.5, "8", None, True, 10**9])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(InvalidInput, match="whole number from 1 to 32,768 of width"):
        whole({"width": value}, "width", 8)
    with pytest.raises(InvalidInput, match="whole number"):
        numbers({"widths": [8, value]}, "widths", (1,))


@pytest.mark.parametrize("value", ["x", None, True, -1, float("nan"), [1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InvalidInput, match="a number of mlp_ratio, 0 or more"):
        real({"mlp_ratio": value}, "mlp_ratio", 4.0)
    assert real({"mlp_ratio": 2}, "mlp_ratio", 4.0) == 2.0 and real({}, "mlp_ratio", 4.0) == 4.0


@pytest.mark.parametrize("value", [[], 5, "12", [1] * 9, {"1": 1}])
def test_what_is_no_list_of_stages_is_refused(value):
    with pytest.raises(InvalidInput, match="one number a stage of depths"):
        numbers({"depths": value}, "depths", (1,))


def test_what_a_config_leaves_out_is_usual():
    assert (whole({}, "width", 8), numbers({}, "depths", (3, 4)), choice({}, "kind", "b", ("a", "b"))) == (
        8,
        (3, 4),
        "b",
    )


def test_other_refusals_say_what_was_received():
    with pytest.raises(InvalidInput, match="kind: a, b. Received: kind='c'"):
        choice({"kind": "c"}, "kind", "b", ("a", "b"))
    with pytest.raises(InvalidInput, match="not as many widths as depths"):
        same_length(widths=(1, 2), depths=(1,))
    with pytest.raises(InvalidInput, match="num_channels=1"):
        three_channels({"num_channels": 1})


def test_arguments_that_are_not_known_are_named():
    assert arguments_of({"model_args": {"dims": [8]}}, "net", ("dims",)) == {"dims": [8]}
    assert arguments_of({"model_args": None}, "net", ()) == {}
    with pytest.raises(InvalidInput, match="net with these arguments: a, b"):
        arguments_of({"model_args": {"b": 1, "a": 2}}, "net", ("dims",))
    with pytest.raises(InvalidInput, match="model_args"):
        arguments_of({"model_args": [1]}, "net", ())
