"""``predict.py`` prepares photos exactly as Graft does, and the files beside it are complete."""

import ast
import io
import json
import re
import struct
import subprocess
import sys
import zlib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import Fit, pixels
from core.datasets.decoding.photos import decode
from core.errors import InvalidInput
from core.exports import takeaway
from core.exports.formats import Format

RUNNING = [format for format in Format if format.runs]
HEIC_PHOTOS = Path(__file__).parents[2] / "cases" / "photos"
CLASSES = ["cat", "dog 🐕", 'a "quoted" \\ name']


@pytest.fixture(scope="module")
def script():
    """The functions of a ``predict.py``, without the runtime."""
    text = takeaway.script(Format.ONNX, [("photo_32", 32, "squash")], 12)
    left_out = ("CLASSES", "import onnxruntime")
    text = "\n".join(line for line in text.splitlines() if not line.startswith(left_out))
    names: dict = {"__file__": __file__, "__name__": "script"}
    exec(compile(text, "predict.py", "exec"), names)
    return names


def picture(mode: str, size=(1000, 700)) -> Image.Image:
    rng = np.random.default_rng(5)
    small = Image.fromarray(rng.integers(0, 256, (9, 13, 3)).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    if mode == "I;16":
        return Image.fromarray(np.asarray(small.convert("L")).astype(np.uint16) << 4)
    if mode == "RGBA":
        small.putalpha(small.convert("L"))
        return small
    return small.convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A file that says it has so many pixels."""
    small = saved(Image.new("L", (1, 1)), "PNG")
    size = b"IHDR" + struct.pack(">II", width, height) + small[24:29]
    return small[:12] + size + struct.pack(">I", zlib.crc32(size)) + small[33:]


def turned(kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture("RGB", (3000, 1700)), kind, exif=exif, quality=92)


PHOTOS = {
    "large turned JPEG": turned,
    "small JPEG": lambda: saved(picture("RGB", (90, 60)), "JPEG"),
    "CMYK JPEG": lambda: saved(picture("CMYK"), "JPEG"),
    "grey JPEG": lambda: saved(picture("L"), "JPEG"),
    "palette PNG": lambda: saved(picture("P"), "PNG"),
    "transparent PNG": lambda: saved(picture("RGBA"), "PNG"),
    "12-bit grey PNG": lambda: saved(picture("I;16"), "PNG"),
    "black and white TIFF": lambda: saved(picture("1"), "TIFF"),
    "WebP": lambda: saved(picture("RGB"), "WEBP"),
    "GIF": lambda: saved(picture("P"), "GIF"),
    "animated GIF": lambda: saved(picture("P"), "GIF", save_all=True, append_images=[picture("L")]),
    "turned AVIF": lambda: turned("AVIF"),
    "grey PNG brighter than the 12 bits of the others": lambda: saved(
        picture("I;16").point(lambda value: value * 9), "PNG"
    ),
    "photo of one pixel": lambda: saved(picture("RGB", (1, 1)), "PNG"),
    "line": lambda: saved(picture("RGB", (3000, 1)), "PNG"),
    "JPEG with a damaged EXIF block": lambda: turned().replace(b"Exif\0\0", b"Exif\0\0" + 8 * b"\xff", 1),
    "HEIC": lambda: (HEIC_PHOTOS / "turned_irot.heic").read_bytes(),
    "transparent HEIC": lambda: (HEIC_PHOTOS / "transparent.heic").read_bytes(),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_is_stored_as_graft_stores_it(name, script):
    data = PHOTOS[name]()
    assert script["stored"](data) == decode(data, grey_bits=12).jpeg


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"hello", "it is not a photo in one of the formats JPEG, PNG, WEBP, AVIF, BMP, GIF, TIFF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is not a photo in one of the formats"),
        (png_header(12_000, 12_000), "it has 12000 x 12000 pixels; at most 89 million are read"),
        (png_header(30_000, 30_000), "it has more than 89 million pixels"),
    ],
)
def test_what_graft_refuses_is_refused_in_words_without_jargon(data, said, script):
    with pytest.raises(InvalidInput):
        decode(data)
    with pytest.raises(ValueError, match=re.escape(said)):
        script["stored"](data)


def test_a_heic_photo_without_its_reader_says_what_to_install(script, monkeypatch):
    monkeypatch.setitem(script, "FORMATS", ["JPEG", "PNG"])
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(ValueError, match=f"pip install pi-heif=={version('pi-heif')}"):
        script["stored"]((HEIC_PHOTOS / "plain.heic").read_bytes())


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [32, 224])
def test_a_stored_photo_is_rendered_as_graft_renders_it(fit, size, script):
    jpeg = decode(turned()).jpeg
    found = script["square"](jpeg, size, str(fit))
    assert found.dtype == np.float32 and found.shape == (1, size, size, 3)
    assert np.array_equal(found[0], pixels(jpeg, size, fit))


@pytest.mark.parametrize("format", RUNNING)
def test_every_script_is_python_and_imports_only_what_is_required(format):
    text = takeaway.script(format, [("photo_32_crop", 32, "crop"), ("photo_48", 48, "squash")], None)
    found = {
        name.split(".")[0].replace("_", "-")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    required = {line.split("==")[0] for line in takeaway.requirements(format)} | {"PIL", takeaway.HEIC}
    assert found - set(sys.stdlib_module_names) <= required
    assert all(
        line == f"{line.split('==')[0]}=={version(line.split('==')[0])}" for line in takeaway.requirements(format)
    )


def test_all_files_are_written_and_their_checksums_match(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    inputs = [("photo_32", 32, "squash")]
    takeaway.write_beside(tmp_path, Format.ONNX, class_names=CLASSES, inputs=inputs, grey_bits=None)
    takeaway.write_sums(tmp_path)
    assert json.loads((tmp_path / "labels.json").read_text()) == CLASSES
    assert (tmp_path / "labels.txt").read_text().splitlines() == CLASSES
    assert "USER runner" in (tmp_path / "Dockerfile").read_text()
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 6
    (tmp_path / "labels.txt").write_text("cat\n")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, timeout=60).returncode
