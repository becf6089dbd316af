"""A bundle becomes a finished run, in a home with or without its photos."""

import shutil

import pytest

from core.datasets.manifest import read_manifest
from core.errors import Conflict, NoSpace
from core.exports.importing import import_bundle, recover
from core.files.home import dataset_folder, export_draft, model_draft, model_drafts, run_folder
from core.files.locks import try_acquire
from core.jobs import imports
from core.registry import Registry
from core.runs.values import Status
from core.workbench.orphans import orphans
from core.workbench.rebuild import rebuild


def test_the_model_is_there_with_its_results_measured_again(bundled, elsewhere, run, registry):
    settings, other = elsewhere
    found = import_bundle(bundled, settings=settings, registry=other)
    assert (found.id, found.name, found.status, found.recipe) == (run.id, run.name, Status.FINISHED, run.recipe)
    assert "imported" in found.tags and "Imported from a bundle of Graft" in found.notes
    mine, theirs = other.evaluation(run.id), registry.evaluation(run.id)
    assert (mine.accuracy, mine.n, mine.confusion) == (theirs.accuracy, theirs.n, theirs.confusion)
    assert other.cost(run.id) == registry.cost(run.id)
    assert other.model(run.id).sha256 == registry.model(run.id).sha256
    assert other.model(run.id).card.items() >= registry.model(run.id).card.items()
    assert orphans(settings, other) == {}


def test_a_dataset_that_is_not_here_is_a_record_without_photos(bundled, elsewhere, run, registry):
    settings, other = elsewhere
    found = import_bundle(bundled, settings=settings, registry=other)
    dataset, original = other.dataset(found.dataset_id), registry.dataset(run.dataset_id)
    assert (dataset.digest, dataset.class_names, dataset.counts) == (
        original.digest,
        original.class_names,
        original.counts,
    )
    assert "without its photos" in dataset.notes[0]
    assert list(dataset_folder(settings, dataset.id).photos.iterdir()) == []
    stored, photos = read_manifest(dataset_folder(settings, dataset.id).path)
    assert stored == dataset and list(photos) == other.photos(dataset.id)


def test_an_import_of_the_same_photos_completes_the_dataset(bundled, elsewhere, run, registry, settings):
    here, other = elsewhere
    found = import_bundle(bundled, settings=here, registry=other)
    original, photos = read_manifest(dataset_folder(settings, run.dataset_id).path)
    brought = dataset_folder(here, original.id).path
    shutil.copytree(dataset_folder(settings, run.dataset_id).path, brought)
    known, again = imports.register(here, other, original, photos)
    assert (known.id, again) == (found.dataset_id, None)
    assert len(list(dataset_folder(here, known.id).photos.iterdir())) == len(photos)
    assert not brought.exists()


def test_where_the_photos_are_the_run_joins_their_dataset(bundled, run, registry, settings, monkeypatch, elsewhere):
    registry.delete_runs([run.id], {})
    shutil.rmtree(run_folder(settings, run.id).path)
    found = import_bundle(bundled, settings=settings, registry=registry)
    assert found.dataset_id == run.dataset_id and len(registry.datasets()) == 1


def test_a_run_that_is_here_already_is_not_replaced(bundled, elsewhere, run):
    settings, other = elsewhere
    import_bundle(bundled, settings=settings, registry=other)
    with pytest.raises(Conflict, match=f"is here already, as .*{run.id}"):
        import_bundle(bundled, settings=settings, registry=other)
    assert len(other.runs()) == 1 and len(other.datasets()) == 1


def test_what_fails_at_the_last_step_leaves_nothing(bundled, elsewhere, monkeypatch):
    settings, other = elsewhere

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Registry, "add_finished", full)
    with pytest.raises(Exception, match="No space left"):
        import_bundle(bundled, settings=settings, registry=other)
    assert other.runs() == [] and other.datasets() == [] and orphans(settings, other) == {}


def test_a_new_registry_gets_the_dataset_of_an_imported_model_back(bundled, elsewhere):
    settings, other = elsewhere
    import_bundle(bundled, settings=settings, registry=other)
    other.close()
    (settings.home / "registry.db").rename(settings.home / "old.db")
    assert rebuild(settings).datasets == 1


def test_what_a_killed_import_had_unpacked_is_removed_and_what_runs_is_not(bundled, elsewhere, monkeypatch):
    settings, other = elsewhere
    killed, running = model_draft(settings, "0123abcd"), model_draft(settings, "4567abcd")
    for folder in (killed, running, other_draft := export_draft(settings, "r-1", "onnx")):
        (folder / "model").mkdir(parents=True)
    seen = []

    def while_it_runs(path, folder):
        recover(settings)
        seen.append(folder.is_dir())
        raise OSError(28, "No space left on device")

    with try_acquire(running, create=False):
        monkeypatch.setattr("core.exports.importing.unpack", while_it_runs)
        with pytest.raises(NoSpace):
            import_bundle(bundled, settings=settings, registry=other)
        assert seen == [True] and not killed.exists() and running.exists() and other_draft.exists()
    recover(settings)
    assert model_drafts(settings) == []
