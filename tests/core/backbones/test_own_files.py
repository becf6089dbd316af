"""Files of an own network: the kind by their content, ZIPs with JSON beside the network, and what is no network."""

import json
import zipfile
from pathlib import Path

import pytest

from core.backbones import own_files
from core.backbones.own_files import KERAS, ONNX, open_own_file
from core.backbones.scalings import FoundScaling, preset
from core.backbones.table import imagenet_classes
from core.errors import InvalidInput
from tests.onnx_files import residual


def packed(path: Path, **members: bytes | dict) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return path


def keras_file(path: Path) -> Path:
    return packed(path, metadata_dot_json={}, config_dot_json={}, model_dot_weights_dot_h5=b"")


def onnx_bytes() -> bytes:
    return residual().SerializeToString()


def test_the_kind_is_found_by_content_and_not_by_name(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(onnx_bytes())
    assert open_own_file(path, "x.keras", tmp_path).kind == ONNX
    assert open_own_file(keras_file(tmp_path / "other"), "x.onnx", tmp_path).kind == KERAS


def test_a_zip_gives_the_network_and_the_json_beside_it(tmp_path):
    config = {"pretrained_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    path = packed(
        tmp_path / "own.zip",
        net__model_dot_onnx=onnx_bytes(),
        net__config_dot_json=config,
        elsewhere__preprocessor_config_dot_json={"do_rescale": False, "do_normalize": False},
        net__readme_dot_txt=b"hello",
    )
    found = open_own_file(path, "own.zip", tmp_path)
    assert (found.kind, found.name) == (ONNX, "model.onnx")
    assert found.path.read_bytes() == onnx_bytes()
    assert found.found_scaling() == FoundScaling(scaling=preset("minus_one_to_one").scaling, source="config.json")


def test_a_json_file_goes_before_the_metadata(tmp_path):
    path = packed(tmp_path / "x", a_dot_onnx=onnx_bytes(), preprocessor_config_dot_json={"do_normalize": False})
    found = open_own_file(path, "x", tmp_path)
    metadata = {"mean": "[0.5]", "std": "[0.5]"}
    told = found.found_scaling(metadata)
    assert told is not None
    assert told.source == "preprocessor_config.json"
    path.write_bytes(onnx_bytes())
    told = open_own_file(path, "x", tmp_path).found_scaling(metadata)
    assert told == FoundScaling(scaling=preset("minus_one_to_one").scaling, source="the file's metadata")


def test_classes_are_imagenet_s_only_by_their_names_in_its_order(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(onnx_bytes())
    own = open_own_file(path, "x", tmp_path)
    names = list(imagenet_classes())
    assert own.names_imagenet({"id2label": json.dumps({str(n): f"{name}, also" for n, name in enumerate(names)})})
    assert own.names_imagenet({"class_names": json.dumps(names)})
    assert not own.names_imagenet({"class_names": json.dumps(names[::-1])})
    assert not own.names_imagenet({"class_names": json.dumps(names[:999])})
    assert not own.names_imagenet({"id2label": json.dumps({str(n): f"LABEL_{n}" for n in range(1000)})})
    assert not own.names_imagenet({})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89HDF\r\n\x1a\n and more", "is an HDF5 file"),
        (b"\x1c\x00\x00\x00TFL3", "is a LiteRT file"),
        (b"\x80\x02ctorch", "is a pickle file"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00" + b'{"a":{}}', "holds weights without a network"),
        (b"PK\x03\x04 broken", "is a damaged or protected archive"),
    ],
)
def test_other_files_are_named(tmp_path, content, reason):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason):
        open_own_file(path, "mine", tmp_path)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"readme_dot_txt": b"x"}, "must hold one .keras or .onnx file. Found: none."),
        ({"a_dot_onnx": b"x", "b_dot_keras": b"x"}, "Found: a.onnx and b.keras."),
        ({"archive__data_dot_pkl": b"x"}, "is a file of PyTorch"),
        ({"a_dot_onnx": b"x", "config_dot_json": b"{broken"}, "config.json is no JSON file"),
    ],
)
def test_a_zip_with_something_else_is_refused(tmp_path, members, reason):
    path = packed(tmp_path / "x.zip", **members)
    with pytest.raises(InvalidInput, match=reason.replace(".", r"\.")):
        open_own_file(path, "mine.zip", tmp_path)


def test_an_archive_in_an_archive_is_refused(tmp_path):
    inner = packed(tmp_path / "inner", a_dot_onnx=b"x")
    path = packed(tmp_path / "x.zip", a_dot_onnx=inner.read_bytes())
    with pytest.raises(InvalidInput, match="archive in an archive"):
        open_own_file(path, "x.zip", tmp_path)


def test_a_keras_file_in_a_zip_is_unpacked(tmp_path):
    inner = keras_file(tmp_path / "inner")
    path = packed(tmp_path / "x.zip", a_dot_keras=inner.read_bytes())
    assert open_own_file(path, "x.zip", tmp_path).kind == KERAS


def test_large_files_are_refused_also_inside_a_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(own_files, "MOST_BYTES", 2000)
    big = tmp_path / "big.onnx"
    big.write_bytes(b"\x08" * 3000)
    with pytest.raises(InvalidInput, match="big.onnx has 0 MB; a network may have 0 MB"):
        open_own_file(big, "big.onnx", tmp_path)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.onnx", b"\x00" * 1_000_000)
    assert path.stat().st_size < 2000
    with pytest.raises(InvalidInput, match="a.onnx has 1 MB"):
        open_own_file(path, "bomb.zip", tmp_path)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="There is no file"):
        open_own_file(tmp_path / "none.onnx", "none.onnx", tmp_path)
