"""Predictions of finished runs."""

import pytest

from core.errors import InvalidInput
from core.files.home import run_folder
from core.models.doubts import Doubts
from core.runs.values import Status
from core.serving.service import predict_runs
from tests.factories import fill
from tests.fake_engine import a_model, a_photo, use_fake_engines


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    use_fake_engines(monkeypatch)


def test_every_prediction_says_how_sure_it_is_or_why_that_is_not_known(settings, registry, tmp_path):
    run = fill(registry, settings).with_status(Status.FINISHED)[0]
    a_model(tmp_path / "other", run.id).rename(run_folder(settings, run.id).model.with_name("fake"))
    model = run_folder(settings, run.id).model
    model.rename(model.with_name("before"))
    model.with_name("fake").rename(model)
    doubts = Doubts(registry, settings)
    (photo,) = predict_runs([run.id], [("a.png", a_photo())], settings=settings, doubts=doubts)
    (found,) = photo.predictions
    assert (found.run_id, found.classes[0].class_name) == (run.id, "light")
    assert found.prediction_set is not None and found.novelty is not None
    with pytest.raises(InvalidInput, match="confidence"):
        predict_runs([run.id], [], settings=settings, doubts=doubts, confidence=1.5)
