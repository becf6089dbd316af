"""The bars of one model for one photo."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of


def shown(**fields) -> AppTest:
    def script(fields, size_bytes):
        from core.models.predict import ClassProbability, Prediction
        from core.web.predict.bars import bars

        classes = tuple(ClassProbability(class_name=name, probability=p) for name, p in (("a*b", 0.9), ("c", 0.0004)))
        made = {"run_id": "r-1", "title": "", "classes": classes, "milliseconds": 8.0} | fields
        bars(Prediction(**made), None, size_bytes, ":green-badge[agrees]")

    return AppTest.from_function(script, kwargs={"fields": fields, "size_bytes": 13_400_000}).run()


def test_every_class_is_a_bar_and_time_and_size_stand_below():
    at = shown()
    assert [bar.proto.text for bar in at.get("progress")] == [r"a\*b · 90.0 %", "c · under 0.1 %"]
    assert "8.0 ms · 13 MB of files" in text_of(at) and "agrees" in text_of(at)


@pytest.mark.parametrize(("passed_on", "words"), [(True, "passed it on"), (False, "the cheap model was sure")])
def test_a_cascade_says_who_predicted(passed_on, words):
    assert words in text_of(shown(passed_on=passed_on))


def test_a_model_without_a_prediction_says_why():
    at = shown(problem="It failed.")
    assert "It failed" in at.warning[0].value and not at.get("progress")
