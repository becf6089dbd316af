"""Predictions as JSON."""

from dataclasses import asdict

from core.models.conformal import PredictionSet
from core.models.novelty import NearestPhoto, Novelty
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.output.predictions import photo_row


def test_a_photo_has_one_answer_for_each_model_in_order():
    best = ClassProbability(class_name="cat", probability=0.75)
    found = Prediction(run_id="r-1", title="Lite0", classes=(best,), milliseconds=3.5, calibrated=True)
    failed = Prediction(run_id="r-2", title="r-2", problem="Its files are gone.")
    row = photo_row(PhotoPredictions(name="a.jpg", jpeg=b"never printed", predictions=(found, failed)))
    assert (row["file"], row["problem"]) == ("a.jpg", "")
    assert row["answers"][0]["predictions"] == [{"class_name": "cat", "probability": 0.75}]
    assert row["answers"][0]["calibrated"] and row["answers"][0]["milliseconds"] == 3.5
    assert row["answers"][1]["problem"] == "Its files are gone." and row["answers"][1]["predictions"] == []
    assert "jpeg" not in row


def test_what_is_no_photo_has_a_problem_and_no_answers():
    row = photo_row(PhotoPredictions(name="a.txt", problem="It is not a photo."))
    assert row == {"file": "a.txt", "problem": "It is not a photo.", "answers": []}


def test_how_sure_a_prediction_is_comes_with_a_sentence_and_is_none_where_nobody_asked():
    known = PredictionSet(confidence=0.9, by_class=False, classes=("cat",), photos=40)
    near = NearestPhoto(digest="d", file="cat/1.jpg", class_name="cat", distance=0.25)
    novelty = Novelty(distance=0.3, threshold=0.5, false_alarms=0.05, photos=40, nearest=(near,))
    found = Prediction(run_id="r-1", title="Lite0", prediction_set=known, novelty=novelty)
    answer = photo_row(PhotoPredictions(name="a.jpg", predictions=(found,)))["answers"][0]
    assert answer["prediction_set"] == asdict(known) | {"sentence": "With 90 % confidence: cat."}
    assert list(answer["novelty"]["nearest"]) == [asdict(near)] and answer["novelty"]["sentence"] == novelty.sentence
    assert answer["class_prediction_set"] is None and "unsure" not in answer
