"""What was predicted during a visit."""

from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.web.predict import visit
from core.web.predict.sources import GivenPhoto
from core.web.predict.visit import PredictedPhotos

A, B = (GivenPhoto(name=f"{name}.jpg", content=name.encode()) for name in "ab")
PLAIN = {"r-1": "None", "r-2": "None"}


def predicted(*run_ids: str, problem: str = "") -> PhotoPredictions:
    rose = (ClassProbability(class_name="rose", probability=0.8),)
    made = tuple(Prediction(run_id=run_id, title="", classes=rose) for run_id in run_ids)
    return PhotoPredictions(name="x", problem=problem, jpeg=b"jpeg", width=4, height=3, predictions=made)


def test_a_photo_is_missing_only_what_was_not_predicted():
    known = PredictedPhotos()
    assert known.missing(A, PLAIN) == ("r-1", "r-2")
    known.add(A, PLAIN, predicted("r-1"))
    assert known.missing(A, PLAIN) == ("r-2",) and known.missing(B, PLAIN) == ("r-1", "r-2")
    known.add(A, PLAIN, predicted("r-2"))
    found = known.predictions(A, {"r-2": "None", "r-1": "None"})
    assert [one.run_id for one in found.predictions] == ["r-2", "r-1"]
    assert (found.name, found.jpeg, found.width) == ("a.jpg", b"jpeg", 4)


def test_a_model_that_was_calibrated_meanwhile_predicts_again():
    known = PredictedPhotos()
    known.add(A, PLAIN, predicted("r-1", "r-2"))
    assert known.missing(A, PLAIN | {"r-2": "{'temperature': 1.4}"}) == ("r-2",)


def test_what_is_no_photo_is_asked_about_once():
    known = PredictedPhotos()
    known.add(A, PLAIN, predicted(problem="It is a text file, not a photo."))
    assert known.missing(A, PLAIN) == ()
    assert known.predictions(A, PLAIN).problem == "It is a text file, not a photo."


def test_a_copy_under_another_name_is_not_predicted_again_and_keeps_its_name():
    known, copy = PredictedPhotos(), GivenPhoto(name="copy.jpg", content=A.content)
    known.add(A, PLAIN, predicted("r-1", "r-2"))
    assert known.missing(copy, PLAIN) == () and known.predictions(copy, PLAIN).name == "copy.jpg"


def test_earlier_photos_are_those_that_are_not_given_any_more_the_latest_first():
    known = PredictedPhotos()
    for photo in (A, B):
        known.add(photo, PLAIN, predicted("r-1"))
    assert known.earlier([]) == [B, A] and known.earlier([B]) == [A] and known.earlier([A, B]) == []


def test_beyond_a_limit_the_earliest_photos_are_forgotten(monkeypatch):
    monkeypatch.setattr(visit, "KEPT_BYTES", 1)
    known = PredictedPhotos()
    for photo in (A, B):
        known.add(photo, PLAIN, predicted("r-1", "r-2"))
    assert known.earlier([]) == [B]
    assert known.missing(A, PLAIN) == ("r-1", "r-2") and known.missing(B, PLAIN) == ()
