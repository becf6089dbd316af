"""Models whose engines are arithmetic, so that what they predict is known without a network."""

import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.photos import decode
from core.errors import Unavailable
from core.features import engines
from core.models.heads import load as heads
from core.models.inference import graph
from core.serving import engine

CLASSES = ["dark", "light"]


class FakeEngine:
    """Its file says what it is: a prefix gives the mean brightness 0..1, a head probabilities from it."""

    made: list[str] = []
    calls: list[str] = []

    def __init__(self, path, threads=None, workers=1):
        self.kind = path.read_text().split()[0]
        FakeEngine.made.append(self.kind)
        if self.kind == "broken":
            raise Unavailable(f"{path.name} is no engine that can be run (not a flatbuffer).")

    def __call__(self, rows):
        FakeEngine.calls.append(self.kind)
        if self.kind == "prefix":
            return rows.reshape(len(rows), -1).mean(axis=1, keepdims=True).astype(np.float32) / 255
        if self.kind == "misfit":
            raise ValueError("Cannot set tensor: Dimension mismatch")
        if self.kind == "doubtful":
            return np.tile(np.float32([[0.4, 0.35, 0.25]]), (len(rows), 1))
        if self.kind == "sure":
            return np.tile(np.float32([[0.0, 0.1, 0.9]]), (len(rows), 1))
        return np.concatenate([1 - rows, rows], axis=1)


def use_fake_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines and heads are ``FakeEngine``, and nothing is in memory."""
    monkeypatch.setattr(engines, "LiteRTEngine", FakeEngine)
    monkeypatch.setattr(heads, "LiteRTEngine", FakeEngine)
    FakeEngine.made, FakeEngine.calls = [], []
    engine.memory.clear()
    graph._engines.clear()


def a_model(home, run_id="r-1", *, prefix="prefix", head="head", classes=CLASSES, **card):
    folder = home / run_id / "model"
    folder.mkdir(parents=True)
    engines = []
    for name, content in (("prefix", prefix), ("head", head)):
        path = folder / f"{name}.tflite"
        path.write_text(content)
        engines.append({"file": path.name, "sha256": hashlib.sha256(content.encode()).hexdigest()})
    network = {"kind": "network", "file": "prefix.tflite", "input_size": 8}
    answer = {"kind": "head", "file": "head.tflite", "inputs": [network]}
    data = {"class_names": list(classes), "title": f"Lite0 {run_id}", "answer": answer, "engines": engines} | card
    (folder / "card.json").write_text(json.dumps(data))
    return folder


def a_photo(brightness=255, size=(40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, brightness).save(buffer, "PNG")
    return buffer.getvalue()


def a_jpeg() -> bytes:
    return decode(a_photo()).jpeg


def a_cascade(home, threshold):
    """Two models of which the second is only asked when the first is less sure than ``threshold``."""
    folder = a_model(home, "r-c")
    for name in ("cheap", "costly"):
        (folder / f"{name}.tflite").write_text(f"{'doubtful' if name == 'cheap' else 'sure'} {name}")
    network = {"kind": "network", "file": "prefix.tflite", "input_size": 8}
    cheap, costly = ({"kind": "head", "file": f"{name}.tflite", "inputs": [network]} for name in ("cheap", "costly"))
    data = json.loads((folder / "card.json").read_text())
    data["answer"] = {"kind": "confidence", "cheap": cheap, "costly": costly, "threshold": threshold}
    data["class_names"] = ["a", "b", "c"]
    data["engines"] = [
        {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in folder.glob("*.tflite")
    ]
    (folder / "card.json").write_text(json.dumps(data))
    return folder


def hot(folder, temperature):
    data = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(data | {"calibration": {"temperature": temperature}}))
