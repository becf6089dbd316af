"""Weights of installed packages are verified."""

import dataclasses

import pytest

from core.backbones import Availability, availability, get, obtain
from core.errors import Unavailable


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
