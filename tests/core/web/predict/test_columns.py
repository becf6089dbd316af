"""Models side by side."""

import pytest

from core.models.predict import ClassProbability, Prediction
from core.web.predict.columns import _mark


def says(name: str | None) -> Prediction:
    classes = (ClassProbability(class_name=name, probability=0.7),) if name else ()
    return Prediction(run_id="r-1", title="", classes=classes)


@pytest.mark.parametrize(
    ("said", "most", "word"),
    [("rose", "rose", "agrees"), ("tulip", "rose", "differs"), ("rose", None, ""), (None, "rose", "")],
)
def test_a_model_is_marked_where_there_is_a_majority(said, most, word):
    found = _mark(says(said), most)
    assert word in found and bool(word) == bool(found)
