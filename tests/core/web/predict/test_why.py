"""The panel of heat maps: nothing is computed before it is asked for, and once for each class."""

import pytest
from streamlit.testing.v1 import AppTest

from core.explaining.values import OCCLUSION, DeletionTest, Explanation, MemberExplanation
from core.web.predict.why import notes
from tests.pages.conftest import text_of


def script(run_ids, members=1, problem=""):
    import numpy as np
    import streamlit as st

    from core.datasets.decoding.fit import Fit
    from core.errors import Unavailable
    from core.explaining.values import DeletionTest, Explanation, HeatMap, MemberExplanation
    from core.models.novelty import NearestPhoto, Novelty
    from core.models.predict import ClassProbability, PhotoPredictions, Prediction
    from core.web.predict.why import why
    from core.web.server.state import workbench
    from tests.factories import tiny_jpeg

    bench = workbench()
    st.session_state.setdefault("asked", [])

    def explain(reference, photo, *, class_name, stage):
        st.session_state["asked"].append((reference, photo[0], class_name))
        stage("Loading TensorFlow, once")
        if problem:
            raise Unavailable(problem)
        heat = HeatMap(title="", values=np.diag([0, 0.5, 1])[:, ::-1].astype(np.float32), fit=Fit.SQUASH)
        test = DeletionTest(whole=0.9, hottest=0.2, elsewhere=0.8)
        wrong = DeletionTest(whole=0.9, hottest=0.9, elsewhere=0.8)
        made = [
            MemberExplanation(run_id="r", title="one", probability=0.9, maps=(heat,), test=test),
            MemberExplanation(run_id="r", title="two", probability=0.9, maps=(heat,), test=wrong),
            MemberExplanation(run_id="r", title="three", problem="There is no heat map of three."),
        ]
        return Explanation(
            run_id=reference, title="t", class_name=class_name, probability=0.9, predicted="rose", jpeg=photo[1].jpeg,
            members=tuple(made[:members]), seconds=1.0,
        )  # fmt: skip

    bench.explain = explain
    digest = bench.registry.photos(bench.registry.run(run_ids[0]).dataset_id)[0].digest
    near = NearestPhoto(digest=digest, file="a.jpg", class_name="daisy", distance=0.25)
    rose = (ClassProbability(class_name="rose", probability=0.8),)
    predictions = [
        (
            bench.registry.run(run_id),
            Prediction(run_id=run_id, title="", classes=rose, novelty=Novelty(nearest=(near,))),
        )
        for run_id in run_ids
    ]
    photo = PhotoPredictions(name="mine.jpg", jpeg=tiny_jpeg(1, 1), width=96, height=80)
    why(bench, photo, predictions)


@pytest.fixture
def run_ids(filled, settings, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    return [run.id for run in filled.with_status("FINISHED")]


def started(run_ids, **changes) -> AppTest:
    return AppTest.from_function(script, kwargs={"run_ids": run_ids, **changes}).run()


def test_a_heat_map_is_computed_when_it_is_asked_for_and_once(run_ids):
    at = started(run_ids[:1])
    assert not at.exception and at.session_state["asked"] == []
    assert at.selectbox[0].value == "rose" and "Nearest training photos" in text_of(at)
    at.button(key="predict.why.show").click().run()
    assert not at.exception and at.session_state["asked"] == [(run_ids[0], "mine.jpg", "rose")]
    assert "hottest: lower left" in text_of(at) and "with the hottest fifth hidden 20 %" in text_of(at)
    at.slider(key="predict.why.opacity").set_value(20).run()
    assert not at.exception and len(at.session_state["asked"]) == 1
    at.selectbox[0].set_value("tulip").run()
    assert at.session_state["asked"][1:] == [(run_ids[0], "mine.jpg", "tulip")] and not at.warning


def test_every_model_can_be_asked(run_ids):
    at = started(run_ids)
    model = at.selectbox(key="predict.why.model")
    assert model.value == run_ids[0]
    model.set_value(run_ids[1]).run()
    at.button(key="predict.why.show").click().run()
    assert at.session_state["asked"] == [(run_ids[1], "mine.jpg", "rose")]


def test_members_are_shown_one_by_one_and_a_wrong_map_is_called_wrong(run_ids):
    at = started(run_ids[:1], members=3)
    at.button(key="predict.why.show").click().run()
    text = text_of(at)
    assert not at.exception and text.index("**one**") < text.index("**two**") < text.index("**three**")
    assert len(at.warning) == 1 and "do not trust this heat map" in at.warning[0].value.replace("\n", " ")
    assert "There is no heat map of three" in at.info[0].value


def test_a_failure_is_one_sentence(run_ids):
    at = started(run_ids[:1], problem="The process was killed. Try again.")
    at.button(key="predict.why.show").click().run()
    assert not at.exception and at.error[0].value == "The process was killed\\. Try again\\."
    assert "Nearest training photos" in text_of(at)


def test_notes_say_how_a_map_was_made():
    test = DeletionTest(whole=0.999, hottest=0.5, elsewhere=0.9)
    member = MemberExplanation(run_id="r", title="t", method=OCCLUSION, because="it has no Keras model", test=test)
    found = Explanation(
        run_id="r", title="t", class_name="rose", probability=0.9, predicted="rose", jpeg=b"", members=(member,),
        seconds=1.0,
    )  # fmt: skip
    how, tested = notes(found, member)
    assert how == "Computed by hiding parts of the photo, because it has no Keras model."
    assert tested.startswith("Test: rose has over 99 %; with the hottest fifth hidden 50 %")
