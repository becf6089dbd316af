"""The wire format of protobuf: a message is a row of fields, each a tag and a value.

https://protobuf.dev/programming-guides/encoding/. Values of length-delimited fields are views into the bytes that were
given, so that reading a file of 500 MB copies nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.errors import InvalidInput

MOST_FIELDS = 2_000_000
"""Fields of one message; a network of more nodes, or one whose weights are written number by number, is refused."""

VARINT, BYTES = 0, 2
"""Kinds of fields that are written."""


class BrokenProtobufError(InvalidInput):
    """The bytes are no message of this format."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Args:
        number: as in the ``.proto`` file. value: an int of a varint; else a view of the bytes.
        raw: the whole field, tag included, to be written again as it is.
    """

    number: int
    value: int | memoryview
    raw: memoryview

    @property
    def view(self) -> memoryview:
        """The bytes of a length-delimited field."""
        if isinstance(self.value, int):
            raise BrokenProtobufError(f"field {self.number} is a number")
        return self.value

    @property
    def integer(self) -> int:
        """The value of a varint, signed."""
        if not isinstance(self.value, int):
            raise BrokenProtobufError(f"field {self.number} is no number")
        return signed(self.value)

    @property
    def text(self) -> str:
        return bytes(self.view).decode("utf-8", "replace")


def signed(value: int) -> int:
    """A varint as int64."""
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data: memoryview | bytes) -> Iterator[Field]:
    """The fields of a message, in their order.

    Raises:
        BrokenProtobufError: the bytes end inside a field, have one of an unknown kind, or too many.
    """
    view, at, number = memoryview(data), 0, 0
    while at < len(view):
        number += 1
        if number > MOST_FIELDS:
            raise BrokenProtobufError(f"more than {MOST_FIELDS:,} fields in one message")
        begin = at
        tag, at = _varint(view, at)
        value: int | memoryview
        match tag & 7:
            case 0:
                value, at = _varint(view, at)
            case 1:
                value, at = _slice(view, at, 8)
            case 2:
                length, at = _varint(view, at)
                value, at = _slice(view, at, length)
            case 5:
                value, at = _slice(view, at, 4)
            case kind:
                raise BrokenProtobufError(f"a field of kind {kind}")
        yield Field(tag >> 3, value, view[begin:at])


def integers(field: Field) -> Iterator[int]:
    """The values of a repeated int64 field: one, or several packed."""
    if isinstance(field.value, int):
        yield signed(field.value)
        return
    at = 0
    while at < len(field.value):
        value, at = _varint(field.value, at)
        yield signed(value)


def _slice(view: memoryview, at: int, length: int) -> tuple[memoryview, int]:
    if at + length > len(view):
        raise BrokenProtobufError("it ends inside a field")
    return view[at : at + length], at + length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise BrokenProtobufError("it ends inside a number")
        byte = view[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & ((1 << 64) - 1), at
    raise BrokenProtobufError("a number of more than ten bytes")


# --- writing ---


def number_field(number: int, value: int) -> bytes:
    """A field with an int64."""
    return _encoded(number << 3 | VARINT) + _encoded(value & ((1 << 64) - 1))


def bytes_field(number: int, *parts: bytes | memoryview | str) -> bytes:
    """A length-delimited field whose value is the concatenation of ``parts``."""
    value = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in parts)
    return _encoded(number << 3 | BYTES) + _encoded(len(value)) + value


def repeated(number: int, values: Iterable[int]) -> bytes:
    """A repeated int64 field, not packed."""
    return b"".join(number_field(number, value) for value in values)


def _encoded(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
