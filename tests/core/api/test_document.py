"""The routes as the page API lists them."""

import subprocess

import pytest

from core.api import document
from core.api.document import Operation, operations, operations_of
from core.errors import Unavailable


def test_a_child_lists_what_the_document_has(reader):
    found = operations()
    assert found == operations_of(reader.get("/openapi.json").json()) and len(found) > 20
    assert Operation(method="GET", path="/datasets", scope="read", does="All datasets, as `core datasets`.") in found


def test_a_child_that_fails_is_one_sentence(monkeypatch):
    def fails(*_, **__):
        raise subprocess.TimeoutExpired("x", 1)

    monkeypatch.setattr(document.subprocess, "run", fails)
    document.document.cache_clear()
    with pytest.raises(Unavailable, match="TimeoutExpired"):
        operations()


def test_a_server_without_docstrings_describes_every_route(reader, monkeypatch):
    document.document.cache_clear()
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    paths = reader.get("/openapi.json").json()["paths"]
    assert all(operation["description"] for methods in paths.values() for operation in methods.values())
