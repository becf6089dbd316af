"""What is known of each model is read once; what it lacks is a reason, and is looked for again."""

import numpy as np
import pytest

from core.backbones import get
from core.errors import InvalidInput, NotFound
from core.files.home import run_folder
from core.models import doubts
from core.models.doubts import Doubts
from core.models.inference.graph import TimedPrediction
from core.models.inference.nodes import Network
from core.runs.predictions import read_predictions
from core.runs.values import Status
from tests.factories import CLASS_NAMES, fill
from tests.stored_features import store_features


@pytest.fixture
def run(registry, settings):
    """With 24 validation photos."""
    return fill(registry, settings, runs=8, per_class=40).with_status(Status.FINISHED)[0]


@pytest.fixture
def known(bench):
    return Doubts(bench.registry, bench.settings)


def found_by(run, probabilities=(0.9, 0.05, 0.03, 0.02)):
    backbone = get(run.recipe.backbone)
    network = Network(file="prefix.tflite", input_size=backbone.input_size)
    return TimedPrediction(
        probabilities=np.array(probabilities), milliseconds=1.0, outputs={network: np.array([1.0, 0, 0])}
    )


def feature(photo):
    return np.array([1.0, CLASS_NAMES.index(photo.class_name), 1])


def test_a_prediction_gets_its_sets_and_its_novelty(bench, run, known):
    store_features(bench, run.dataset_id, get(run.recipe.backbone), feature)
    doubt = known.of_run(run.id).of(found_by(run), CLASS_NAMES, 0.9, nearest=2)
    validation = read_predictions(run.id, "validation", bench.settings)
    assert doubt.prediction_set.photos == len(validation.labels) == 24 and not doubt.prediction_set.problem
    assert doubt.prediction_set.confidence == doubt.class_prediction_set.confidence == 0.9
    assert doubt.class_prediction_set.by_class and doubt.class_prediction_set.problem, "6 photos of a class are too few"
    assert [one.class_name for one in doubt.novelty.nearest] == ["daisy", "daisy"]


def test_what_is_lacking_is_said_and_looked_for_again(bench, run, known, monkeypatch):
    monkeypatch.setattr(doubts, "ASK_AGAIN_SECONDS", 0.0)
    path = run_folder(bench.settings, run.id).predictions("validation")
    content = path.read_bytes()
    path.unlink()
    doubt = known.of_run(run.id).of(found_by(run), CLASS_NAMES)
    assert "has no predictions for the validation photos" in doubt.prediction_set.problem
    assert doubt.class_prediction_set.problem == doubt.prediction_set.problem
    assert doubt.novelty.problem.startswith("Not measured: the features of")
    path.write_bytes(content)
    store_features(bench, run.dataset_id, get(run.recipe.backbone), feature)
    doubt = known.of_run(run.id).of(found_by(run), CLASS_NAMES)
    assert not doubt.prediction_set.problem and not doubt.novelty.problem


def test_what_is_lacking_is_not_looked_for_at_every_photo(known, monkeypatch):
    asked = []

    def missing(run_id, *_):
        asked.append(run_id)
        raise NotFound("There are none.")

    monkeypatch.setattr(doubts, "read_predictions", missing)
    assert [str(known.of_run("r-1").sets) for _ in range(3)] == ["There are none."] * 3
    assert asked == ["r-1"]


def test_a_run_that_is_unknown_here_has_a_reason_too(known):
    doubt = known.of_run("r-none").of(TimedPrediction(probabilities=np.ones(1), milliseconds=1.0), ["a"])
    assert doubt.prediction_set.problem and doubt.novelty.problem.startswith("Not measured: ")


def test_predictions_of_another_number_of_classes_are_no_promise(run, known):
    doubt = known.of_run(run.id).of(found_by(run, (0.5, 0.5)), ["a", "b"])
    assert doubt.prediction_set.problem == "The validation predictions of this model are for 4 classes. Train it again."


def test_a_model_is_read_once_and_the_one_used_longest_ago_goes_first(bench, run, known, monkeypatch):
    read = []
    monkeypatch.setattr(doubts, "read_predictions", lambda run_id, *_: read.append(run_id) or _predictions(run_id))
    for run_id in ("a", "b", "a"):
        known.of_run(run_id)
    assert read == ["a", "b"]
    monkeypatch.setattr(doubts, "KEPT", 2)
    for run_id in ("c", "a", "b"):
        known.of_run(run_id)
    assert read == ["a", "b", "c", "b"]


def _predictions(run_id):
    class Stored:
        probabilities, labels = np.eye(2), np.arange(2)

    return Stored()


def test_a_confidence_that_is_none_is_refused(run, known):
    with pytest.raises(InvalidInput, match="Received: 95"):
        known.of_run(run.id).of(found_by(run), CLASS_NAMES, 95)
