"""What a model predicts for a photo, with engines that are arithmetic."""

import hashlib

import numpy as np
import pytest

from core.datasets.decoding.photos import decode
from core.errors import Unavailable
from core.features.views import View
from core.models.conformal import PredictionSet
from core.models.doubts import Doubt
from core.models.inference import graph, model_files
from core.models.novelty import Novelty
from core.models.predict import Predictor
from tests.fake_engine import FakeEngine, a_cascade, a_jpeg, a_model, a_photo, hot, use_fake_engines


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    use_fake_engines(monkeypatch)


def loaded(folder) -> Predictor:
    model = model_files.read_model(folder)
    model.verify()
    return Predictor(model)


def test_how_sure_a_prediction_is_is_judged_by_its_raw_probabilities_and_network_outputs(tmp_path):
    judged = []

    def judge(run_id, class_names, found):
        judged.append((run_id, tuple(class_names), found))
        sets = [PredictionSet(confidence=0.9, by_class=by_class, classes=("light",)) for by_class in (False, True)]
        return Doubt(prediction_set=sets[0], class_prediction_set=sets[1], novelty=Novelty(distance=0.5))

    folder = a_model(tmp_path)
    hot(folder, 5.0)
    answer = loaded(folder).predict(View(decode(a_photo(204)).jpeg), 2, judge=judge)
    ((run_id, names, found),) = judged
    assert (run_id, names) == ("r-1", ("dark", "light"))
    assert found.probabilities[1] == pytest.approx(0.8, abs=0.01), "without temperature"
    assert {node.file: value.shape for node, value in found.outputs.items()} == {"prefix.tflite": (1,)}
    assert answer.calibrated and answer.classes[0].probability < 0.7
    assert (answer.prediction_set.by_class, answer.class_prediction_set.by_class) == (False, True)
    assert answer.novelty.distance == 0.5


def test_without_a_judge_nothing_is_said_about_how_sure_a_prediction_is(tmp_path):
    answer = loaded(a_model(tmp_path)).predict(View(a_jpeg()), 2)
    assert answer.prediction_set is answer.class_prediction_set is answer.novelty is None


def test_a_card_cannot_point_outside_its_folder(tmp_path):
    (tmp_path / "prefix.tflite").write_text("prefix")
    outside = "../../prefix.tflite"
    engines = [{"file": outside, "sha256": hashlib.sha256(b"prefix").hexdigest()}]
    answer = {"kind": "network", "file": outside, "input_size": 8}
    with pytest.raises(Unavailable, match="cannot be read"):
        loaded(a_model(tmp_path, answer=answer, engines=engines))
    assert FakeEngine.made == []


@pytest.mark.parametrize("kinds", [{"head": "misfit"}, {"prefix": "broken"}, {"classes": ["a", "b", "c"]}])
def test_a_model_that_does_not_fit_its_card_is_found_before_it_answers(tmp_path, kinds):
    with pytest.raises(Unavailable, match="does not fit its card|no engine that can be run"):
        loaded(a_model(tmp_path, **kinds))


def test_a_model_that_litert_cannot_run_says_so(tmp_path):
    with pytest.raises(Unavailable, match="LiteRT cannot run the model of run r-1"):
        loaded(a_model(tmp_path, answer=None))


@pytest.mark.parametrize(("threshold", "passed_on"), [(0.4, False), (0.5, True)])
def test_a_confidence_cascade_asks_the_costly_model_only_when_the_cheap_one_is_unsure(tmp_path, threshold, passed_on):
    predictor = loaded(a_cascade(tmp_path, threshold))
    FakeEngine.calls.clear()
    answer = predictor.predict(View(a_jpeg()), top=1)
    assert answer.passed_on is passed_on
    assert ("sure" in FakeEngine.calls) is passed_on
    assert answer.classes[0].class_name == ("c" if passed_on else "a")
    assert FakeEngine.calls.count("prefix") == 1, "both models see one photo through one network"


# --- temperature ---


def probabilities(folder, brightness=200):
    answer = loaded(folder).predict(View(decode(a_photo(brightness)).jpeg), 3)
    return answer, {one.class_name: one.probability for one in answer.classes}


def test_a_temperature_makes_live_answers_less_sure_without_changing_them(tmp_path):
    folder = a_model(tmp_path)
    raw, before = probabilities(folder)
    hot(folder, 2.0)
    answer, after = probabilities(folder)
    expected = np.sqrt([before["light"], before["dark"]])
    assert after["light"] == pytest.approx(expected[0] / expected.sum(), abs=1e-6)
    assert [one.class_name for one in answer.classes] == [one.class_name for one in raw.classes]
    assert (raw.calibrated, answer.calibrated) == (False, True)


def test_a_cascade_passes_on_by_the_raw_answers_whatever_its_temperature(tmp_path):
    folder = a_cascade(tmp_path, 0.5)
    hot(folder, 20.0)
    assert probabilities(folder)[0].passed_on is True
    hot(folder, 0.05)
    assert probabilities(folder)[0].passed_on is True


def test_a_model_built_on_a_calibrated_one_uses_its_raw_answers(tmp_path):
    folder, target = a_model(tmp_path), tmp_path / "r-new" / "model"
    target.mkdir(parents=True)
    hot(folder, 4.0)
    node = model_files.adopt(folder, target)
    adopted = graph.InferenceGraph(target, node, classes=2)(View(a_jpeg()))
    assert (
        adopted.tolist()
        == graph.InferenceGraph(folder, model_files.read_model(folder).node, classes=2)(View(a_jpeg())).tolist()
    )
    assert adopted.max() == pytest.approx(1.0, abs=0.02), "as sure as before the temperature"
