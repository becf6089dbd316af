"""What the columns take, the same on both databases."""

import json
import math

import pytest

from core.errors import InvalidInput
from core.registry.column_types import json_text
from tests.factories import make_epochs, make_run


@pytest.mark.parametrize("value", [2**31, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_whole_numbers_have_64_bits(flowers, value):
    assert flowers.add_run(make_run(1, priority=value)).priority == value
    assert flowers.queue()[0].priority == value


def test_a_larger_number_is_refused(flowers):
    with pytest.raises(InvalidInput, match="up to 18 digits"):
        flowers.add_run(make_run(1, priority=2**63))
    assert flowers.runs() == []


def test_what_is_not_a_number_is_stored_as_none_and_sorts_last(running):
    epoch = make_epochs(1)[0]
    running.record_epoch("r-1", 1, type(epoch)(**vars(epoch) | {"loss": math.nan, "val_accuracy": math.nan}))
    assert math.isnan(running.epochs("r-1")[0].loss)
    assert running.sparklines(["r-1"]) == {}
    running.set_preference("a", {"b": [math.nan, 1.5, math.inf]})
    assert running.preference("a") == {"b": [None, 1.5, None]}


@pytest.mark.parametrize("write", [
    lambda registry: registry.add_run(make_run(1, name="a\0b")),
    lambda registry: registry.set_preference("a\0", 1),
    lambda registry: registry.set_preference("a", ["b\0"]),
    lambda registry: registry.log("delete", {"a\0": 1}),
])  # fmt: skip
def test_nul_is_refused(flowers, write):
    with pytest.raises(InvalidInput, match="must not contain the character NUL"):
        write(flowers)
    assert flowers.runs() == [] and flowers.log_entries() == []


def test_what_only_looks_like_nul_is_kept(registry):
    registry.set_preference("a", r"\u0000 and \0")
    assert registry.preference("a") == r"\u0000 and \0"


def test_text_that_is_no_unicode_is_refused(flowers):
    with pytest.raises(InvalidInput, match="valid Unicode"):
        flowers.add_run(make_run(1, name="a\udc00"))


def test_text_is_ordered_by_code_point_whatever_the_language_of_the_server(registry):
    names = ["Zoo", "apple", "Äpfel", "zoo", "äpfel", "_", "9", "𝔞", "ｱ"]
    for name in names:
        registry.take(name, "me")
    assert [lease.name for lease in registry.held_leases()] == sorted(names)


def test_keys_keep_their_order(registry):
    value = {"z": 1, "a": {"y": 1, "b": 2}}
    registry.set_preference("a", value)
    assert json.dumps(registry.preference("a")) == json.dumps(value)


def test_json_is_what_both_databases_take():
    assert json_text({"a": (1, math.nan, {"b": -math.inf}), "c": "ü"}) == '{"a": [1, null, {"b": null}], "c": "ü"}'
