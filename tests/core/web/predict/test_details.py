"""The dialog of one photo."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of


def script():
    from core.models.predict import ClassProbability, PhotoPredictions, Prediction
    from core.web.predict.details import dialog, open_button
    from tests.factories import tiny_jpeg

    rose = (ClassProbability(class_name="rose", probability=0.8),)
    made = (Prediction(run_id="r-1", title="", classes=rose, milliseconds=8.0),)
    found = [
        PhotoPredictions(name="no.jpg", problem="It is a text file, not a photo."),
        PhotoPredictions(name="a.jpg", jpeg=tiny_jpeg(0, 1), width=40, height=30, predictions=made),
    ]
    open_button(1, "a.jpg")
    dialog(None, found, {}, [None, "tulip"], {"r-1": 13_400_000})


def test_the_button_opens_the_photo_with_the_bars_of_every_model():
    at = AppTest.from_function(script).run()
    assert not at.get("progress")
    at.button(key="open.1").click().run()
    assert not at.exception and [bar.proto.text for bar in at.get("progress")] == ["rose · 80.0 %"]
    assert "40 × 30 pixels · labelled **tulip**" in text_of(at) and "8.0 ms · 13 MB of files" in text_of(at)
