"""The table of a TIFF file's first page. Pillow says only that it cannot read a page, not what is special about it."""

import struct
from dataclasses import dataclass, field

REDUCED, BITS, PHOTOMETRIC, PLANAR, SUB_PAGES, DNG = 254, 258, 262, 284, 330, 50706
_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 273, 279, 324, 325
_COLOUR_FILTER, _LINEAR_RAW = 32803, 34892
_TYPES = {1: "B", 3: "H", 4: "L", 16: "Q"}
_MOST_ENTRIES = 1000
_MOST_VALUES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TiffPage:
    """What the table of a page says.

    Args:
        values: of the tags that hold whole numbers; empty where the table cannot be read.
        end: where the page's data ends, in bytes from the start of the file.
    """

    values: dict[int, tuple[int, ...]] = field(default_factory=dict)
    end: int = 0

    def first(self, tag: int, default: int = 0) -> int:
        return self.values.get(tag, (default,))[0]

    @property
    def is_raw(self) -> bool:
        """Whether it is the raw file of a camera (DNG, NEF, ARW ...), whose first page is a small preview."""
        raw_pixels = self.first(PHOTOMETRIC) in (_COLOUR_FILTER, _LINEAR_RAW)
        preview = bool(self.first(REDUCED) & 1) and SUB_PAGES in self.values
        return DNG in self.values or raw_pixels or preview


def first_page(data: bytes) -> TiffPage:
    """The table of the first page of a TIFF or BigTIFF file."""
    try:
        return _read(data)
    except (struct.error, IndexError):
        return TiffPage(end=len(data) + 1)


def _read(data: bytes) -> TiffPage:
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in (data[2], data[3])
    (at,) = struct.unpack_from(order + ("Q" if big else "L"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    head, entry = (8, order + "HHQ8s") if big else (2, order + "HHL4s")
    step = struct.calcsize(entry)
    values: dict[int, tuple[int, ...]] = {}
    for number in range(min(count, _MOST_ENTRIES)):
        tag, kind, length, inline = struct.unpack_from(entry, data, at + head + number * step)
        if kind in _TYPES and 0 < length <= _MOST_VALUES:
            values[tag] = _values(data, f"{order}{length}{_TYPES[kind]}", inline, order)
    table_end = at + head + count * step + (8 if big else 4)  # with the place of the next page
    return TiffPage(values=values, end=max(table_end, _data_end(values)))


def _values(data: bytes, layout: str, inline: bytes, order: str) -> tuple[int, ...]:
    if struct.calcsize(layout) <= len(inline):
        return struct.unpack_from(layout, inline)
    (at,) = struct.unpack(order + ("Q" if len(inline) == 8 else "L"), inline)
    return struct.unpack_from(layout, data, at)


def _data_end(values: dict[int, tuple[int, ...]]) -> int:
    ends = [0]
    for starts, sizes in ((_STRIPS, _STRIP_SIZES), (_TILES, _TILE_SIZES)):
        ends += [start + size for start, size in zip(values.get(starts, ()), values.get(sizes, ()), strict=False)]
    return max(ends)
