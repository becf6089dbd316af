"""Bundles from outside: damaged, changed, newer, hostile. Each gets one sentence, and nothing is kept."""

import json
import zipfile

import pytest

from core.errors import InvalidInput, Refused
from core.exports.bundle_reading import unpack
from core.exports.importing import import_bundle
from core.files.home import datasets_folder, runs_folder


def changed(source, target, *, manifest=None, files=None, without=(), further=()):
    """A bundle whose manifest, or the content of some files, is another."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json" and manifest is not None:
                whole = json.loads(data)
                manifest(whole)
                data = json.dumps(whole).encode()
            if name not in without:
                new.writestr(name, (files or {}).get(name, data))
        for name, data in further:
            new.writestr(name, data)
    return target


def relisted(name: str, data: bytes):
    """A change that also lists the right SHA-256, as who wants to deceive would."""
    import hashlib

    def change(manifest):
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    return {"manifest": change, "files": {name: data}}


def put(*path, value):
    def change(manifest):
        place = manifest
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


CARD = json.dumps({"class_names": ["x"], "answer": None}).encode()
HOSTILE = {
    "newer": (
        Refused,
        r"has version 99 and this Graft reads up to 1: it comes from a newer Graft",
        {"manifest": put("version", value=99)},
    ),
    "another kind": (InvalidInput, "its manifest.json is not one of a bundle", {"manifest": put("kind", value="x")}),
    "changed file": (
        Refused,
        r"the SHA-256 of head\.npz is not the one in its manifest",
        {"files": {"model/head.npz": b"x"}},
    ),
    "missing file": (Refused, r"it lacks 'model/head\.npz'", {"without": ("model/head.npz",)}),
    "further file": (Refused, r"has a further file, 'model/more\.py'", {"further": [("model/more.py", b"x")]}),
    "no manifest": (InvalidInput, r"it has no manifest\.json", {"without": ("manifest.json",)}),
    "a name that leaves": (
        Refused,
        "'../evil' is no file|which is no file of a bundle|leaves",
        {"manifest": put("files", "../evil", value={"sha256": "0"}), "further": [("../evil", b"x")]},
    ),
    "a folder deeper": (
        Refused,
        "which is no file of a bundle",
        {"manifest": put("files", "model/a/b", value={"sha256": "0"}), "further": [("model/a/b", b"x")]},
    ),
    "a run id that is a path": (InvalidInput, "the id of the run", {"manifest": put("run", "id", value="../../x")}),
    "a photo that is a path": (
        InvalidInput,
        "a photo's digest",
        {"manifest": put("photos", 0, "digest", value="../x")},
    ),
    "another photo": (
        InvalidInput,
        "the digest of the dataset",
        {"manifest": put("photos", 0, "digest", value="a" * 64)},
    ),
    "a main file that is a path": (
        InvalidInput,
        "the name of its model",
        {"manifest": put("model", "path", value="../../registry.db")},
    ),
    "another card": (InvalidInput, "the card is that of another model", relisted("model/card.json", CARD)),
    "a card without JSON": (InvalidInput, "The bundle cannot be read", relisted("model/card.json", b"\xff\x00")),
    "another model": (
        InvalidInput,
        "the model is not the one that was registered",
        relisted("model/model.keras", b"other"),
    ),
    "a cost in words": (InvalidInput, "a cost that is no number", {"manifest": put("cost", "wall_seconds", value="x")}),
    "no recipe": (InvalidInput, "The bundle cannot be read", {"manifest": put("run", "recipe", value={})}),
    "photos that are no list": (InvalidInput, "The bundle cannot be read", {"manifest": put("photos", value=7)}),
    "predictions for other photos": (InvalidInput, "The bundle has no predictions", relisted("test.npz", b"no arrays")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_sentence_and_leaves_nothing(name, bundled, elsewhere, tmp_path):
    error, message, change = HOSTILE[name]
    settings, registry = elsewhere
    path = changed(bundled, tmp_path / "hostile.zip", **change)
    with pytest.raises(error, match=message) as caught:
        import_bundle(path, settings=settings, registry=registry)
    assert "\n" not in str(caught.value)
    assert registry.runs() == [] and registry.datasets() == []
    assert list(runs_folder(settings).iterdir()) == []
    assert not datasets_folder(settings).exists() or not list(datasets_folder(settings).glob("[!.]*"))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_bundle_that_was_cut_off_is_refused(keep, bundled, elsewhere):
    settings, registry = elsewhere
    data = bundled.read_bytes()
    bundled.write_bytes(data[: int(keep * len(data)) if keep < 1 else keep])
    with pytest.raises((Refused, InvalidInput)):
        import_bundle(bundled, settings=settings, registry=registry)
    assert list(runs_folder(settings).iterdir()) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_bundle_with_a_changed_byte_is_refused_or_the_same(seed, bundled, elsewhere, run):
    """A byte that no reader looks at may change; what is imported has the SHA-256 of the manifest."""
    import numpy as np

    settings, registry = elsewhere
    rng = np.random.default_rng(seed)
    data = bytearray(bundled.read_bytes())
    data[rng.integers(len(data))] ^= int(rng.integers(1, 256))
    bundled.write_bytes(data)
    try:
        found = import_bundle(bundled, settings=settings, registry=registry)
    except (Refused, InvalidInput):
        assert registry.runs() == []
    else:
        assert found.id == run.id


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "draft").mkdir()
    (tmp_path / "notes.txt").write_text("not a bundle")
    with pytest.raises(InvalidInput, match="is no bundle: it is not a ZIP archive"):
        unpack(tmp_path / "notes.txt", tmp_path / "draft")
    with pytest.raises(InvalidInput, match="cannot be read"):
        unpack(tmp_path / "nothing.zip", tmp_path / "draft")
