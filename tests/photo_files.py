"""Small photos and archives for tests; no two photos are equal."""

import random
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image


def picture(number: int = 0, size: tuple[int, int] = (24, 16), mode: str = "RGB") -> Image.Image:
    """Blurred noise, the same for the same number."""
    noise = random.Random(number).randbytes(6 * 4 * 3)
    return Image.frombytes("RGB", (6, 4), noise).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(number: int = 0, size: tuple[int, int] = (24, 16)) -> bytes:
    return encoded(picture(number, size))


def tiff(pixels: bytes, tags: dict[int, tuple[int, bytes]], order: str = "<") -> bytes:
    """A TIFF file whose pixels begin at byte 8; ``tags``: ``{tag: (type, value)}``, beside those of its one strip."""
    sizes = {1: 1, 3: 2, 4: 4}
    rows = {273: (4, struct.pack(order + "L", 8)), 279: (4, struct.pack(order + "L", len(pixels)))} | tags
    body = (b"II*\0" if order == "<" else b"MM\0*") + b"\0" * 4 + pixels
    table = struct.pack(order + "H", len(rows))
    for tag, (kind, value) in sorted(rows.items()):
        table += struct.pack(order + "HHL", tag, kind, len(value) // sizes[kind])
        table += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "L", len(body))
        body += value if len(value) > 4 else b""
    return body[:4] + struct.pack(order + "L", len(body)) + body[8:] + table + b"\0" * 4


def grey_tiff(values: np.ndarray, order: str = "<", **more: int) -> bytes:
    """A grey TIFF of these values (height, width); ``more``: ``photometric`` (0: white is zero)."""
    kinds = {"u": 1, "i": 2, "f": 3}
    height, width = values.shape
    tags = {256: width, 257: height, 258: 8 * values.itemsize, 259: 1, 262: more.get("photometric", 1), 277: 1}
    tags |= {278: height, 339: kinds[values.dtype.kind]}
    pixels = values.astype(values.dtype.newbyteorder(order)).tobytes()
    return tiff(pixels, {tag: (3, struct.pack(order + "H", value)) for tag, value in tags.items()}, order)


def classes(prefix: str = "", first: int = 0, **counts: int) -> dict[str, bytes]:
    """``{"cat/0.jpg": bytes, ...}``: the given number of different photos per class."""
    files: dict[str, bytes] = {}
    for name, count in counts.items():
        for index in range(count):
            files[f"{prefix}{name}/{index}.jpg"] = jpeg(first + len(files))
    return files


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@dataclass
class Raw:
    """One member of a forged archive; fields that are None get the true value."""

    name: bytes
    data: bytes = b"x"
    method: int = 0
    flags: int = 0
    mode: int = 0
    packed: int | None = None
    size: int | None = None
    crc: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""

    def content(self) -> bytes:
        if self.method != 8:
            return self.data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()


def forged(
    path: Path,
    members: list[Raw],
    *,
    count: int | None = None,
    prefix: bytes = b"",
    comment: bytes = b"",
    wrap: int = 2**32,
) -> Path:
    """An archive whose table of contents has the values of ``members``; offsets in it are modulo ``wrap``."""
    body, table = bytearray(prefix), bytearray()
    for member in members:
        content = member.content()
        offset = len(body) - len(prefix) if member.offset is None else member.offset
        packed = len(content) if member.packed is None else member.packed
        size = len(member.data) if member.size is None else member.size
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        common = (member.flags, member.method, 0, 0, crc, packed, size)
        local_name = member.name if member.local_name is None else member.local_name
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *common, len(local_name), 0) + local_name + content
        rest = (len(member.name), len(member.extra), 0, 0, 0, member.mode << 16, offset % wrap)
        table += struct.pack("<4s2B5H3L5H2L", b"PK\x01\x02", 20, 3, 20, *common, *rest) + member.name + member.extra
    count = len(members) if count is None else count
    start = len(body) - len(prefix)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(table), start % wrap, len(comment))
    path.write_bytes(body + table + end + comment)
    return path
