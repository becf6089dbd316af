"""Weights of installed packages, and those that are part of Graft, are verified."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from core.backbones import Availability, availability, catalogue, get, is_here, network, obtain, weights
from core.errors import Unavailable
from core.settings import REPOSITORY


def test_installed_weights_are_ready_and_verified(settings):
    row = get("efficientnet_lite0")
    assert availability(row, settings) == Availability.READY
    assert obtain(row, settings).stat().st_size == row.weights_bytes


def test_damaged_installed_weights_are_refused(settings):
    row = dataclasses.replace(get("efficientnet_lite0"), weights_digest="sha256:" + "0" * 64)
    with pytest.raises(Unavailable, match="damaged"):
        obtain(row, settings)


def test_a_package_that_is_not_installed_is_named_with_its_cure(settings):
    row = dataclasses.replace(get("efficientnet_lite0"), source="package:no_such_package")
    assert availability(row, settings) == Availability.NO_NETWORK
    with pytest.raises(Unavailable, match="make setup"):
        obtain(row, settings)


@pytest.mark.parametrize("name", ["mobilenet_v1", "squeezenet"])
def test_shipped_weights_are_ready_and_those_that_the_catalogue_pins(settings, name):
    row = get(name)
    assert availability(row, settings) == Availability.READY
    assert obtain(row, settings) == obtain(row, settings, top=True) == weights.SHIPPED / f"{name}.safetensors"
    assert obtain(row, settings).stat().st_size == row.weights_bytes


def test_nothing_lies_among_the_shipped_weights_that_the_catalogue_does_not_name():
    named = {f"{row.source.removeprefix('shipped:')}.safetensors" for row in catalogue() if "shipped:" in row.source}
    assert {path.name for path in weights.SHIPPED.iterdir()} == named


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of SqueezeNet's weights, to be damaged."""
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    return Path(shutil.copy(REPOSITORY / "core" / "backbones" / "shipped" / "squeezenet.safetensors", tmp_path))


def test_a_shipped_file_with_another_digest_is_refused_in_one_sentence(settings, shipped):
    data = bytearray(shipped.read_bytes())
    data[len(data) // 2] ^= 1
    shipped.write_bytes(data)
    with pytest.raises(Unavailable, match=f"^The weights file {shipped} is damaged .wrong checksum.: restore it from"):
        obtain(get("squeezenet"), settings)


def test_a_shipped_file_that_is_missing_is_named_with_its_cure(settings, shipped):
    shipped.unlink()
    assert availability(get("squeezenet"), settings) == Availability.NO_NETWORK
    with pytest.raises(Unavailable, match=f"SqueezeNet 1.1 are missing: restore {shipped} from Graft's repository"):
        obtain(get("squeezenet"), settings)


def test_which_weights_are_here_is_known_without_a_look_at_the_network(settings, monkeypatch):
    def refuse(settings):
        raise AssertionError("the network was looked at")

    monkeypatch.setattr(network, "seems_reachable", refuse)
    there = {one.name for one in catalogue() if is_here(one, settings)}
    assert "efficientnet_lite0" in there and "resnet50" not in there
