"""A finished run with stand-ins for the files of its model, and another home to import it into."""

import pytest
from sqlalchemy import update

from core.datasets.manifest import dataset_digest, write_manifest
from core.exports import bundle, bundle_reading, importing
from core.files.home import dataset_folder, registry_file, runs_folder
from core.registry import Registry
from core.registry.schema import datasets
from core.settings import Settings


@pytest.fixture
def run(registry, settings, finished):
    """Of a dataset with the digest of its photos, and with its manifest."""
    found = registry.run(finished[0])
    photos = registry.photos(found.dataset_id)
    with registry.writing() as connection:
        rows = update(datasets).where(datasets.c.id == found.dataset_id)
        connection.execute(rows.values(digest=dataset_digest(photos)))
    write_manifest(dataset_folder(settings, found.dataset_id).path, registry.dataset(found.dataset_id), photos)
    return found


@pytest.fixture
def bundled(run, registry, settings, tmp_path):
    """The bundle of the run."""
    path = tmp_path / "bundle.zip"
    bundle.write_bundle(path, run, registry.model(run.id), registry, settings)
    return path


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """(settings, registry) of an empty home. Stand-ins are no networks: what opens them is left out."""
    monkeypatch.setattr(bundle_reading, "stock_config", lambda path, name: {})
    monkeypatch.setattr(importing, "probe", lambda folder: None)
    settings = Settings(home=tmp_path / "elsewhere")
    runs_folder(settings).mkdir(parents=True)
    registry = Registry.open(registry_file(settings))
    yield settings, registry
    registry.close()
