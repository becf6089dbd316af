"""Two machines on one registry and one store."""

from pathlib import Path

import pytest

from core.artifacts.blobs import open_blobs
from tests.machines import Machine, two_machines


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def blobs(store):
    return open_blobs(store.as_uri())


@pytest.fixture
def machines(tmp_path, store, registry) -> tuple[Machine, Machine]:
    return two_machines(tmp_path, registry)
