"""A map of the test photos: what looks alike to a network lies close together, and its errors stand out."""

import json

import numpy as np
import pytest

from core.backbones import get
from core.errors import NotFound, Unavailable
from core.features import store
from core.files.home import run_folder
from core.models import embedding
from core.models.embedding import principal
from core.models.projector import CONFIG, FOLDER
from core.runs.predictions import read_predictions
from core.runs.values import Status
from tests.pattern_home import fill_patterns


@pytest.fixture
def run(filled):
    return filled.with_status(Status.FINISHED)[0]


def store_features(bench, run, rows=None):
    """What a run with a frozen backbone leaves behind for the test photos."""
    dataset, backbone = bench.registry.dataset(run.dataset_id), get(run.recipe.backbone)
    photos = bench.registry.photos(dataset.id, split="test")
    key = store.key_of(dataset, backbone, "test")
    folder = store.folder_of(key, bench.settings)
    folder.mkdir(parents=True)
    rows = np.random.default_rng(3).normal(size=(len(photos), 20)).astype(np.float32) if rows is None else rows
    np.save(folder / "features.npy", rows)
    meta = {"cost": {"wall_seconds": 1.0, "cpu_seconds": 1.0}, "engine": "LiteRT", "key": {}}
    (folder / "meta.json").write_text(json.dumps(meta))
    return {photo.digest: row for photo, row in zip(photos, rows, strict=True)}


# --- the two directions ---


@pytest.mark.parametrize(("photos", "numbers"), [(40, 6), (12, 90), (30, 30)])
def test_the_directions_are_those_of_scikit_learn(photos, numbers):
    from sklearn.decomposition import PCA

    rows = np.random.default_rng(photos).normal(size=(photos, numbers)) @ np.diag(np.linspace(3, 0.1, numbers)) + 5
    xy, explained = principal(rows)
    theirs = PCA(2, svd_solver="full").fit(rows)
    expected = theirs.transform(rows)
    assert np.allclose(np.abs(xy), np.abs(expected), atol=1e-8)
    assert np.allclose(explained, theirs.explained_variance_ratio_)


def test_the_same_photos_give_the_same_map_whatever_their_order():
    rows = np.random.default_rng(0).normal(size=(25, 8))
    order = np.random.default_rng(1).permutation(25)
    assert np.allclose(principal(rows)[0][order], principal(rows[order])[0])


@pytest.mark.parametrize("rows", [np.ones((5, 3)), np.ones((1, 4)), np.arange(6.0)[:, None]])
def test_photos_that_do_not_differ_in_two_ways_have_a_map_all_the_same(rows):
    xy, explained = principal(rows)
    assert xy.shape == (len(rows), 2)
    assert np.isfinite(xy).all()
    assert explained[1] == 0.0


# --- where the vectors come from ---


def test_stored_features_of_a_frozen_backbone_are_mapped_without_asking_any_network(bench, run):
    by_digest = store_features(bench, run)
    found = bench.photo_map(run.id)
    predictions = read_predictions(run.id, "test", bench.settings)
    assert found.source == f"features of {get(run.recipe.backbone).title}"
    assert found.digests == predictions.digests
    assert np.allclose(found.xy, principal(np.stack([by_digest[digest] for digest in found.digests]))[0])
    assert (found.labels == predictions.labels).all()
    assert (found.correct == (found.predicted == found.labels)).all()
    assert 0 < sum(found.explained) < 1


def test_without_stored_features_nothing_is_computed_unless_asked(bench, run, monkeypatch):
    monkeypatch.setattr(embedding, "_computed", lambda *arguments: pytest.fail("nobody asked"))
    assert bench.photo_map(run.id) is None


def test_runs_that_combine_others_are_mapped_by_their_probabilities(bench):
    runs = fill_patterns(bench)
    for name in ("ensemble", "confidence"):
        found = bench.photo_map(runs[name].id)
        assert found.source == "probabilities of the run"
        assert np.allclose(
            found.xy, principal(read_predictions(runs[name].id, "test", bench.settings).probabilities)[0]
        )


