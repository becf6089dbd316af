"""What an exported model needs to run without Graft: labels, ``predict.py``, requirements, Dockerfile."""

import json
import sys
from collections.abc import Sequence
from functools import cache
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from core.datasets.decoding.fit import PADDING
from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.photos import PIXEL_LIMIT, STORED_QUALITY, STORED_SIDE
from core.exports.formats import FORMATS, Format
from core.files.folders import EXPORT_RECORD
from core.settings import VERSION

TEMPLATES = Path(__file__).parent / "templates"

GRAPH = "graph.json"
"""Of a model of several files: how they are combined."""

HEIC = "pi-heif"
"""Reads HEIC photos; ``predict.py`` uses it where it is installed, and needs it for no others."""

SCRIPT, SUMS = "predict.py", "SHA256SUMS"
"""What predicts; the SHA-256 of every other file, as ``sha256sum -c`` reads it."""

_IMPORTS = {
    "keras": "import keras",
    "litert": "from ai_edge_litert.interpreter import Interpreter",
    "litert_pixels": "from ai_edge_litert.interpreter import Interpreter",
    "onnx": "import onnxruntime",
    "savedmodel": "import tensorflow as tf",
}

NamedInput = tuple[str, int, str]
"""Name, side in pixels and fit of an input."""


def write_beside(
    folder: Path,
    format: Format,
    *,
    class_names: Sequence[str],
    inputs: Sequence[NamedInput],
    grey_bits: int | None,
    graph: bool = False,
) -> None:
    """Writes all files but the model card and the checksums into ``folder``, which has the model.

    Args:
        class_names: in label order. inputs: of the model. grey_bits: of 16-bit grey photos, see ``Dataset``.
        graph: several files (``graph_files``) in place of one.
    """
    labels = json.dumps(list(class_names), ensure_ascii=False, indent=1)
    (folder / "labels.json").write_text(labels + "\n", encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in class_names), encoding="utf-8")
    (folder / SCRIPT).write_text(script(format, inputs, grey_bits, graph=graph), encoding="utf-8")
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements(format)))
    (folder / "Dockerfile").write_text(_template("Dockerfile.j2").render(python=_python()))


def script(format: Format, inputs: Sequence[NamedInput], grey_bits: int | None, *, graph: bool = False) -> str:
    """The text of ``predict.py``."""
    row = FORMATS[format]
    parts = ("graph", f"graph_{row.code}") if graph else (row.code,)
    return _template("predict.py.j2").render(
        file=GRAPH if graph else row.file,
        title=row.title,
        graft=VERSION,
        runtime=_IMPORTS[row.code],
        model="\n\n".join((TEMPLATES / f"{part}.txt").read_text().rstrip() for part in parts),
        pixels=format is Format.LITERT_PIXELS,
        inputs=repr([(name, size, str(fit)) for name, size, fit in inputs]),
        stored_side=STORED_SIDE,
        stored_quality=STORED_QUALITY,
        pixel_limit=PIXEL_LIMIT,
        padding=PADDING,
        grey_bits=grey_bits or FULL_GREY,
        heic=_pinned(HEIC),
    )


def requirements(format: Format) -> list[str]:
    """What ``predict.py`` needs, with the versions that the export was checked with."""
    return [_pinned(name) for name in (*FORMATS[format].packages, "numpy", "pillow")]


def _pinned(name: str) -> str:
    return f"{name}=={version(name)}"


def write_sums(folder: Path) -> None:
    """``SHA256SUMS`` over all files of the folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in (SUMS, EXPORT_RECORD)]
    (folder / SUMS).write_text("".join(f"{_digest(path)}  {path.relative_to(folder)}\n" for path in files))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _template(name: str) -> Template:
    return _templates().get_template(name)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701  (Python and Dockerfiles, filled with values of Graft's own only)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
