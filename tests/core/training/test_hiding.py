"""A package is not found while it is hidden, and found as ever before and afterwards."""

import importlib
import sys

import pytest

from core.training.hiding import hidden


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "slow_package.py").write_text("NAME = 1")
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_package"
    sys.modules.pop("slow_package", None)


def test_a_hidden_package_cannot_be_imported_until_the_end_of_the_block(package):
    with hidden([package]), pytest.raises(ImportError):
        importlib.import_module(package)
    assert importlib.import_module(package).NAME == 1


def test_it_is_found_again_after_an_error_in_the_block(package):
    with pytest.raises(ValueError, match="broken"), hidden([package]):
        raise ValueError("broken")
    assert importlib.import_module(package).NAME == 1


def test_what_is_imported_already_stays(package):
    before = importlib.import_module(package)
    with hidden([package]):
        assert importlib.import_module(package) is before
    assert sys.modules[package] is before
