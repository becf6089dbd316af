"""Accuracies without suspect and leaked test photos, and what is said of the leaks."""

import pytest

from core.comparison.subset import TooFewLeft
from core.curation.decisions import PhotoAction, decide
from core.curation.flags import Flag
from core.errors import InvalidInput
from core.runs.predictions import read_predictions
from tests.findings import store_findings


@pytest.fixture
def photos(bench, filled):
    return {split: bench.registry.photos(filled.dataset.id, split=split) for split in ("train", "test")}


@pytest.fixture
def checked(filled, settings, photos):
    """One suspect and one leaked test photo."""
    return store_findings(
        filled.dataset, settings, suspects=photos["test"][:1], copies=[(photos["train"][0], photos["test"][1])]
    )


def ids(runs):
    return [run.id for run in runs]


def test_nothing_is_left_out_unless_asked(bench, finished_runs, checked, photos):
    found = bench.comparison(ids(finished_runs))
    assert found.subset is None
    assert {len(one.digests) for one in found.predictions.values()} == {len(photos["test"])}


def test_accuracies_are_those_of_the_other_photos(bench, settings, dataset, finished_runs, checked, photos):
    gone = {photos["test"][0].digest, photos["test"][1].digest}
    found = bench.comparison(ids(finished_runs), without=tuple(Flag))
    shown = bench.board_page(dataset, without=tuple(Flag), fold=False)
    on_page = {entry.run_id: entry.values["accuracy"] for entry in shown.entries}
    for row in found.rows:
        stored = read_predictions(row.run.id, "test", settings)
        right = [ok for ok, digest in zip(stored.correct, stored.digests, strict=True) if digest not in gone]
        assert row.accuracy == on_page[row.run.id] == sum(right) / len(right)
    assert bench.verdict(dataset, without=tuple(Flag)).photos == len(photos["test"]) - 2
    assert bench.verdict(dataset).photos == len(photos["test"])
    sets = bench.set_measures(ids(finished_runs), found.subset)
    assert sets and sets != bench.set_measures(ids(finished_runs))


def test_a_decision_to_keep_a_suspect_is_seen_at_once(bench, settings, filled, finished_runs, checked, photos):
    before = bench.comparison(ids(finished_runs), without=(Flag.SUSPECTS,))
    assert before.subset.photos == len(photos["test"]) - 1
    keep = [photos["test"][0].digest]
    decide(filled.dataset, keep, PhotoAction.KEEP, registry=bench.registry, settings=settings)
    assert bench.comparison(ids(finished_runs), without=(Flag.SUSPECTS,)).subset.photos == len(photos["test"])


def test_photos_that_nobody_checked_cannot_be_left_out(bench, dataset, finished_runs):
    with pytest.raises(InvalidInput, match="have not been checked, .* core check flowers:1"):
        bench.comparison(ids(finished_runs), without=(Flag.LEAKS,))
    assert bench.leaked(dataset) == 0 and bench.leak_notes([dataset]) == []


def test_too_few_photos_are_a_sentence(bench, settings, filled, finished_runs, photos):
    store_findings(filled.dataset, settings, suspects=photos["test"])
    with pytest.raises(TooFewLeft, match="only 0 of 8 test photos of flowers:1 would be left"):
        bench.comparison(ids(finished_runs), without=(Flag.SUSPECTS,))


def test_a_dataset_with_leaks_is_noted_once(bench, dataset, checked, photos):
    (note,) = bench.leak_notes([dataset, dataset])
    assert (note["name"], note["leaked"], note["of"]) == ("flowers:1", 1, len(photos["test"]))
    assert note["sentence"] == "1 test photo has a near-copy in another split, so accuracies may be too high."
