"""The wire format: read as ``onnx`` writes it, and every damage is an error."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.onnx.wire import (
    BrokenProtobufError,
    bytes_field,
    fields,
    integers,
    number_field,
    repeated,
)
from tests.onnx_files import residual


@given(st.integers(1, 10_000), st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_read_as_it_was_written(number, value):
    (found,) = fields(number_field(number, value))
    assert (found.number, found.integer) == (number, value)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_repeated_numbers_are_read_one_by_one_and_packed(values):
    assert [one.integer for one in fields(repeated(7, values))] == values
    packed = b"".join(number_field(1, value)[1:] for value in values)
    (found,) = fields(bytes_field(7, packed))
    assert list(integers(found)) == values


def test_a_field_keeps_its_bytes_to_be_written_again():
    data = residual().SerializeToString()
    assert b"".join(bytes(one.raw) for one in fields(data)) == data


@given(st.data())
def test_a_file_that_ends_anywhere_or_has_other_bytes_is_an_error_or_other_fields(data):
    whole = residual().SerializeToString()
    cut = data.draw(st.integers(0, len(whole)))
    changed = whole[:cut] + data.draw(st.binary(max_size=8)) + whole[cut + 3 :]
    with suppress(BrokenProtobufError):
        assert all(one.number >= 0 for one in fields(changed))


@pytest.mark.parametrize("data", [b"\x0a\x05abc", b"\x80" * 11, b"\x0b\x01", b"\x08", b"\x0d\x01"])
def test_damage_is_an_error(data):
    with pytest.raises(BrokenProtobufError):
        list(fields(data))


def test_too_many_fields_are_an_error(monkeypatch):
    monkeypatch.setattr("core.backbones.onnx.wire.MOST_FIELDS", 3)
    with pytest.raises(BrokenProtobufError, match="more than 3 fields"):
        list(fields(number_field(1, 1) * 4))
