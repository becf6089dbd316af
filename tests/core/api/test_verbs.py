"""Verbs that take more than one step; what REST does with them is in ``test_routes.py``."""

import pytest

from core.api import verbs
from core.errors import InvalidInput, NotFound
from core.models.predict import PhotoPredictions
from tests.factories import fill


def test_runs_to_compare_may_be_separated_by_commas(bench, finished):
    assert verbs.compare(bench, [",".join(finished[:2])]) == verbs.compare(bench, finished[:2])
    with pytest.raises(InvalidInput, match="Name the runs"):
        verbs.compare(bench, [" , "])


def test_files_of_which_none_is_a_photo_are_one_error_with_all_of_them(bench, monkeypatch):
    def predict(models, photos, *, top, confidence):
        return [PhotoPredictions(name=name, problem="It is a text file.") for name, _ in photos]

    monkeypatch.setattr(bench, "predict", predict)
    with pytest.raises(verbs.UnusablePhotos) as error:
        verbs.predict(bench, ["r-1"], [("a", b""), ("b", b"")], top=5, confidence=0.9)
    assert str(error.value) == "None of 2 files can be used. a: It is a text file."
    assert [row["file"] for row in error.value.rows] == ["a", "b"]


def test_an_alias_goes_to_a_run_of_its_dataset_only(bench, filled, finished, registry, settings):
    other = fill(registry, settings, name="pets").dataset
    with pytest.raises(InvalidInput, match="is not of pets version 1"):
        verbs.set_alias(bench, other.id, "champion", run=finished[0], why="", who="")


def test_an_import_that_is_not_there_is_not_found(bench):
    with pytest.raises(NotFound, match="no import 'x'"):
        verbs.end_import(bench, "x")
