"""What several models say about photos, and how far they agree."""

import pytest

from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.web.predict.answers import answers, chance, majority, summary


def prediction(run_id: str, said: tuple[str, float] | None) -> Prediction:
    if said is None:
        return Prediction(run_id=run_id, title="", problem="It failed.")
    return Prediction(run_id=run_id, title="", classes=(ClassProbability(class_name=said[0], probability=said[1]),))


def photo(*said: tuple[str, float] | None, problem: str = "") -> PhotoPredictions:
    """The predictions of one model each for one photo; None of a model that made none."""
    predictions = tuple(prediction(f"r-{number}", one) for number, one in enumerate(said))
    return PhotoPredictions(name="a.jpg", problem=problem, predictions=predictions)


def test_the_answer_of_most_models_comes_first_with_their_mean():
    first, second = answers(photo(("tulip", 0.9), ("rose", 0.6), ("rose", 0.8)))
    assert (first.class_name, first.run_ids) == ("rose", ("r-1", "r-2")) and first.probability == pytest.approx(0.7)
    assert (second.class_name, second.run_ids, second.probability) == ("tulip", ("r-0",), 0.9)


def test_of_answers_of_as_many_models_the_more_probable_comes_first():
    assert [one.class_name for one in answers(photo(("rose", 0.5), ("tulip", 0.9)))] == ["tulip", "rose"]


def test_a_model_without_a_prediction_has_no_answer():
    assert [one.run_ids for one in answers(photo(None, ("rose", 0.5)))] == [("r-1",)]
    assert answers(photo(None)) == ()


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ([("rose", 0.6), ("rose", 0.8), ("tulip", 0.9)], "rose"),
        ([("rose", 0.6), ("rose", 0.8)], "rose"),
        ([("rose", 0.6), ("tulip", 0.9)], None),
        ([("rose", 0.6)], None),
        ([("rose", 0.6), None], None),
        ([None], None),
    ],
)
def test_the_majority_is_the_class_of_more_models_than_any_other(said, most):
    assert majority(answers(photo(*said))) == most


ROSE, TULIP, NONE = ("rose", 0.8), ("tulip", 0.6), photo(problem="It is not a photo.")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([photo(ROSE)], "Predicted: rose."),
        ([photo(ROSE), NONE], "Predicted: rose; 1 file could not be read."),
        ([NONE, NONE], "None of the 2 files could be read as a photo."),
        ([photo(ROSE), photo(ROSE), photo(TULIP)], "3 photos: 2 × rose and 1 × tulip."),
        ([photo(ROSE, ROSE)], "1 photo, 2 models: agree on rose."),
        ([photo(ROSE, TULIP)], "1 photo, 2 models: disagree, rose or tulip."),
        ([photo(ROSE, ROSE)] * 3 + [photo(ROSE, TULIP)], "4 photos, 2 models: agree on 3."),
        ([photo(ROSE, ROSE)] * 2, "2 photos, 2 models: agree on all."),
        ([photo(ROSE, TULIP)] * 2, "2 photos, 2 models: agree on none."),
        ([photo(None)], "No model made a prediction."),
        ([photo(("<b>", 0.9))], r"Predicted: \<b\>."),
    ],
)
def test_the_first_line_says_on_how_many_photos_the_models_agree(found, line):
    assert summary(found) == line


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.973, "97 %"), (0.9949, "99 %"), (0.995, "over 99 %"), (1.0, "over 99 %"), (0.004, "under 1 %"), (0.006, "1 %")],
)
def test_nothing_is_said_to_be_certain(probability, said):
    assert chance(probability) == said