def test_features_of_a_network_that_was_trained_itself_are_not_taken_for_its_own(bench):
    runs = fill_patterns(bench)
    store_features(bench, runs["top 2"])
    assert bench.photo_map(runs["top 2"].id) is None
    assert bench.photo_map(runs["all layers"].id) is None


class FakeEngine:
    """Every network is the mean colour of the photo, in a few numbers."""

    def __init__(self, path, classes=0):
        pass

    def __call__(self, rows):
        return rows.reshape(*rows.shape[:-3], -1, 3).mean(axis=-2) if rows.ndim > 2 else rows


def test_asked_to_compute_the_runs_own_network_is_asked_about_every_photo_once(bench, run, monkeypatch):
    monkeypatch.setattr(embedding, "open_engine", FakeEngine)
    told = []
    found = bench.photo_map(run.id, compute=True, progress=lambda done, total: told.append((done, total)))
    photos = len(found.digests)
    assert told == [(done, photos) for done in range(1, photos + 1)]
    assert found.source == "features of the run's own network, before its last layer"
    monkeypatch.setattr(embedding, "open_engine", lambda path: pytest.fail("it is kept"))
    again = bench.photo_map(run.id)
    assert (again.xy == found.xy).all()
    assert (again.source, again.explained) == (found.source, found.explained)


def test_a_network_that_cannot_show_its_last_layer_is_mapped_by_its_probabilities(bench, run, monkeypatch):
    def refuse(path, classes):
        raise Unavailable("no such layer")

    path = run_folder(bench.settings, run.id).path / "model" / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"answer": card["answer"]["inputs"][0]}))
    monkeypatch.setattr(embedding, "InnerEngine", refuse)
    monkeypatch.setattr(embedding, "InferenceGraph", lambda *files, **options: lambda view: view.square(8)[0, 0])
    assert bench.photo_map(run.id, compute=True).source == "probabilities of the run"


# --- kept, and deleted with the run ---


def test_a_damaged_map_is_made_anew(bench, run):
    store_features(bench, run)
    first = bench.photo_map(run.id)
    path = run_folder(bench.settings, run.id).embedding
    path.write_bytes(path.read_bytes()[:100])
    assert (bench.photo_map(run.id).xy == first.xy).all()


def test_it_goes_with_the_run(bench, run):
    store_features(bench, run)
    bench.photo_map(run.id)
    bench.delete_runs([run.id])
    assert not run_folder(bench.settings, run.id).path.exists()


def test_a_run_that_is_deleted_while_its_map_is_made_leaves_no_folder(bench, run, monkeypatch):
    """A report or a page may be at it; what it writes afterwards nobody would ever delete."""
    store_features(bench, run)
    principal = embedding.principal

    def deleted_meanwhile(rows):
        bench.delete_runs([run.id])
        return principal(rows)

    monkeypatch.setattr(embedding, "principal", deleted_meanwhile)
    with pytest.raises(NotFound, match=f"no folder of run {run.id} any more"):
        bench.photo_map(run.id)
    assert not run_folder(bench.settings, run.id).path.exists()


def test_a_run_without_answers_has_no_map_and_says_why(bench, run):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    with pytest.raises(NotFound, match="has no predictions for the test photos"):
        bench.photo_map(running.id)


def test_a_missing_photo_is_named_when_a_network_must_see_it(bench, run, monkeypatch):
    monkeypatch.setattr(embedding, "open_engine", FakeEngine)
    digest = read_predictions(run.id, "test", bench.settings).digests[0]
    bench.photo_path(run.dataset_id, digest).unlink()
    with pytest.raises(NotFound, match="is missing. Import the photos again"):
        bench.photo_map(run.id, compute=True)


def test_tensorboards_projector_gets_the_same_photos(bench, run):
    store_features(bench, run)
    found = bench.photo_map(run.id)
    folder = run_folder(bench.settings, run.id).path / "tensorboard" / FOLDER
    assert (folder / CONFIG).is_file()
    lines = (folder / "metadata.tsv").read_text().splitlines()
    assert len(lines) == 1 + len(found.digests)
    assert lines[1].endswith("right" if found.correct[0] else "wrong")
