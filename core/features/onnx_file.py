"""A person's own ``.onnx`` file: inspected in a process with limits, then rewritten to take raw pixels.

What is stored (``network.onnx``) has an output for every block and one for the features; a prefix is a part of it.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.backbones.onnx.points import token_pool
from core.backbones.onnx.rewriting import up_to
from core.backbones.values import Backbone, Scaling
from core.datasets import DEMO_ARCHIVE
from core.datasets.decoding.sandbox import environment
from core.errors import InvalidInput, Unavailable
from core.features.onnx_inspection import SECONDS
from core.recipes.program import CLASSES, TOP, block_of_cut, pooled
from core.settings import REPOSITORY

STORED = "network.onnx"
"""The file of an added ONNX network in its folder."""

CHECK_PHOTOS_A_CLASS = 4


def inspect_onnx(
    path: Path, name: str, *, output: str = "", size: int = 0, scaling: Scaling | None = None, compare: bool = False
) -> dict[str, Any]:
    """What an ONNX file is, found out in a process of its own.

    Args:
        path: of the file; name: for messages. output: the last tensor or layer to use, "" to leave out what classifies.
        size: of the input where the file leaves it free. scaling: of the pixels, where it is known.
        compare: whether to compute check photos, under the scaling or under all presets.

    Raises:
        InvalidInput: it cannot be used; the reason in one sentence.
    """
    return _answer(path, name, compare=compare, output=output, size=size, scaling=scaling and asdict(scaling))


def store_onnx(
    path: Path, name: str, folder: Path, *, output: str, size: int, scaling: Scaling, classes: bool
) -> dict[str, Any]:
    """As ``inspect_onnx``, and writes the file that is stored into ``folder``, with its ImageNet classifier if
    ``classes``."""
    written = {"target": str((folder / STORED).absolute()), "classes": classes}
    return _answer(path, name, compare=True, output=output, size=size, scaling=asdict(scaling), **written)


def _answer(path: Path, name: str, **task: Any) -> dict[str, Any]:
    return answered("core.features.onnx_inspection", path, name, **task)


def answered(module: str, path: Path, name: str, *, compare: bool, **task: Any) -> dict[str, Any]:
    """The answer of an inspection to a task; ``compare``: with check photos. See ``ask``."""
    with tempfile.TemporaryDirectory(prefix="graft-") as folder:
        task |= {"path": str(path.absolute()), "name": name}
        task["photos"] = check_photos(Path(folder)) if compare else {}
        return ask(module, task)


def ask(module: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of the process ``python -m module`` to a task, both JSON.

    Raises:
        InvalidInput: it refused the task, or died of it.
    """
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=REPOSITORY,
        env=environment(),
        input=json.dumps(task).encode() + b"\n",
        capture_output=True,
        check=False,
        start_new_session=True,
        timeout=SECONDS + 30,
    )
    if done.returncode or not done.stdout:
        raise _crashed(task["name"], done)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "reason" in answer:
        raise InvalidInput(answer["reason"])
    return answer


def _crashed(name: str, done: subprocess.CompletedProcess) -> Exception:
    if b"No module named 'onnxruntime'" in done.stderr:
        return Unavailable("onnxruntime is not installed: run `make setup`.")
    if b"MemoryError" in done.stderr or b"bad_alloc" in done.stderr:
        return InvalidInput(f"{name} needs more memory than an ONNX file may take.")
    return InvalidInput(
        f"{name} is damaged or malicious, or needs too much memory or time: the process that read it ended (exit code "
        f"{done.returncode})."
    )


def check_photos(folder: Path) -> dict[str, str]:
    """The first demo photos of every class, unpacked into ``folder``: class by path."""
    found: dict[str, list[str]] = {}
    with zipfile.ZipFile(DEMO_ARCHIVE) as archive:
        for name in archive.namelist():
            class_name = name.partition("/")[0]
            if name.endswith(".jpg") and len(found.setdefault(class_name, [])) < CHECK_PHOTOS_A_CLASS:
                found[class_name].append(archive.extract(name, folder))
    return {path: class_name for class_name, paths in found.items() for path in paths}


def write_prefix(backbone: Backbone, stored: Path, cut: str, target: Path) -> None:
    """Writes the part of a stored ONNX network up to a cut (``core.recipes.program``) to ``target``."""
    block = block_of_cut(cut)
    name, pool = cut, ""
    if block is not None and pooled(cut):
        shape = backbone.block_shapes[backbone.blocks.index(block)]
        name, pool = block, "map" if len(shape) == 3 else token_pool(shape[0])
    assert cut in (TOP, CLASSES) or block in backbone.blocks
    target.write_bytes(up_to(stored.read_bytes(), name, backbone.input_size, pool=pool))
