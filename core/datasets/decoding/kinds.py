"""What a file is, from its bytes: the kind of picture, or the words for what is no picture."""

import struct

from core.datasets.decoding.tiff import first_page

READ = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP"
"""The kinds of pictures that are read, for sentences."""

SUFFIXES = ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "avif", "tif", "tiff", "gif", "bmp")
"""Endings of file names of these kinds. They only decide what an upload box offers: a file is read by its bytes."""

NAMES = {"WEBP": "WebP", "HEIF": "HEIC"}
"""Where the name of a kind in sentences is not that of the kind."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"heif", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_BOXES = (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"moof", b"wide", b"mpvd")
_ARCHIVE = "is an archive inside the upload; unpack it first"
_VIDEO = "is a video, not a photo"
_SOUND = "is a sound recording, not a photo"
_RAW = "is a raw file of a camera; develop it and export it as JPEG"
_PROGRAM = "is a program, not a photo"

_MAGIC = (
    (0, b"%PDF", "is a PDF document, not a photo"),
    (0, b"8BPS", "is a Photoshop document; export it as JPEG or PNG"),
    (0, b"gimp xcf", "is a GIMP project; export it as JPEG or PNG"),
    (0, b"%!PS", "is a PostScript drawing; export it as PNG"),
    (0, b"\xff\x0a", "is a JPEG XL photo, which Graft does not read; export it as JPEG or PNG"),
    (0, b"\0\0\0\x0cJXL ", "is a JPEG XL photo, which Graft does not read; export it as JPEG or PNG"),
    (0, b"\0\0\0\x0cjP  ", "is a JPEG 2000 photo, which Graft does not read; export it as JPEG or PNG"),
    (0, b"\xff\x4f\xff\x51", "is a JPEG 2000 photo, which Graft does not read; export it as JPEG or PNG"),
    (4, b"ftypcrx ", _RAW),
    (8, b"CR\x02", _RAW),
    (0, b"FUJIFILMCCD-RAW", _RAW),
    (0, b"IIRO", _RAW),
    (0, b"IIRS", _RAW),
    (0, b"MMOR", _RAW),
    (0, b"IIU\0", _RAW),
    (0, b"\0MRM", _RAW),
    (0, b"FOVb", _RAW),
    (0, b"\0\0\1\0", "is a Windows icon, not a photo"),
    (0, b"icns", "is a macOS icon, not a photo"),
    (0, b"v/1\1", "is an OpenEXR picture, which Graft does not read; export it as JPEG or PNG"),
    (0, b"#?RADIANCE", "is a Radiance HDR picture, which Graft does not read; export it as JPEG or PNG"),
    (0, b"qoif", "is a QOI picture, which Graft does not read; export it as PNG"),
    (0, b"DDS ", "is a DDS texture, which Graft does not read; export it as PNG"),
    (128, b"DICM", "is a DICOM file, which Graft does not read; export it as PNG or TIFF"),
    (0, b"SIMPLE  =", "is a FITS file, which Graft does not read; export it as PNG or TIFF"),
    (0, b"\x93NUMPY", "is a NumPy array, not a photo; export it as PNG"),
    (0, b"\x89HDF", "is an HDF5 file, not a photo"),
    (0, b"SQLite format 3", "is a database, not a photo"),
    (0, b"\0\5\x16\7", "is a side file of macOS without a picture; delete it"),
    (0, b"Bud1", "is a side file of macOS without a picture; delete it"),
    (0, b"L\0\0\0\1\x14\2\0", "is a Windows shortcut to a file elsewhere; put the photo itself there"),
    (0, b"version https://git-lfs", "is a pointer of Git LFS; download the photo itself (git lfs pull)"),
    (0, b"\xd0\xcf\x11\xe0", "is an Office document, not a photo"),
    (0, b"{\\rtf", "is a text document, not a photo"),
    (0, b"PK\3\4", _ARCHIVE),
    (0, b"Rar!", _ARCHIVE),
    (0, b"7z\xbc\xaf", _ARCHIVE),
    (0, b"\x1f\x8b", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (0, b"\xfd7zXZ", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (257, b"ustar", _ARCHIVE),
    (4, b"ftypM4A", _SOUND),
    (4, b"ftypM4B", _SOUND),
    (4, b"ftyp", _VIDEO),
    (4, b"moov", _VIDEO),
    (4, b"mdat", _VIDEO),
    (4, b"wide", _VIDEO),
    (0, b"\x1aE\xdf\xa3", _VIDEO),
    (0, b"FLV\1", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"\0\0\1\xb3", _VIDEO),
    (0, b"0&\xb2u\x8ef\xcf\x11", _VIDEO),
    (8, b"AVI ", _VIDEO),
    (8, b"WAVE", _SOUND),
    (0, b"ID3", _SOUND),
    (0, b"OggS", _SOUND),
    (0, b"fLaC", _SOUND),
    (0, b"MZ", _PROGRAM),
    (0, b"\x7fELF", _PROGRAM),
)
_OFFICE = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis", b"word/", b"ppt/", b"xl/")


def kind_of(data: bytes) -> str:
    """The kind of picture that the first bytes announce, as Pillow names it; "" for everything else."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"II\0*", b"MM*\0"):
        return "TIFF" if data[8:10] != b"CR" else ""
    if data[:2] == b"BM" and len(data) > 14 and data[15:18] == b"\0\0\0":
        return "BMP"
    return _family(data) if data[4:8] == b"ftyp" else ""


