"""Predictions as rows of a table."""

from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.serving.rows import table_rows


def test_a_row_for_every_model_with_its_classes_in_columns():
    classes = (ClassProbability(class_name="a", probability=0.75), ClassProbability(class_name="b", probability=0.25))
    made = (
        Prediction(run_id="r-1", title="Lite0", classes=classes),
        Prediction(run_id="r-2", title="r-2", problem="It failed."),
    )
    first, second = table_rows(PhotoPredictions(name="x/a.jpg", predictions=made))
    assert first == {
        "file": "x/a.jpg", "model": "Lite0", "run": "r-1", "problem": "",
        "class_1": "a", "probability_1": 0.75, "class_2": "b", "probability_2": 0.25,
    }  # fmt: skip
    assert (second["run"], second["problem"]) == ("r-2", "It failed.") and "class_1" not in second


def test_how_sure_a_model_is_stands_beside_its_classes():
    sure = PredictionSet(confidence=0.95, by_class=False, classes=("a", "b"), photos=40)
    made = (Prediction(run_id="r-1", title="", prediction_set=sure, novelty=Novelty(unlike=True, threshold=0.4)),)
    (row,) = table_rows(PhotoPredictions(name="a.jpg", predictions=made))
    assert (row["confidence"], row["prediction_set"]) == (0.95, ("a", "b")) and row["unlike_training"] is True


def test_a_set_without_a_class_is_told_from_one_that_could_not_be_made():
    empty = PredictionSet(confidence=0.99, by_class=False, photos=400)
    none = PredictionSet(confidence=0.99, by_class=False, photos=40, problem="99 photos are needed.")
    made = tuple(Prediction(run_id="r-1", title="", prediction_set=one) for one in (empty, none))
    first, second = table_rows(PhotoPredictions(name="a.jpg", predictions=made))
    assert first["prediction_set_size"] == 0 and "prediction_set_size" not in second
    assert first["confidence"] == second["confidence"] == 0.99


def test_a_file_that_is_no_photo_has_one_row_with_the_reason():
    (row,) = table_rows(PhotoPredictions(name="b.txt", problem="It is a text file, not a photo."))
    assert (row["file"], row["problem"], row["run"]) == ("b.txt", "It is a text file, not a photo.", None)
