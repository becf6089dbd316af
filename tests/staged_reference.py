"""Writes ``staged_reference.json``: what Transformers and timm compute with the tiny networks of ``staged_networks``.

It needs a separate environment: ``python3.11 -m venv /tmp/reference``, there ``pip install torch==2.13.0
torchvision==0.28.0 transformers==5.24.0 timm==1.0.31``, then ``/tmp/reference/bin/python -m tests.staged_reference``
from the root of the repository. Names, or parts of them, as arguments compute only these networks again.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import timm
import torch
import transformers
from safetensors.torch import load_file, save_file

from tests.staged_networks import CLASSES, DEVIATION, MEAN, REFERENCE, TIMM, TRANSFORMERS, photos, size_of, value_of


def main(parts: list[str]) -> None:
    known = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    for name in (*TRANSFORMERS, *TIMM):
        if name not in known or any(part in name for part in parts):
            known[name] = by_timm(name) if name in TIMM else by_transformers(name)
            print(name)
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in known.items() if name in TRANSFORMERS | TIMM]
    REFERENCE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def by_transformers(name: str) -> dict[str, Any]:
    config = TRANSFORMERS[name]
    kind = getattr(transformers, config["architectures"][0])
    with TemporaryDirectory() as folder:
        whole = kind(kind.config_class(**config, num_labels=CLASSES))
        whole.save_pretrained(folder)  # writes the names that files on the hub have
        file = Path(folder) / "model.safetensors"
        shapes = {tensor: tuple(values.shape) for tensor, values in load_file(file).items()}
        save_file(_tensors(shapes), file, metadata={"format": "pt"})
        whole, told = kind.from_pretrained(folder, output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"], told
    whole.eval()
    with torch.no_grad():
        pooled = whole.base_model(_pixels(name)).pooler_output
        return _found(shapes, pooled, whole(_pixels(name)).logits)


def by_timm(name: str) -> dict[str, Any]:
    config = TIMM[name]
    model = timm.create_model(config["architecture"], num_classes=CLASSES, **config["model_args"])
    shapes = {tensor: tuple(values.shape) for tensor, values in model.state_dict().items()}
    model.load_state_dict(_tensors(shapes))
    model.eval()
    with torch.no_grad():
        pooled = model.forward_head(model.forward_features(_pixels(name)), pre_logits=True)
        return _found(shapes, pooled, model(_pixels(name)))


def _tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    return {tensor: torch.from_numpy(value_of(tensor, shape)) for tensor, shape in shapes.items()}


def _pixels(name: str) -> torch.Tensor:
    scaled = (photos(size_of(name)).astype(np.float64) / 255 - MEAN) / DEVIATION
    return torch.from_numpy(scaled.astype(np.float32).transpose(0, 3, 1, 2))


def _found(shapes: dict[str, tuple[int, ...]], pooled: torch.Tensor, logits: torch.Tensor) -> dict[str, Any]:
    return {
        "tensors": {tensor: list(shape) for tensor, shape in shapes.items()},
        "features": _rounded(pooled.reshape(len(pooled), -1)),
        "logits": _rounded(logits[:, :20]),
    }


def _rounded(values: torch.Tensor) -> list[list[float]]:
    return [[float(f"{value:.7g}") for value in row] for row in values.tolist()]


if __name__ == "__main__":
    main(sys.argv[1:])