def _family(data: bytes) -> str:
    """HEIF and AVIF share a container; what it holds is said by its brands."""
    end = min(max(struct.unpack(">L", data[:4])[0], 12), 256)
    major, compatible = data[8:12], [data[at : at + 4] for at in range(16, end, 4)]
    if major in _AVIF_BRANDS:
        return "AVIF"
    if major in (b"mif1", b"msf1") and any(brand in _AVIF_BRANDS for brand in compatible):
        return "AVIF"
    return "HEIF" if major in _HEIF_BRANDS else ""


def not_a_photo(data: bytes) -> str:
    """What a file is whose bytes begin like no picture that is read, as a sentence fragment."""
    if not data:
        return "is empty (0 bytes)"
    if not data.strip(b"\0"):
        return "is empty: it has only zero bytes"
    if data[:4] == b"PK\3\4" and any(mark in data[:4096] for mark in _OFFICE):
        return "is an Office document, not a photo"
    for offset, magic, reason in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return reason
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        if b"<svg" in start.lower():
            return "is an SVG drawing, not a photo; export it as PNG"
        return "is a web page (HTML or XML), not a photo"
    if b"\0" not in start and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return "is a text file, not a photo"
    return f"is not a photo that Graft can read ({READ})"


def unreadable(data: bytes, kind: str) -> str:
    """Why a picture of this kind cannot be read, as a sentence fragment."""
    name = NAMES.get(kind, kind)
    if is_cut_off(data, kind):
        return f"is cut off: the end of the {name} file is missing"
    return f"is damaged: the picture data of the {name} file cannot be read"


def is_cut_off(data: bytes, kind: str) -> bool:
    """Whether the end of a file is missing, from what its structure says of its length."""
    if kind == "JPEG":  # the picture ends with FFD9; a small preview before it may have an end of its own
        return data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda")
    if kind == "PNG":
        return b"IEND" not in data
    if kind == "GIF":
        return not data.rstrip(b"\0").endswith(b";")
    if kind == "WEBP":
        return len(data) < 12 or struct.unpack("<L", data[4:8])[0] + 8 > len(data)
    if kind == "BMP":
        return len(data) < 26 or struct.unpack("<L", data[2:6])[0] > len(data)
    if kind == "TIFF":
        return first_page(data).end > len(data)
    return _box_end(data) > len(data)


def _box_end(data: bytes) -> int:
    """Where the boxes of a HEIF or AVIF file end. Some cameras add bytes of their own behind the last box."""
    at = 0
    while at + 8 <= len(data) and data[at + 4 : at + 8] in _BOXES:
        size = struct.unpack(">L", data[at : at + 4])[0]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:  # to the end of the file
            return len(data)
        at += max(size, 8)
    return at
